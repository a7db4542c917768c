package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// Redirects sends users to a provider and reads what they return with. State,
// nonce, verifier, code and tokens pass through the vault alone.
type Redirects struct {
	Store     *store.Store
	Vault     *vault.Vault
	Providers *providers.Registry
	Now       func() time.Time
	// LinkByEmail are the providers whose word about an address is enough to
	// take two of their accounts for one person; none is the safe default.
	LinkByEmail []string
	// TrustMFA are the providers whose word that a user has passed several factors there
	// counts as a second factor; none is the safe default.
	TrustMFA []string
	// LoginEvents records each sign-in and each refused one.
	LoginEvents bool
	// Types are the custom actor types, by name.
	Types map[string]everlatch.ActorType
}

// RedirectSecrets are what one sign-in is recognised by. They are sealed under
// one reference.
type RedirectSecrets struct {
	State        string `json:"state"`
	Nonce        string `json:"nonce"`
	CodeVerifier string `json:"code_verifier"`
}

// BeginRedirectInput is the argument of [Redirects.BeginRedirect].
type BeginRedirectInput struct {
	Provider    string `json:"provider"`
	CallbackURL string `json:"callback_url"`
	// Secrets refers to sealed [RedirectSecrets].
	Secrets vault.Ref     `json:"secrets"`
	TTL     time.Duration `json:"ttl"`
}

// BeginRedirectOutput is a refusal, or where the browser is sent.
type BeginRedirectOutput struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	// Location refers to the sealed address, which holds the state.
	Location vault.Ref `json:"location,omitempty"`
}

// BeginRedirect asks the provider for the address of a sign-in.
func (a *Redirects) BeginRedirect(ctx context.Context, in BeginRedirectInput) (out BeginRedirectOutput, err error) {
	provider, err := a.Providers.Redirect(in.Provider)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	var secrets RedirectSecrets
	if err := a.open(ctx, in.Secrets, &secrets); err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	location, err := provider.Begin(ctx, providers.Authorization{
		CallbackURL: in.CallbackURL, State: secrets.State, Nonce: secrets.Nonce, CodeVerifier: secrets.CodeVerifier,
	})
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.Provider, err)
		return out, err
	}
	out.Location, err = a.Vault.PutFor(ctx, vault.NewSecret([]byte(location)), in.TTL)
	return out, err
}

// ExchangeCodeInput is the argument of [Redirects.ExchangeCode].
type ExchangeCodeInput struct {
	ActorType   string    `json:"actor_type,omitempty"`
	Provider    string    `json:"provider"`
	CallbackURL string    `json:"callback_url"`
	Secrets     vault.Ref `json:"secrets"`
	// Answer refers to the sealed parameters of the callback.
	Answer vault.Ref `json:"answer"`
	// Tokens is where the tokens are to be sealed.
	Tokens vault.Ref     `json:"tokens"`
	TTL    time.Duration `json:"ttl"`
	// LinkTo is as in [ReadProfileInput].
	LinkTo string `json:"link_to,omitempty"`
}

// exchanged is what is sealed after a code was exchanged.
type exchanged struct {
	Tokens   providers.Tokens   `json:"tokens"`
	Callback providers.Callback `json:"callback"`
}

// ExchangeCode turns the code of a callback into tokens, and seals them. When
// an earlier run did so unheard, they are there: a code is good only once.
func (a *Redirects) ExchangeCode(ctx context.Context, in ExchangeCodeInput) (out Verdict, err error) {
	if _, err := a.Vault.Get(ctx, in.Tokens); err == nil || !errors.Is(err, everlatch.ErrInvalidData) {
		return out, err
	}
	provider, err := a.Providers.Redirect(in.Provider)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	callback, err := a.callback(ctx, in)
	if err == nil {
		var tokens providers.Tokens
		if tokens, err = provider.Exchange(ctx, callback); err == nil {
			callback.Code, callback.CodeVerifier = "", "" // used up
			delete(callback.Params, "code")
			return out, a.seal(ctx, in, exchanged{tokens, callback})
		}
	}
	if out.Refusal, err = refusalBy(ctx, in.Provider, err); err == nil {
		err = a.recordFailure(ctx, in.ActorType, in.Provider, in.LinkTo)
	}
	return out, err
}

func (a *Redirects) callback(ctx context.Context, in ExchangeCodeInput) (out providers.Callback, err error) {
	var secrets RedirectSecrets
	if err := a.open(ctx, in.Secrets, &secrets); err != nil {
		return out, err
	}
	var params map[string]string
	if err := a.open(ctx, in.Answer, &params); err != nil {
		return out, err
	}
	return providers.Callback{
		CallbackURL: in.CallbackURL, Code: params["code"], Nonce: secrets.Nonce, CodeVerifier: secrets.CodeVerifier, Params: params,
	}, nil
}

func (a *Redirects) seal(ctx context.Context, in ExchangeCodeInput, e exchanged) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return errors.New("the tokens are not JSON") // the cause would quote them
	}
	return a.Vault.PutAt(ctx, in.Tokens, vault.NewSecret(raw), in.TTL)
}

