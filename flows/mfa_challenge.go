package flows

import (
	"cmp"
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

// mfaChallenge has one execution for each challenge, which is begun once.
var mfaChallenge = kind{
	name: "mfa-challenge", workflow: workflows.MFAChallenge,
	running: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	closed:  enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
}

// The contract's (docs/contract.md#s10-3).
const (
	DefaultChallengeTTL      = 5 * time.Minute
	DefaultChallengeAttempts = 5
)

// ChallengeRequest asks for a challenge after a first factor.
type ChallengeRequest struct {
	// Principal has passed the first factor, and names its sign-in.
	Principal everlatch.Principal
	// At and TokenID are those of the token that the first factor is answered with: the same
	// ones again get the same challenge.
	At      time.Time
	TokenID string
	// StepUp asks a user who is signed in for their second factor again.
	StepUp bool
	// Metadata is kept with the challenge, and returned when it is passed.
	Metadata everlatch.Metadata
}

// Challenge is a challenge that waits for an answer (docs/contract.md#s10-3).
type Challenge struct {
	ID string
	workflows.BegunChallenge
}

// BeginMFAChallenge begins the challenge of a sign-in. An identity without an enabled
// factor is [everlatch.CodeNotAllowed].
func (c *Client) BeginMFAChallenge(ctx context.Context, r ChallengeRequest) (Challenge, error) {
	of := c.challenged(r.Principal)
	out := Challenge{ID: ids.Derived(ids.Challenge, r.At, c.opts.Ring.Hash("mfa-challenge", of.SignInID, r.TokenID))}
	err := c.update(ctx, update{
		flow: mfaChallenge, workflowID: mfaChallenge.id(out.ID), name: workflows.UpdateBeginChallenge,
		input: workflows.MFAChallengeInput{
			ID: out.ID, ChallengedSignIn: of, ActorType: r.Principal.ActorType, ActorID: r.Principal.ActorID,
			Provider: r.Principal.AuthProvider, StepUp: r.StepUp, Metadata: r.Metadata,
			TTL: c.opts.ChallengeTTL, MaxAttempts: c.opts.ChallengeAttempts,
		},
		request: []any{r.TokenID},
		answer:  &out.BegunChallenge,
	})
	if err != nil {
		return out, err
	}
	return out, refused(out.Refusal)
}

// ChallengeAnswer is the answer of a user.
type ChallengeAnswer struct {
	ID string
	// Principal is the caller: the sign-in that the challenge was begun for.
	Principal everlatch.Principal
	Method    string
	// Code is sealed before anything else happens.
	Code string
	// IdempotencyKey is the caller's key, "" for none. The same answer under the same key
	// gets the first answer, also when the challenge is over.
	IdempotencyKey string
	// Once lets one of several same answers pass that come at once, unless they have the
	// same key. Otherwise all of them get the answer of the first, which is one token.
	Once bool
}

// VerifyMFAChallenge passes a challenge. Its refusals are those of the contract
// (docs/contract.md#s10-3); a wrong answer is counted.
func (c *Client) VerifyMFAChallenge(ctx context.Context, r ChallengeAnswer) (workflows.PassedChallenge, error) {
	of := c.challenged(r.Principal)
	var passed workflows.PassedChallenge
	ref, err := c.seal(ctx, r.Code)
	if err != nil {
		return passed, err
	}
	now := c.opts.Now()
	var request []any
	if r.IdempotencyKey != "" {
		request = []any{r.IdempotencyKey, of, r.Method, r.Code}
	}
	use := ids.New(ids.Event, now)
	fingerprint := c.opts.Ring.Hash("mfa-code", r.ID, r.Method, r.Code)
	if r.Once {
		fingerprint = c.opts.Ring.Hash("mfa-code", r.ID, r.Method, r.Code, cmp.Or(r.IdempotencyKey, use))
	}
	err = c.update(ctx, update{
		flow: mfaChallenge, workflowID: mfaChallenge.id(r.ID), name: workflows.UpdateVerifyChallenge,
		arg: workflows.VerifyChallenge{
			ChallengedSignIn: of, Method: r.Method, Code: ref, Fingerprint: fingerprint,
			UseID: use, EventID: ids.New(ids.Event, now), SignInEventID: ids.New(ids.Event, now),
			Hooks: c.hooks(ctx, everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate), ActorID: r.Principal.ActorID,
		},
		request: request,
		answer:  &passed,
	})
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		c.shredder.shred(ref)
		return passed, c.closedChallenge(ctx, r.ID, of, err)
	}
	if err != nil {
		return passed, err // it may still go on, and needs what is sealed
	}
	c.shredder.shred(ref)
	return passed, refused(passed.Refusal)
}

// PromptMFAChallenge has a method act, such as to send a code, and returns what the
// user's device is told.
func (c *Client) PromptMFAChallenge(ctx context.Context, id string, by everlatch.Principal, method string) (everlatch.Metadata, error) {
	of := c.challenged(by)
	var out workflows.PromptedChallenge
	err := c.update(ctx, update{
		flow: mfaChallenge, workflowID: mfaChallenge.id(id), name: workflows.UpdatePromptChallenge,
		arg:    workflows.PromptChallenge{ChallengedSignIn: of, Method: method, Secret: c.opts.Vault.NewRef()},
		answer: &out,
	})
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		return nil, c.closedChallenge(ctx, id, of, err)
	}
	if err != nil {
		return nil, err
	}
	return out.Public, refused(out.Refusal)
}

func (c *Client) challenged(p everlatch.Principal) workflows.ChallengedSignIn {
	return workflows.ChallengedSignIn{
		AuthIdentityID: p.AuthIdentityID, SignInID: p.SignInID, CredentialVersion: max(p.CredentialVersion, 1),
	}
}

// closedChallenge is the refusal of a challenge whose execution has closed. One that
// Temporal doesn't know, any more or at all, is [everlatch.CodeNotFound].
func (c *Client) closedChallenge(ctx context.Context, id string, by workflows.ChallengedSignIn, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	var closed workflows.ClosedChallenge
	err := c.opts.Temporal.GetWorkflow(ctx, mfaChallenge.id(id), "").Get(ctx, &closed)
	if _, absent := errors.AsType[*serviceerror.NotFound](err); err != nil && !absent {
		return failure(err)
	}
	if refusal := closed.Refusal(id, by); refusal != nil {
		return refusal.Err()
	}
	return everlatch.Unavailable("The service", cause) // it was just renewed
}
