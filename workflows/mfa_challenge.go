package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// The updates of [MFAChallenge].
const (
	UpdateBeginChallenge  = "BeginChallenge"  // None -> BegunChallenge
	UpdatePromptChallenge = "PromptChallenge" // PromptChallenge -> PromptedChallenge
	UpdateVerifyChallenge = "VerifyChallenge" // VerifyChallenge -> PassedChallenge
)

// The outcomes of [MFAChallenge].
const (
	ChallengePassed    = "passed"
	ChallengeExhausted = "too_many_attempts"
	ChallengeExpired   = "expired"
	// ChallengeVoid is one for an identity that needs no second factor.
	ChallengeVoid = "void"
)

// MFAChallengeInput is the argument of [MFAChallenge].
type MFAChallengeInput struct {
	ID string `json:"id"`
	ChallengedSignIn

	ActorType string `json:"actor_type"`
	// ActorID is what hooks are told, "" if the identity has no such actor. The token that
	// the challenge is answered with hides it.
	ActorID  string `json:"actor_id,omitempty"`
	Provider string `json:"provider"`
	// Metadata is what the caller keeps with the challenge.
	Metadata everlatch.Metadata `json:"metadata,omitempty"`
	// StepUp says that the sign-in was complete before, and its second factor is asked for
	// again.
	StepUp bool `json:"step_up,omitempty"`
	// TTL is how long the challenge is good for, and MaxAttempts how many wrong answers
	// end it.
	TTL         time.Duration `json:"ttl"`
	MaxAttempts int           `json:"max_attempts"`
	// Open is what an earlier run has left.
	Open    *openChallenge `json:"open,omitempty"`
	Answers []answered     `json:"answers,omitempty"`
}

// ChallengedSignIn is the first factor that a challenge belongs to. What is asked on
// behalf of another one is refused: it takes both factors of the same sign-in.
type ChallengedSignIn struct {
	AuthIdentityID    string `json:"auth_identity_id"`
	SignInID          string `json:"sign_in_id"`
	CredentialVersion int64  `json:"credential_version"`
}

// openChallenge is the state of a challenge.
type openChallenge struct {
	Methods   []string  `json:"methods"`
	ExpiresAt time.Time `json:"expires_at"`
	Attempts  int       `json:"attempts"`
	Prompts   []prompt  `json:"prompts,omitempty"`
	Prompted  int       `json:"prompted,omitempty"`
	// Fingerprint and UseID are those of the latest answer.
	Fingerprint string `json:"fingerprint,omitempty"`
	UseID       string `json:"use_id,omitempty"`
}

// prompt is what a method keeps of its latest prompt.
type prompt struct {
	Method string    `json:"method"`
	Secret vault.Ref `json:"secret"`
}

// BegunChallenge is a refusal or a challenge.
type BegunChallenge struct {
	Refusal   *everlatch.Refusal `json:"refusal,omitempty"`
	Methods   []string           `json:"methods,omitempty"`
	ExpiresAt time.Time          `json:"expires_at,omitzero"`
	// MaxAttempts is that of the input.
	MaxAttempts int `json:"max_attempts,omitempty"`
}

// VerifyChallenge is the answer of a user.
type VerifyChallenge struct {
	ChallengedSignIn

	Method string `json:"method"`
	// Code refers to the sealed answer.
	Code vault.Ref `json:"code"`
	// Fingerprint is a keyed hash of method and answer, by which the right one is known
	// when it was sent twice at once.
	Fingerprint string `json:"fingerprint"`
	// UseID, EventID and SignInEventID name what the answer records.
	UseID         string `json:"use_id"`
	EventID       string `json:"event_id"`
	SignInEventID string `json:"sign_in_event_id"`
	// Hooks are those of authenticate, and ActorID is what they are told.
	Hooks   *Hooks `json:"hooks,omitempty"`
	ActorID string `json:"actor_id,omitempty"`
}

// PassedChallenge is a refusal, or what the token of the answer is made of.
type PassedChallenge struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	// At and TokenID are as in [Login].
	At        time.Time `json:"at,omitzero"`
	TokenID   string    `json:"token_id,omitempty"`
	ActorType string    `json:"actor_type,omitempty"`
	Provider  string    `json:"provider,omitempty"`
	Method    string    `json:"method,omitempty"`
	StepUp    bool      `json:"step_up,omitempty"`
	// Methods, ExpiresAt, Attempts, MaxAttempts and Metadata are those of the challenge;
	// Attempts are the wrong answers before.
	Methods     []string           `json:"methods,omitempty"`
	ExpiresAt   time.Time          `json:"expires_at,omitzero"`
	Attempts    int                `json:"attempts,omitempty"`
	MaxAttempts int                `json:"max_attempts,omitempty"`
	Metadata    everlatch.Metadata `json:"metadata,omitempty"`
}

