package flows

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// socialLogin is begun once for each state.
var socialLogin = kind{
	name: "social-login", workflow: workflows.SocialLogin,
	running: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	closed:  enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
}

// RedirectRequest asks to sign in with an external provider.
type RedirectRequest struct {
	ActorType string
	Provider  string
	// CallbackURL is one that the provider allows.
	CallbackURL string
	// Browser is what the client is known by: the value of its binding cookie, or
	// the one that it chose.
	Browser string
	// Bound requires it of the callback. Otherwise a callback may come without one,
	// but not with another one.
	Bound bool
	// TTL is how long the user may take; 0 is RedirectTTL of the options.
	TTL time.Duration
	// LinkTo is the identity that gets this sign-in method, "" for a sign-in.
	LinkTo string
}

// stateBytes is the length of a state, which is written in hex as in the
// contract (docs/contract.md#s3-4).
const stateBytes = 32

// BeginSocialLogin starts a sign-in and returns where the browser is sent.
func (c *Client) BeginSocialLogin(ctx context.Context, r RedirectRequest) (location string, err error) {
	secrets := workflows.RedirectSecrets{
		State: hex.EncodeToString(random(stateBytes)), Nonce: base64.RawURLEncoding.EncodeToString(random(stateBytes)),
		CodeVerifier: oauth2.GenerateVerifier(),
	}
	if r.TTL == 0 {
		r.TTL = c.opts.RedirectTTL
	}
	ref, err := c.sealFor(ctx, secrets, r.TTL)
	if err != nil {
		return "", err
	}
	now := c.opts.Now()
	in := workflows.SocialLoginInput{
		ActorType: r.ActorType, Provider: r.Provider, CallbackURL: r.CallbackURL, Secrets: ref,
		Binding: c.binding(r.Browser), Bound: r.Bound, TTL: r.TTL, Tokens: c.opts.Vault.NewRef(),
		LinkTo:     r.LinkTo,
		IdentityID: ids.New(ids.AuthIdentity, now), ProviderIdentityID: ids.New(ids.ProviderIdentity, now),
	}
	var begun workflows.BegunLogin
	err = c.update(ctx, update{
		flow: socialLogin, workflowID: c.socialLoginID(secrets.State), name: workflows.UpdateBegin, input: in, answer: &begun,
	})
	if err != nil {
		return "", err
	}
	if begun.Refusal != nil {
		return "", begun.Refusal.Err()
	}
	secret, err := c.opts.Vault.Get(ctx, begun.Location)
	if err != nil {
		return "", err
	}
	c.shredder.shred(begun.Location)
	return string(secret.Reveal()), nil
}

// RedirectAnswer is what a browser returns with from a provider.
type RedirectAnswer struct {
	ActorType string
	Provider  string
	State     string
	// Params are all parameters of the callback. They hold the code.
	Params map[string]string
	// Browser is as in [RedirectRequest], "" for none.
	Browser string
	// SignedInAs is the identity that the request was authenticated as, "" for
	// none. Only the one that began to link may finish it (docs/weak-spots.md#w17).
	SignedInAs string
}

// CompleteSocialLogin signs the user in. A state that is unknown, used,
// expired or of another provider, actor type or browser is
// [everlatch.CodeUnauthorized]; after [everlatch.CodeUnavailable] the same
// answer may be sent again.
func (c *Client) CompleteSocialLogin(ctx context.Context, r RedirectAnswer) (workflows.Login, error) {
	ref, err := c.seal(ctx, r.Params)
	if err != nil {
		return workflows.Login{}, err
	}
	var login workflows.Login
	// Without request: a state is good for one answer, so that a leaked URL is useless.
	err = c.update(ctx, update{
		flow: socialLogin, workflowID: c.socialLoginID(r.State), name: workflows.UpdateCallback,
		arg: workflows.LoginCallback{
			ActorType: r.ActorType, Provider: r.Provider, Binding: c.binding(r.Browser), SignedInAs: r.SignedInAs, Answer: ref,
			Hooks: c.hooks(ctx, everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate,
				everlatch.HookBeforeRegister, everlatch.HookAfterRegister),
		},
		answer: &login,
	})
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		c.shredder.shred(ref)
		return workflows.Login{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonStateInvalid, Err: err}
	}
	if err != nil {
		return workflows.Login{}, err // the exchange may still go on, and needs what is sealed
	}
	c.shredder.shred(ref)
	if login.Refusal != nil {
		return login, login.Refusal.Err()
	}
	return login, nil
}

// socialLoginID finds a flow by its state, which is a secret and so not
// readable in it.
func (c *Client) socialLoginID(state string) string {
	return socialLogin.id("h:" + c.opts.Ring.Hash("social-login", state))
}

func (c *Client) binding(cookie string) string {
	if cookie == "" {
		return ""
	}
	return c.opts.Ring.Hash("browser", cookie)
}

func (c *Client) sealFor(ctx context.Context, v any, ttl time.Duration) (vault.Ref, error) {
	return sealed(ctx, v, func(ctx context.Context, secret vault.Secret) (vault.Ref, error) {
		return c.opts.Vault.PutFor(ctx, secret, ttl)
	})
}

func random(n int) []byte {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // ends the program rather than fail
	return raw
}
