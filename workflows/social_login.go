package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// The moves of [SocialLogin].
const (
	UpdateBegin    = "Begin"    // nothing -> BegunLogin
	UpdateCallback = "Callback" // LoginCallback -> Login
)

// RedirectSecrets are what one sign-in is recognised by.
type RedirectSecrets = activities.RedirectSecrets

// SocialLoginInput is the argument of [SocialLogin].
type SocialLoginInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// CallbackURL is where the provider sends people back to, allow-listed (W46).
	CallbackURL string `json:"callback_url"`
	// Secrets refers to sealed [RedirectSecrets].
	Secrets vault.Ref `json:"secrets"`
	// Binding is a hash of the cookie that the browser has, or was given with the
	// answer. A callback with another cookie comes from another browser (W44).
	Binding string `json:"binding"`
	// Bound says that the browser is known to keep cookies: then a callback
	// without one is not its own.
	Bound bool `json:"bound"`
	// TTL is how long the person may take.
	TTL time.Duration `json:"ttl"`
	// IdentityID and ProviderIdentityID name what is created for somebody new.
	IdentityID         string `json:"identity_id"`
	ProviderIdentityID string `json:"provider_identity_id"`
	// Tokens names where tokens are sealed.
	Tokens vault.Ref `json:"tokens"`
	// LinkTo is the identity that gets this way to sign in, "" for a sign-in.
	LinkTo string `json:"link_to,omitempty"`
}

// BegunLogin is a refusal, or a reference to where the person is sent.
type BegunLogin struct {
	Refusal  *everlatch.Refusal `json:"refusal,omitempty"`
	Location vault.Ref          `json:"location,omitempty"`
}

// LoginCallback is what a person brings back.
type LoginCallback struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	Binding   string `json:"binding,omitempty"`
	// SignedInAs is the identity that the request was authenticated as.
	SignedInAs string `json:"signed_in_as,omitempty"`
	// Answer refers to the sealed parameters.
	Answer vault.Ref `json:"answer"`
}

// The outcomes of [SocialLogin].
const (
	LoginSignedIn = "signed_in"
	LoginRefused  = "refused"
	LoginExpired  = "expired"
)

// SocialLogin signs somebody in with a provider elsewhere, from the first
// request to the answer that they bring back.
//
// The API starts it, and its id is a keyed hash of the state. The state is good
// for the provider, the actor type and the browser that it was made for (W44),
// until the time is up, and for one answer. An outage of the provider is
// outlasted while the browser waits, and leaves the state as it is, so that the
// person may try once more instead of starting over.
//
// With LinkTo it adds a way to sign in to an identity instead (W17). Then the
// answer must come from somebody who is signed in as that identity: a link that
// one person began and another was made to finish would give away an account.
func SocialLogin(ctx workflow.Context, in SocialLoginInput) (string, error) {
	l := &socialLogin{in: in, turn: workflow.NewMutex(ctx), until: workflow.Now(ctx).Add(in.TTL)}
	if err := l.listen(ctx); err != nil {
		return "", err
	}
	_, err := workflow.AwaitWithTimeout(ctx, in.TTL, func() bool { return l.outcome != "" })
	if err != nil {
		return "", err
	}
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return "", err
	}
	if l.outcome == "" {
		l.outcome = LoginExpired
		if l.unheard {
			return l.outcome, releaseEvents(ctx)
		}
	}
	return l.outcome, nil
}

type socialLogin struct {
	in      SocialLoginInput
	turn    workflow.Mutex
	until   time.Time
	outcome string
	// unheard says that a step broke down that may have taken effect.
	unheard bool
}

func (l *socialLogin) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandler(ctx, UpdateBegin, l.begin); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateCallback, l.callback, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, c LoginCallback) error {
			if !l.accepts(ctx, c) {
				return temporal.NewApplicationError(noState.Message, string(noState.Code))
			}
			return nil
		},
	})
}

var noState = everlatch.Refusal{Code: everlatch.CodeUnauthorized, Message: "No state provided, or session expired"}

func (l *socialLogin) accepts(ctx workflow.Context, c LoginCallback) bool {
	return l.outcome == "" && workflow.Now(ctx).Before(l.until) &&
		c.Provider == l.in.Provider && c.ActorType == l.in.ActorType &&
		(c.Binding == l.in.Binding || c.Binding == "" && !l.in.Bound) &&
		(l.in.LinkTo == "" || c.SignedInAs == l.in.LinkTo)
}

// begin asks the provider where to send the person.
func (l *socialLogin) begin(ctx workflow.Context) (BegunLogin, error) {
	begun, err := externalCall(ctx, redirects.BeginRedirect, activities.BeginRedirectInput{
		Provider: l.in.Provider, CallbackURL: l.in.CallbackURL, Secrets: l.in.Secrets, TTL: l.in.TTL,
	})
	if err == nil && begun.Refusal != nil {
		l.outcome = LoginRefused
	}
	return BegunLogin(begun), err
}

// callback signs the person in, or says why not. An outage leaves the state as
// it is.
func (l *socialLogin) callback(ctx workflow.Context, c LoginCallback) (Login, error) {
	if err := l.turn.Lock(ctx); err != nil {
		return Login{}, err
	}
	defer l.turn.Unlock()
	if !l.accepts(ctx, c) { // somebody was faster
		return login(ctx, &noState, everlatch.Principal{}, ""), nil
	}
	exchanged, err := externalCall(ctx, redirects.ExchangeCode, activities.ExchangeCodeInput{
		Provider: l.in.Provider, CallbackURL: l.in.CallbackURL, Secrets: l.in.Secrets, Answer: c.Answer,
		Tokens: l.in.Tokens, TTL: l.in.TTL,
	})
	if err != nil {
		return Login{}, err
	}
	if exchanged.Refusal != nil {
		return l.end(ctx, LoginRefused, activities.RegisterIdentityOutput{Refusal: exchanged.Refusal})
	}
	profile, err := externalCall(ctx, redirects.ReadProfile, activities.ReadProfileInput{
		ActorType: l.in.ActorType, Provider: l.in.Provider, Tokens: l.in.Tokens,
		IdentityID: l.in.IdentityID, ProviderIdentityID: l.in.ProviderIdentityID, GroupID: groupID(ctx),
		LinkTo: l.in.LinkTo,
	})
	if l.unheard = err != nil; l.unheard {
		return Login{}, err
	}
	if profile.Refusal != nil {
		return l.end(ctx, LoginRefused, profile)
	}
	return l.end(ctx, LoginSignedIn, profile)
}

func (l *socialLogin) end(ctx workflow.Context, outcome string, r activities.RegisterIdentityOutput) (Login, error) {
	l.outcome = outcome
	if r.Created {
		if err := releaseEvents(ctx); err != nil {
			return Login{}, err
		}
	}
	return login(ctx, r.Refusal, r.Principal, ""), nil
}