// ClosedChallenge is the result of [MFAChallenge].
type ClosedChallenge struct {
	ChallengedSignIn

	Outcome string `json:"outcome"`
}

// MFAChallenge is the flow of a second factor: begun when a first factor was passed, or
// when a user who is signed in is asked to prove again who they are; answered; and then
// passed, exhausted by wrong answers, or expired.
//
// The API starts it with its first update. It belongs to one sign-in: identity, actor
// type, provider and first factor are those that it was begun for, not those of the
// request that answers (docs/weak-spots.md#w54). It handles one answer at a time, so that wrong ones are
// counted exactly and the right one is accepted once; those that wait meanwhile and are
// the same as it get its answer. There is nothing to compensate: a code that was used up
// while the answer was lost costs the user a new code.
func MFAChallenge(ctx workflow.Context, in MFAChallengeInput) (ClosedChallenge, error) {
	m := &mfaChallenge{in: in}
	if in.Open != nil {
		m.open = *in.Open
	} else {
		m.open.ExpiresAt = workflow.Now(ctx).Add(in.TTL)
	}
	m.exchange = newExchange(ctx, m, in.Answers...)
	on(ctx, m.exchange, UpdateBeginChallenge, m.begin)
	on(ctx, m.exchange, UpdatePromptChallenge, m.prompt, func(ctx workflow.Context, in PromptChallenge) *everlatch.Refusal {
		return m.refuses(ctx, in.ChallengedSignIn, in.Method)
	})
	on(ctx, m.exchange, UpdateVerifyChallenge, m.verify, func(ctx workflow.Context, in VerifyChallenge) *everlatch.Refusal {
		return m.refuses(ctx, in.ChallengedSignIn, in.Method)
	})
	err := m.serve(ctx)
	return ClosedChallenge{ChallengedSignIn: in.ChallengedSignIn, Outcome: m.outcome}, err
}

type mfaChallenge struct {
	*exchange

	in     MFAChallengeInput
	open   openChallenge
	passed *PassedChallenge
	// fingerprint is that of the right answer.
	fingerprint string
}

func (m *mfaChallenge) deadline() time.Time { return m.open.ExpiresAt }

func (m *mfaChallenge) expire(workflow.Context) error {
	m.end(ChallengeExpired)
	return nil
}

func (m *mfaChallenge) renew(ctx workflow.Context) error {
	in := m.in
	in.Open, in.Answers = &m.open, m.answers
	return workflow.NewContinueAsNewError(ctx, MFAChallenge, in)
}

// begin says how the challenge can be passed.
func (m *mfaChallenge) begin(ctx workflow.Context, _ activities.None) (out BegunChallenge, err error) {
	offered, err := step(ctx, challenges.OfferMethods, activities.OfferMethodsInput{IdentityID: m.in.AuthIdentityID})
	if err != nil {
		return out, err
	}
	if out.Refusal = offered.Refusal; out.Refusal != nil {
		m.end(ChallengeVoid)
		return out, nil
	}
	m.open.Methods = offered.Methods
	return BegunChallenge{Methods: offered.Methods, ExpiresAt: m.open.ExpiresAt, MaxAttempts: m.in.MaxAttempts}, nil
}

// refuses says why a request is not served, in the order of the contract
// (docs/contract.md#s10-3).
func (m *mfaChallenge) refuses(ctx workflow.Context, by ChallengedSignIn, method string) *everlatch.Refusal {
	outcome := m.outcome
	if outcome == "" && !workflow.Now(ctx).Before(m.open.ExpiresAt) {
		outcome = ChallengeExpired
	}
	if refusal := (ClosedChallenge{m.in.ChallengedSignIn, outcome}).Refusal(m.in.ID, by); refusal != nil {
		return refusal
	}
	if !slices.Contains(m.open.Methods, method) {
		return &everlatch.Refusal{
			Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonChallengeMethod, Details: map[string]string{"method": method},
		}
	}
	return nil
}

// Refusal says what a request on behalf of a sign-in is answered once the challenge is
// closed, nil while it is not.
func (c ClosedChallenge) Refusal(id string, by ChallengedSignIn) *everlatch.Refusal {
	reason := map[string]everlatch.Reason{
		ChallengePassed: everlatch.ReasonChallengePassed, ChallengeExpired: everlatch.ReasonChallengeExpired,
		ChallengeExhausted: everlatch.ReasonChallengeExhausted,
	}[c.Outcome]
	switch {
	case by != c.ChallengedSignIn || c.Outcome == ChallengeVoid:
		return &everlatch.Refusal{
			Code: everlatch.CodeNotFound, Reason: everlatch.ReasonChallengeUnknown, Details: map[string]string{"id": id},
		}
	case reason != "":
		return &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: reason}
	}
	return nil
}
