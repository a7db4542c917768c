package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// UpdateAnswer brings what a device has signed to [PasskeySignIn] (PasskeyAnswer -> Login) and
// to [PasskeyRegistration] (PasskeyAnswer -> RegisteredPasskey).
const UpdateAnswer = "Answer"

// The outcomes of [PasskeySignIn] and [PasskeyRegistration].
const (
	PasskeyAccepted = "accepted"
	PasskeyRefused  = "refused"
	PasskeyExpired  = "expired"
)

// PasskeySignInInput is the argument of [PasskeySignIn].
type PasskeySignInInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Challenge is a hash of what the device has to sign.
	Challenge string `json:"challenge"`
	// TTL is how long the user has.
	TTL time.Duration `json:"ttl"`
}

// PasskeyAnswer is what a device has sent.
type PasskeyAnswer struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Answer refers to the sealed answer.
	Answer vault.Ref `json:"answer"`

	// Hooks of the program are bounded by the patience of the caller, who sees the end.
	Hooks *Hooks `json:"hooks,omitempty"`

	// The others are for [PasskeyRegistration]. SignedInAs is the identity that the request
	// was authenticated as, and Label how its owner calls the passkey.
	SignedInAs string `json:"signed_in_as,omitempty"`
	Label      string `json:"label,omitempty"`
	// Customer and Actor are as in [RegisterInput].
	Customer *everlatch.Customer    `json:"customer,omitempty"`
	Actor    *everlatch.ActorRecord `json:"actor,omitempty"`
}

// ChallengeHash is what the flows keep of a challenge.
func ChallengeHash(challenge string) string { return activities.ChallengeHash(challenge) }

// PasskeySignIn signs an end user in with a passkey, from the challenge to the device's
// answer. The user is known by the answer alone.
//
// The API starts it, and its id is a keyed hash of the challenge. The challenge is good
// for the actor type that it was made for, until the time is up, and for one answer: whether
// that is accepted or refused, the flow ends. The same answer again gets the same token. An
// outage leaves the challenge as it is.
func PasskeySignIn(ctx workflow.Context, in PasskeySignInInput) (string, error) {
	s := &passkeySignIn{in: in}
	s.ceremony = newCeremony(ctx, in.ActorType, in.Provider, in.TTL)
	s.exchange = newExchange(ctx, s)
	on(ctx, s.exchange, UpdateAnswer, s.answer, s.refuses)
	err := s.serve(ctx)
	return s.outcome, err
}

// ceremony is what both flows of passkeys have in common.
type ceremony struct {
	*exchange

	actorType, provider string
	until               time.Time
	// linkTo is the identity that must answer, "" for anyone.
	linkTo string
}

func newCeremony(ctx workflow.Context, actorType, provider string, ttl time.Duration) ceremony {
	return ceremony{actorType: actorType, provider: provider, until: workflow.Now(ctx).Add(ttl)}
}

func (c *ceremony) deadline() time.Time { return c.until }

func (c *ceremony) expire(workflow.Context) error { //nolint:unparam // as flow has it
	c.end(PasskeyExpired)
	return nil
}

var noChallenge = everlatch.Refusal{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonPasskeyRefused}

// refuses says that an answer does not belong to this challenge.
func (c *ceremony) refuses(ctx workflow.Context, a PasskeyAnswer) *everlatch.Refusal {
	if c.outcome == "" && workflow.Now(ctx).Before(c.until) && a.ActorType == c.actorType && a.Provider == c.provider &&
		a.SignedInAs == c.linkTo {
		return nil
	}
	return &noChallenge
}

// conclude ends the flow by the answer that it has got.
func (c *ceremony) conclude(refusal *everlatch.Refusal) {
	if refusal != nil {
		c.end(PasskeyRefused)
		return
	}
	c.end(PasskeyAccepted)
}

type passkeySignIn struct {
	ceremony

	in PasskeySignInInput
}

// renew continues with the time that is left.
func (s *passkeySignIn) renew(ctx workflow.Context) error {
	in := s.in
	in.TTL = s.until.Sub(workflow.Now(ctx))
	return workflow.NewContinueAsNewError(ctx, PasskeySignIn, in)
}

// answer signs in, or says why not.
func (s *passkeySignIn) answer(ctx workflow.Context, a PasskeyAnswer) (Login, error) {
	if refusal := s.refuses(ctx, a); refusal != nil {
		return login(ctx, refusal, everlatch.Principal{}, ""), nil
	}
	hooks := a.Hooks.within(ctx, everlatch.HookInput{ActorType: s.in.ActorType, Provider: s.in.Provider}, callerWaits)
	refused, err := hooks.run(ctx, everlatch.HookBeforeAuthenticate)
	if err != nil {
		return Login{}, err
	}
	checked := activities.CheckCredentialsOutput{Refusal: refused}
	if refused == nil {
		checked, err = s.check(ctx, hooks, a)
	}
	if err != nil {
		return Login{}, err
	}
	s.conclude(checked.Refusal)
	return login(ctx, checked.Refusal, checked.Principal, ""), nil
}

func (s *passkeySignIn) check(ctx workflow.Context, hooks *hooked, a PasskeyAnswer) (activities.CheckCredentialsOutput, error) {
	checked, err := durableStep(ctx, passkeys.CheckPasskey, activities.CheckPasskeyInput{
		ActorType: s.in.ActorType, Provider: s.in.Provider, Challenge: s.in.Challenge, Answer: a.Answer,
		GroupID: groupID(ctx), At: workflow.Now(ctx),
	})
	if err != nil || checked.Refusal != nil {
		return checked, err
	}
	refused, err := hooks.authenticated(ctx, checked.Principal)
	if refused != nil {
		checked = activities.CheckCredentialsOutput{Refusal: refused}
	}
	return checked, err
}