// ReadProfileInput is the argument of [Redirects.ReadProfile].
type ReadProfileInput struct {
	ActorType string    `json:"actor_type"`
	Provider  string    `json:"provider"`
	Tokens    vault.Ref `json:"tokens"`
	// IdentityID and ProviderIdentityID name what is created for a new identity.
	IdentityID         string `json:"identity_id"`
	ProviderIdentityID string `json:"provider_identity_id"`
	GroupID            string `json:"group_id"`
	// LinkTo is the identity that gets this way to sign in, "" for a sign-in.
	LinkTo string `json:"link_to,omitempty"`
	// KnownOnly creates and links nothing: for a user without an identity, the
	// outcome is Unknown.
	KnownOnly bool `json:"known_only,omitempty"`
	// NoRegistration creates no identity: for a user to whom none can be linked, the
	// outcome is Unknown.
	NoRegistration bool `json:"no_registration,omitempty"`
}

// ReadProfile verifies the tokens, and finds or creates the identity of the user who
// they speak of. Their claims take the place of the former ones (docs/weak-spots.md#w51). With
// LinkTo it is that identity's from now on, unless it is another's (docs/weak-spots.md#w17).
func (a *Redirects) ReadProfile(ctx context.Context, in ReadProfileInput) (out RegisterIdentityOutput, err error) {
	provider, err := a.Providers.Redirect(in.Provider)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	var e exchanged
	if err := a.open(ctx, in.Tokens, &e); err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	profile, err := provider.Profile(ctx, e.Tokens, e.Callback)
	if err != nil {
		if out.Refusal, err = refusalBy(ctx, in.Provider, err); err == nil {
			err = a.recordFailure(ctx, in.ActorType, in.Provider, in.LinkTo)
		}
		return out, err
	}
	if strings.TrimSpace(profile.EntityID) == "" {
		return out, fmt.Errorf("provider %s did not say who signed in", in.Provider)
	}
	if out, err = a.identify(ctx, in, profile); err != nil {
		return out, err
	}
	return out, a.recordSignIn(ctx, in, out)
}

// recordSignIn records a sign-in that is complete. A registration has an event of its own,
// and a second factor records the sign-in that it completes, see [Challenges.PassChallenge].
func (a *Redirects) recordSignIn(ctx context.Context, in ReadProfileInput, out RegisterIdentityOutput) error {
	switch {
	case out.Refusal != nil:
		return a.recordFailure(ctx, in.ActorType, in.Provider, in.LinkTo)
	case in.LinkTo != "" || out.Unknown || out.Created || out.Principal.NeedsFactor():
		return nil
	}
	return signInAttempt{
		actorType: in.ActorType, provider: in.Provider, identityID: out.Principal.AuthIdentityID, actorID: out.Principal.ActorID,
	}.record(ctx, a.Store, a.LoginEvents, everlatch.EventLoginSucceeded)
}

// recordFailure records that a provider, or an administrator here, has refused a sign-in.
func (a *Redirects) recordFailure(ctx context.Context, actorType, provider, linkTo string) error {
	if linkTo != "" {
		return nil // the user is signed in already
	}
	return signInAttempt{actorType: actorType, provider: provider}.record(ctx, a.Store, a.LoginEvents, everlatch.EventLoginFailed)
}

// principal is who signs in, and what the provider says about how: that they have passed
// several factors there counts here only where the configuration trusts the provider with
// it, and from when they have.
func (a *Redirects) principal(cred store.Credential, in ReadProfileInput, p providers.Profile) everlatch.Principal {
	out := principal(cred, in.ActorType)
	if len(p.AMR) == 0 {
		return out
	}
	out.AMR = slices.Clone(a.Providers.AMR(in.Provider))
	for _, method := range p.AMR {
		if !slices.Contains(out.AMR, method) {
			out.AMR = append(out.AMR, method)
		}
	}
	if slices.Contains(out.AMR, everlatch.AMRSeveral) && slices.Contains(a.TrustMFA, in.Provider) && !p.AuthenticatedAt.IsZero() {
		out.MFACompletedAt = p.AuthenticatedAt
		if now := a.Now().UTC(); out.MFACompletedAt.After(now) {
			out.MFACompletedAt = now
		}
	}
	return out
}

// wrapped is what is kept of a provider's tokens, nil for nothing (docs/weak-spots.md#w50).
func (a *Redirects) wrapped(provider string, p providers.Profile) (everlatch.Metadata, error) {
	if p.Secrets == nil {
		return nil, nil //nolint:nilnil // nothing is kept, which is no fault
	}
	raw, err := json.Marshal(p.Secrets) //nolint:gosec // to be sealed
	if err != nil {
		return nil, errors.New("the tokens are not JSON") // the cause would quote them
	}
	return everlatch.Metadata{store.TokensKey: a.Vault.Wrap(vault.NewSecret(raw), keys.TokensPurpose(provider, p.EntityID))}, nil
}

func (a *Redirects) open(ctx context.Context, ref vault.Ref, into any) error {
	secret, err := a.Vault.Get(ctx, ref)
	if err != nil {
		return err
	}
	if json.Unmarshal(secret.Reveal(), into) != nil {
		return errors.New("what was sealed is not what is expected") // the cause would quote it
	}
	return nil
}
