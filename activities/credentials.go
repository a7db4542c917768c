package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// Credentials registers and authenticates users by what their request
// carries. It is the only code that sees such a request in clear.
type Credentials struct {
	Store     *store.Store
	Vault     *vault.Vault
	Providers *providers.Registry
	Tokens    *tokens.Tokens
	Now       func() time.Time
	// LoginEvents records each sign-in and each refused one.
	LoginEvents bool
	// Types are the custom actor types, by name.
	Types map[string]everlatch.ActorType
}

// CheckCredentialsInput is the argument of [Credentials.CheckCredentials].
type CheckCredentialsInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Request refers to a sealed [providers.Input].
	Request vault.Ref `json:"request"`
	// EventID is the id of the event of this sign-in. Without one it is made of
	// the run, which then signs in once.
	EventID string `json:"event_id,omitempty"`
	// Slow says that the step may call another machine. Without it, a provider that
	// would is not asked.
	Slow bool `json:"slow,omitempty"`
	// Direct says why there is no workflow, see [Direct]; the event tells it.
	Direct string `json:"-"`
}

// CheckCredentialsOutput is a refusal, a proven principal, or Slow: the provider calls
// another machine and was not asked, because the input does not say Slow.
type CheckCredentialsOutput struct {
	Slow      bool                `json:"slow,omitempty"`
	Refusal   *everlatch.Refusal  `json:"refusal,omitempty"`
	Principal everlatch.Principal `json:"principal,omitzero"`
}

// CheckCredentials lets the provider decide about a sign-in. It writes only
// when the provider renews the record (a better password hash, docs/weak-spots.md#w24) or when
// the identity was last used more than an hour ago.
func (a *Credentials) CheckCredentials(
	ctx context.Context, in CheckCredentialsInput,
) (out CheckCredentialsOutput, err error) {
	provider, err := a.Providers.Credentials(in.Provider)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	if out.Slow = !in.Slow && providers.IsSlow(provider); out.Slow {
		return out, nil
	}
	request, subject, err := a.claim(ctx, provider, in.Request)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	return a.decide(ctx, in, provider, request, subject)
}

// decide is CheckCredentials for a request that was opened.
func (a *Credentials) decide(
	ctx context.Context, in CheckCredentialsInput, provider providers.Credentials, request providers.Input, subject providers.Subject,
) (out CheckCredentialsOutput, err error) {
	cred, rec, err := a.find(ctx, in.Provider, subject)
	if err != nil {
		return out, err
	}
	if !cred.Identity.DisabledAt.IsZero() {
		rec = nil // a disabled identity looks and costs like one that doesn't exist
	}
	verdict, err := provider.Authenticate(ctx, request, rec)
	if err != nil {
		if out.Refusal, err = refusalBy(ctx, in.Provider, err); out.Refusal != nil && out.Refusal.Reason != everlatch.ReasonBusy {
			err = a.recordLogin(ctx, everlatch.EventLoginFailed, in, cred)
		}
		return out, err
	}
	if rec == nil {
		return out, fmt.Errorf("provider %s accepted an unknown subject", in.Provider)
	}
	err = a.Store.RecordUse(ctx, store.Use{
		IdentityID: cred.Identity.ID, ProviderIdentityID: cred.Provider.ID, SeenAt: cred.Provider.UpdatedAt,
		ProviderMetadata: verdict.ProviderMetadata, UserMetadata: verdict.UserMetadata,
		VerifiedEmail: cred.Provider.VerifiedEmail, Incomplete: !cred.Identity.MFAEnabledAt.IsZero(),
	})
	if verdict.UserMetadata != nil {
		cred.Provider.UserMetadata = verdict.UserMetadata
	}
	if err != nil {
		return out, err
	}
	out.Principal = principal(cred, in.ActorType)
	if out.Principal.MFAEnabled {
		return out, nil // the second factor completes the sign-in, see [Challenges.PassChallenge]
	}
	return out, a.recordLogin(ctx, everlatch.EventLoginSucceeded, in, cred)
}

