package flows

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

// A challenge begins one flow.
var (
	passkeySignIn       = ceremony("passkey-sign-in", workflows.PasskeySignIn)
	passkeyRegistration = ceremony("passkey-registration", workflows.PasskeyRegistration)
)

func ceremony(name string, workflow any) kind {
	return kind{
		name: name, workflow: workflow,
		running: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL, closed: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	}
}

// PasskeyRequest asks for a challenge.
type PasskeyRequest struct {
	ActorType, Provider string
	// TTL is how long the user has to answer.
	TTL time.Duration
	// LinkTo is the identity that gets a passkey, "" for a new one.
	LinkTo string
}

// PasskeyChallenge is what a device has to sign, in base64url.
type PasskeyChallenge struct {
	Challenge string
	ExpiresAt time.Time
	// AuthIdentityID is whose the new passkey will be; "" for a sign-in.
	AuthIdentityID string
}

// BeginPasskeySignIn starts a sign-in with a passkey of anyone.
func (c *Client) BeginPasskeySignIn(ctx context.Context, r PasskeyRequest) (PasskeyChallenge, error) {
	out := c.newChallenge(r)
	return out, c.begin(ctx, passkeySignIn, out.Challenge, workflows.PasskeySignInInput{
		ActorType: r.ActorType, Provider: r.Provider, Challenge: workflows.ChallengeHash(out.Challenge), TTL: r.TTL,
	})
}

// BeginPasskey starts the registration of a passkey.
func (c *Client) BeginPasskey(ctx context.Context, r PasskeyRequest) (PasskeyChallenge, error) {
	now, out := c.opts.Now(), c.newChallenge(r)
	if out.AuthIdentityID = r.LinkTo; r.LinkTo == "" {
		out.AuthIdentityID = ids.New(ids.AuthIdentity, now)
	}
	return out, c.begin(ctx, passkeyRegistration, out.Challenge, workflows.PasskeyRegistrationInput{
		ActorType: r.ActorType, Provider: r.Provider, Challenge: workflows.ChallengeHash(out.Challenge), TTL: r.TTL,
		IdentityID: out.AuthIdentityID, Link: r.LinkTo != "",
		ProviderIdentityID: ids.New(ids.ProviderIdentity, now), EventID: ids.New(ids.Event, now),
	})
}

func (c *Client) newChallenge(r PasskeyRequest) PasskeyChallenge {
	return PasskeyChallenge{
		Challenge: base64.RawURLEncoding.EncodeToString(random(stateBytes)), ExpiresAt: c.opts.Now().Add(r.TTL),
	}
}

func (c *Client) begin(ctx context.Context, k kind, challenge string, input any) error {
	startCtx, cancel := starting(ctx)
	defer cancel()
	o := c.flowOptions(ctx, k, c.passkeyID(k, challenge), input, workflows.About{})
	o.EnableEagerStart = c.eager(k.workflow)
	_, err := withAttributes(ctx, c, o, func(o client.StartWorkflowOptions) (client.WorkflowRun, error) {
		return c.opts.Temporal.ExecuteWorkflow(startCtx, o, k.workflow, input)
	})
	return c.startFailure(ctx, startCtx, err)
}

// passkeyID finds a flow by its challenge, which is not readable in it.
func (c *Client) passkeyID(k kind, challenge string) string {
	return k.id("h:" + c.opts.Ring.Hash(k.name, challenge))
}

// PasskeyAnswer is what a device has sent.
type PasskeyAnswer struct {
	ActorType, Provider string
	// Challenge is the one that the answer claims.
	Challenge string
	// Answer is its JSON.
	Answer []byte

	// The others are for [Client.CompletePasskey]. SignedInAs is the identity that the request
	// was authenticated as, "" for none, and Label how its owner calls the passkey.
	SignedInAs, Label string
	// Customer and Actor are as in [AuthRequest].
	Customer *everlatch.Customer
	Actor    *ActorData
}

// CompletePasskeySignIn signs the user in. The same answer again gets the same sign-in. A
// challenge that is unknown, used, expired or of another actor type, and an answer that
// is not accepted, are [everlatch.CodeUnauthorized]; after [everlatch.CodeUnavailable]
// the same answer may be sent again.
func (c *Client) CompletePasskeySignIn(ctx context.Context, r PasskeyAnswer) (workflows.Login, error) {
	var login workflows.Login
	hooks := c.hooks(ctx, everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate)
	if err := c.answerPasskey(ctx, passkeySignIn, hooks, r, &login); err != nil {
		return workflows.Login{}, err
	}
	if login.Refusal != nil {
		return login, login.Refusal.Err()
	}
	return login, nil
}

// CompletePasskey stores the passkey that a device has created. Refusals are as in
// [Client.CompletePasskeySignIn] and [Client.Register].
func (c *Client) CompletePasskey(ctx context.Context, r PasskeyAnswer) (workflows.RegisteredPasskey, error) {
	var out workflows.RegisteredPasskey
	var hooks *workflows.Hooks
	if r.SignedInAs == "" {
		hooks = c.hooks(ctx, everlatch.HookBeforeRegister, everlatch.HookAfterRegister,
			everlatch.HookBeforeAccountCreated, everlatch.HookAfterAccountCreated)
	}
	if err := c.answerPasskey(ctx, passkeyRegistration, hooks, r, &out); err != nil {
		return workflows.RegisteredPasskey{}, err
	}
	return out, refused(out.Refusal)
}

func (c *Client) answerPasskey(ctx context.Context, k kind, hooks *workflows.Hooks, r PasskeyAnswer, answer any) error {
	ref, err := c.seal(ctx, json.RawMessage(r.Answer))
	if err != nil {
		return err
	}
	arg := workflows.PasskeyAnswer{
		ActorType: r.ActorType, Provider: r.Provider, Answer: ref, SignedInAs: r.SignedInAs, Label: r.Label,
		Customer: c.withAccount(r.Customer), Hooks: hooks,
	}
	request := []any{r.ActorType, r.SignedInAs, r.Label, sha256.Sum256(r.Answer), r.Customer}
	if r.Actor != nil {
		request = append(request, r.Actor.Data)
		arg.Actor = new(c.NewActor(r.Actor.Type, r.Actor.Data))
	}
	err = c.update(ctx, update{
		flow: k, workflowID: c.passkeyID(k, r.Challenge), name: workflows.UpdateAnswer, arg: arg, request: request, answer: answer,
	})
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		c.shredder.shred(ref)
		return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonPasskeyRefused, Err: err}
	}
	if err == nil {
		c.shredder.shred(ref)
	}
	return err // the flow may still go on, and needs what is sealed
}
