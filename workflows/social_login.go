package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// The updates of [SocialLogin].
const (
	UpdateBegin    = "Begin"    // None -> BegunLogin
	UpdateCallback = "Callback" // LoginCallback -> Login
)

// RedirectSecrets are what identifies one sign-in.
type RedirectSecrets = activities.RedirectSecrets

// SocialLoginInput is the argument of [SocialLogin].
type SocialLoginInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// CallbackURL is where the provider sends the browser back to, allow-listed (docs/weak-spots.md#w46).
	CallbackURL string `json:"callback_url"`
	// Secrets refers to sealed [RedirectSecrets].
	Secrets vault.Ref `json:"secrets"`
	// Binding is a hash of the cookie that the browser has, or was given with the
	// answer, or of the value that the client chose. A callback with another one comes
	// from another browser (docs/weak-spots.md#w44).
	Binding string `json:"binding"`
	// Bound says that a callback without one is refused, too.
	Bound bool `json:"bound"`
	// TTL is how long the sign-in may take.
	TTL time.Duration `json:"ttl"`
	// IdentityID and ProviderIdentityID name what is created for a new identity.
	IdentityID         string `json:"identity_id"`
	ProviderIdentityID string `json:"provider_identity_id"`
	// Tokens names where tokens are sealed.
	Tokens vault.Ref `json:"tokens"`
	// LinkTo is the identity that gets this sign-in method, "" for a sign-in.
	LinkTo string `json:"link_to,omitempty"`
}

// BegunLogin is a refusal, or a reference to where the browser is sent.
type BegunLogin struct {
	Refusal  *everlatch.Refusal `json:"refusal,omitempty"`
	Location vault.Ref          `json:"location,omitempty"`
}

// LoginCallback is what the browser returns with.
type LoginCallback struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	Binding   string `json:"binding,omitempty"`
	// SignedInAs is the identity that the request was authenticated as.
	SignedInAs string `json:"signed_in_as,omitempty"`
	// Answer refers to the sealed parameters.
	Answer vault.Ref `json:"answer"`
	Hooks  *Hooks    `json:"hooks,omitempty"`
}

// The outcomes of [SocialLogin].
const (
	LoginSignedIn = "signed_in"
	LoginRefused  = "refused"
	LoginExpired  = "expired"
)

// SocialLogin signs an end user in with another provider, from the first request
// to the callback that the browser returns with.
//
// The API starts it, and its id is a keyed hash of the state. The state is good
// for the provider, the actor type and the browser that it was made for (docs/weak-spots.md#w44),
// until the time is up, and for one answer. During an outage of the provider the
// step is retried while the browser waits; a longer one leaves the state as it
// is, so that the same answer may be tried again.
//
// With LinkTo it adds a sign-in method to an identity instead (docs/weak-spots.md#w17). Then the
// browser must be signed in as that identity: a link that one person began and
// another was made to finish would give away an account.
func SocialLogin(ctx workflow.Context, in SocialLoginInput) (string, error) {
	l := &socialLogin{in: in, until: workflow.Now(ctx).Add(in.TTL)}
	l.exchange = newExchange(ctx, l)
	on(ctx, l.exchange, UpdateBegin, l.begin)
	on(ctx, l.exchange, UpdateCallback, l.callback, l.refuses)
	err := l.serve(ctx)
	return l.outcome, err
}

type socialLogin struct {
	*exchange

	in    SocialLoginInput
	until time.Time
}

func (l *socialLogin) deadline() time.Time { return l.until }

func (l *socialLogin) expire(workflow.Context) error {
	l.end(LoginExpired)
	return nil
}

// renew continues with the time that is left.
func (l *socialLogin) renew(ctx workflow.Context) error {
	in := l.in
	in.TTL = l.until.Sub(workflow.Now(ctx))
	return workflow.NewContinueAsNewError(ctx, SocialLogin, in)
}

var noState = everlatch.Refusal{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonStateInvalid}

