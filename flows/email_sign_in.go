package flows

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

var emailSignIn = shared("email-sign-in", workflows.EmailSignIn)

// EmailCodeRequest asks for a code to sign in with.
type EmailCodeRequest struct {
	ActorType, Provider string
	// Email is the canonical address.
	Email string
	// Browser is what the client is known by. Only it can use the code.
	Browser string
}

// RequestEmailCode has a code and a link mailed, if the address may sign in. It returns as
// soon as Temporal has the request: nothing tells whether the address is known.
func (c *Client) RequestEmailCode(ctx context.Context, r EmailCodeRequest) error {
	startCtx, cancel := starting(ctx)
	defer cancel()
	now, flow := c.opts.Now(), c.emailFlow(r.Provider, r.Email)
	in := workflows.EmailSignInInput{Provider: r.Provider, Email: r.Email, Flow: flow}
	o := c.flowOptions(ctx, emailSignIn, emailSignIn.id(r.Provider, "h:"+flow), in,
		workflows.About{ActorType: r.ActorType, Subject: c.subject(r.Email)})
	err := c.signalled(startCtx, emailSignIn, o, workflows.SignalAskCode, workflows.EmailCodeRequest{
		ActorType: r.ActorType, Binding: c.binding(r.Browser), Language: everlatch.LanguageOf(ctx),
		Names: workflows.EmailCodeNames{
			Kept: c.opts.Vault.NewRef(), Code: c.opts.Vault.NewRef(), Token: c.opts.Vault.NewRef(), EventID: ids.New(ids.Event, now),
			IdentityID: ids.New(ids.AuthIdentity, now), ProviderIdentityID: ids.New(ids.ProviderIdentity, now),
		},
	}, in)
	return c.startFailure(ctx, startCtx, err)
}

// EmailCode is what a user brings to sign in.
type EmailCode struct {
	ActorType, Provider string
	// Email is the canonical address, and Code what the user typed.
	Email string
	Code  vault.Secret
	// Token, when it is set, is that of a link, in the place of both.
	Token string
	// Browser is as in [EmailCodeRequest], "" for none.
	Browser string
	// IdempotencyKey makes a repeated request of the same browser get the first answer.
	IdempotencyKey string
}

// CompleteEmailSignIn signs the user in. A code works once: of many requests one succeeds.
// All others, and those with a wrong or expired code or from another browser, are
// [everlatch.CodeUnauthorized]. After [everlatch.CodeUnavailable] the same code may be
// sent again.
func (c *Client) CompleteEmailSignIn(ctx context.Context, r EmailCode) (workflows.Login, error) {
	flow, secret, link := c.emailFlow(r.Provider, r.Email), r.Code, r.Token != ""
	closed := &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonSignInCodeClosed}
	if link {
		flow, _, _ = strings.Cut(r.Token, ".")
		secret = vault.NewSecret([]byte(r.Token))
		closed.Reason = everlatch.ReasonSignInLink
		if !flowPattern.MatchString(flow) {
			return workflows.Login{}, closed
		}
	}
	typed, err := c.opts.Vault.Put(ctx, secret)
	if err != nil {
		return workflows.Login{}, err
	}
	var login workflows.Login
	u := update{
		flow: emailSignIn, workflowID: emailSignIn.id(r.Provider, "h:"+flow), name: workflows.UpdateSignInCode,
		arg: workflows.EmailCodeAnswer{
			ActorType: r.ActorType, Binding: c.binding(r.Browser), Typed: typed, Link: link, EventID: ids.New(ids.Event, c.opts.Now()),
			Hooks: c.hooks(ctx, everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate,
				everlatch.HookBeforeRegister, everlatch.HookAfterRegister),
		},
		answer: &login,
	}
	if r.IdempotencyKey != "" {
		u.request = []any{r.IdempotencyKey, r.ActorType, c.binding(r.Browser), string(secret.Reveal())}
	}
	err = c.update(ctx, u)
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		closed.Err = err
		err = closed
	}
	if err == nil || everlatch.ErrorCode(err) == everlatch.CodeUnauthorized {
		c.shredder.shred(typed) // otherwise it may still go on, and needs what is sealed
	}
	if err != nil {
		return workflows.Login{}, err
	}
	if login.Refusal != nil {
		return login, login.Refusal.Err()
	}
	return login, c.KeepAccount(ctx, login.Principal)
}

// flowPattern is what a token has to begin with. It becomes part of a workflow id.
var flowPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{16,128}$`)

// emailFlow stands for a provider and an address. It tells neither.
func (c *Client) emailFlow(provider, email string) string {
	return c.opts.Ring.Hash("email-sign-in", provider, email)
}
