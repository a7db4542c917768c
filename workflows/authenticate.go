package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// SealedRequest refers to what a person typed, encrypted by flows.Client.Seal. It
// may be part of a workflow's input; a password may not, because Temporal keeps
// the history.
type SealedRequest = vault.Ref

// AuthenticateInput is the argument of [Authenticate], [Steps.Authenticate] and
// [Steps.Register].
type AuthenticateInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Request refers to the sealed request, which holds the password.
	Request SealedRequest `json:"request"`
	// BeginWithin is how long after its start [Authenticate] may begin; 0 is without a
	// limit.
	BeginWithin time.Duration `json:"begin_within,omitempty"`
	// RequestID is that of the HTTP request, for the search attributes of a refusal.
	RequestID string `json:"request_id,omitempty"`
	// EventID is the id of the event of this sign-in, which one without a workflow may
	// record under it too. Without an id it is made of the run.
	EventID string `json:"event_id,omitempty"`
	// Hooks are those of authenticate; [Steps] do not run them.
	Hooks *Hooks `json:"hooks,omitempty"`
}

// Login is the result of a flow that authenticates an actor. Exactly one of
// Refusal and Principal is set.
type Login struct {
	Refusal   *everlatch.Refusal  `json:"refusal,omitempty"`
	Principal everlatch.Principal `json:"principal,omitzero"`
	// Created says that this execution created the identity. A workflow that runs
	// [Register] as a child may delete the identity only then, should a later step
	// of its own fail.
	Created bool `json:"created,omitempty"`
	// At and TokenID make the token that the API mints the same one each time
	// it is asked for: they become iat and jti. The token itself is in no
	// payload.
	At      time.Time `json:"at"`
	TokenID string    `json:"token_id"`
	// Fingerprint of the request, for Idempotency-Key; "" without one.
	Fingerprint string `json:"fingerprint,omitempty"`
	// Direct says why no workflow has authenticated the actor, "" where one has; see
	// flows.DirectOptions.
	Direct string `json:"-"`
}

// Authenticate signs a person in with a credential that they typed.
//
// The API starts it for each sign-in. It promises that a wrong password and an
// unknown account look and cost the same, and undoes nothing, because it
// creates nothing. One that begins too late, because no worker was there or all were
// busy, does no work: its caller has gone, or is about to, and the next ones wait.
func Authenticate(ctx workflow.Context, in AuthenticateInput) (Login, error) {
	out, err := in.run(ctx)
	if err == nil && out.Refusal != nil {
		// A sign-in that has succeeded sets nothing: no outcome tells the same, for less.
		err = conclude(ctx, OutcomeRefused, About{ActorType: in.ActorType, Provider: in.Provider, RequestID: in.RequestID})
	}
	return out, err
}

func (in AuthenticateInput) run(ctx workflow.Context) (Login, error) {
	if waited := workflow.Now(ctx).Sub(workflow.GetInfo(ctx).WorkflowStartTime); in.BeginWithin > 0 && waited > in.BeginWithin {
		return Login{}, everlatch.Unavailable("The service", errors.New("the caller has waited too long"))
	}
	hooks := in.Hooks.within(ctx, everlatch.HookInput{ActorType: in.ActorType, Provider: in.Provider}, callerWaits)
	refused, err := hooks.run(ctx, everlatch.HookBeforeAuthenticate)
	if err != nil || refused != nil {
		return login(ctx, refused, everlatch.Principal{}, ""), err
	}
	checked, err := checkCredentials(ctx, activities.CheckCredentialsInput{
		ActorType: in.ActorType, Provider: in.Provider, Request: in.Request, EventID: in.EventID,
	})
	if err != nil {
		return Login{}, err
	}
	if checked.Refusal == nil {
		if checked.Refusal, err = hooks.authenticated(ctx, checked.Principal); err != nil {
			return Login{}, err
		}
	}
	if checked.Refusal != nil {
		checked.Principal = everlatch.Principal{}
	}
	return login(ctx, checked.Refusal, checked.Principal, ""), nil
}

func login(ctx workflow.Context, refused *everlatch.Refusal, p everlatch.Principal, fingerprint string) Login {
	return Login{
		Refusal: refused, Principal: p,
		At:          workflow.Now(ctx),
		TokenID:     workflow.GetInfo(ctx).WorkflowExecution.RunID,
		Fingerprint: fingerprint,
	}
}