// refuses says that a callback does not belong to this sign-in.
func (l *socialLogin) refuses(ctx workflow.Context, c LoginCallback) *everlatch.Refusal {
	if l.outcome == "" && workflow.Now(ctx).Before(l.until) &&
		c.Provider == l.in.Provider && c.ActorType == l.in.ActorType &&
		(c.Binding == l.in.Binding || c.Binding == "" && !l.in.Bound) &&
		(l.in.LinkTo == "" || c.SignedInAs == l.in.LinkTo) {
		return nil
	}
	return &noState
}

// begin asks the provider where to send the browser.
func (l *socialLogin) begin(ctx workflow.Context, _ activities.None) (BegunLogin, error) {
	begun, err := externalCall(ctx, redirects.BeginRedirect, activities.BeginRedirectInput{
		Provider: l.in.Provider, CallbackURL: l.in.CallbackURL, Secrets: l.in.Secrets, TTL: l.in.TTL,
	})
	if err == nil && begun.Refusal != nil {
		l.end(LoginRefused)
	}
	return BegunLogin(begun), err
}

// callback signs in, or says why not. An outage leaves the state as it is.
func (l *socialLogin) callback(ctx workflow.Context, c LoginCallback) (Login, error) {
	if refusal := l.refuses(ctx, c); refusal != nil {
		return login(ctx, refusal, everlatch.Principal{}, ""), nil
	}
	exchanged, err := externalCall(ctx, redirects.ExchangeCode, activities.ExchangeCodeInput{
		ActorType: l.in.ActorType, Provider: l.in.Provider, CallbackURL: l.in.CallbackURL, Secrets: l.in.Secrets, Answer: c.Answer,
		Tokens: l.in.Tokens, TTL: l.in.TTL, LinkTo: l.in.LinkTo,
	})
	if err != nil {
		return Login{}, err
	}
	if exchanged.Refusal != nil {
		return l.finish(ctx, LoginRefused, activities.RegisterIdentityOutput{Refusal: exchanged.Refusal})
	}
	profile, err := l.identify(ctx, c)
	if err != nil {
		return Login{}, err
	}
	if profile.Refusal != nil {
		return l.finish(ctx, LoginRefused, profile)
	}
	return l.finish(ctx, LoginSignedIn, profile)
}

// identify finds or creates the identity of the user between its hooks. Adding a
// sign-in method to an identity has none.
func (l *socialLogin) identify(ctx workflow.Context, c LoginCallback) (out activities.RegisterIdentityOutput, err error) {
	read := activities.ReadProfileInput{
		ActorType: l.in.ActorType, Provider: l.in.Provider, Tokens: l.in.Tokens,
		IdentityID: l.in.IdentityID, ProviderIdentityID: l.in.ProviderIdentityID, GroupID: groupID(ctx),
		LinkTo: l.in.LinkTo,
	}
	if c.Hooks == nil || l.in.LinkTo != "" {
		return externalCall(ctx, redirects.ReadProfile, read)
	}
	var undo saga
	hooks := c.Hooks.within(ctx, everlatch.HookInput{ActorType: l.in.ActorType, Provider: l.in.Provider}, callerWaits)
	out.Refusal, err = hooks.run(ctx, everlatch.HookBeforeAuthenticate)
	if err == nil && out.Refusal == nil {
		out, err = hooks.aroundProfile(ctx, &undo, read)
	}
	switch {
	case err != nil:
		return out, undo.after(ctx, err)
	case out.Refusal != nil:
		return activities.RegisterIdentityOutput{Refusal: out.Refusal}, undo.compensate(ctx)
	}
	// A sign-in that is refused does not take back the registration.
	refused, err := hooks.authenticated(ctx, out.Principal)
	if refused != nil {
		return activities.RegisterIdentityOutput{Refusal: refused, Created: out.Created}, nil
	}
	return out, err
}

func (l *socialLogin) finish(ctx workflow.Context, outcome string, r activities.RegisterIdentityOutput) (Login, error) {
	l.end(outcome)
	l.about = About{IdentityID: r.Principal.AuthIdentityID, ActorID: r.Principal.ActorID}
	if r.Created {
		if err := releaseEvents(ctx); err != nil {
			return Login{}, err
		}
	}
	return login(ctx, r.Refusal, r.Principal, ""), nil
}