func (a *Credentials) recordLogin(ctx context.Context, name string, in CheckCredentialsInput, cred store.Credential) error {
	return signInAttempt{
		eventID: in.EventID, actorType: in.ActorType, provider: in.Provider, direct: in.Direct,
		identityID: cred.Identity.ID, actorID: cred.Identity.ActorID(in.ActorType),
	}.record(ctx, a.Store, a.LoginEvents, name)
}

// DiscardIdentityInput is the argument of [Credentials.DiscardIdentity].
type DiscardIdentityInput struct {
	IdentityID string `json:"identity_id"`
	GroupID    string `json:"group_id"`
}

// DiscardIdentity undoes [Credentials.RegisterIdentity]. It knows the identity
// by the id that this flow chose, so it can never remove one that was there
// before, nor one that another request linked meanwhile.
func (a *Credentials) DiscardIdentity(ctx context.Context, in DiscardIdentityInput) (None, error) {
	return None{}, a.Store.DiscardIdentity(ctx, in.IdentityID, in.GroupID)
}

// claim opens a sealed request and asks the provider whom it is about.
func (a *Credentials) claim(
	ctx context.Context, provider providers.Credentials, ref vault.Ref,
) (in providers.Input, subject providers.Subject, err error) {
	secret, err := a.Vault.Get(ctx, ref)
	if err != nil {
		return in, subject, err
	}
	if json.Unmarshal(secret.Reveal(), &in) != nil {
		// The cause would quote the request.
		return in, subject, errors.New("the sealed request is not what flows sealed")
	}
	subject, err = provider.Identify(in)
	return in, subject, err
}

// find returns the credential of a subject, and nil for the record when
// no identity has it.
func (a *Credentials) find(
	ctx context.Context, provider string, subject providers.Subject,
) (store.Credential, *providers.Record, error) {
	cred, err := a.Store.FindCredential(ctx, provider, subject.EntityKey)
	if errors.Is(err, everlatch.ErrNotFound) {
		return cred, nil, nil
	}
	if err != nil {
		return cred, nil, err
	}
	return cred, &providers.Record{
		EntityID:         cred.Provider.EntityID,
		UserMetadata:     cred.Provider.UserMetadata,
		ProviderMetadata: cred.Provider.ProviderMetadata,
		// A disabled identity doesn't register again.
		Linked: len(cred.Identity.Links) > 0 || !cred.Identity.DisabledAt.IsZero(),
	}, nil
}

// reserved returns a record that is taken for an address that its former owner may
// have back (docs/weak-spots.md#w13), and nil for any other. To the caller who registers, one looks like
// the other.
func (a *Credentials) reserved(ctx context.Context, subject providers.Subject) (*providers.Record, error) {
	for _, address := range []string{subject.EntityID, subject.EntityKey} {
		held, err := a.Store.EmailHeld(ctx, address)
		if err != nil {
			return nil, err
		}
		if held {
			return &providers.Record{EntityID: subject.EntityID, Linked: true}, nil
		}
	}
	return nil, nil //nolint:nilnil // not held for anyone, which is not an error
}

func principal(cred store.Credential, actorType string) everlatch.Principal {
	p := everlatch.Principal{
		AuthIdentityID:    cred.Identity.ID,
		AuthProvider:      cred.Provider.Provider,
		ActorType:         actorType,
		ActorID:           cred.Identity.ActorID(actorType),
		CredentialVersion: cred.Identity.CredentialVersion,
		Links:             cred.Identity.Links,
		UserMetadata:      cred.Provider.UserMetadata,
		MFAEnabled:        !cred.Identity.MFAEnabledAt.IsZero(),
	}
	if actorType == everlatch.ActorCustomer { // only customers can ask for it
		p.DeletionAt = cred.Identity.DeletionAt
	}
	return p
}
