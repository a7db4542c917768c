package activities

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/codes"
)

// EmailSignIns makes and checks the codes by which users sign in with their address. It is
// the only code that sees them in clear.
type EmailSignIns struct {
	Store     *store.Store
	Vault     *vault.Vault
	Providers *providers.Registry
	Now       func() time.Time
	// LoginEvents records each sign-in and each refused one.
	LoginEvents bool

	linkByEmail []string
	types       map[string]everlatch.ActorType
}

func newEmailSignIns(d Deps, types map[string]everlatch.ActorType) *EmailSignIns {
	return &EmailSignIns{
		Store: d.Store, Vault: d.Vault, Providers: d.Providers, Now: d.Now, LoginEvents: d.LoginEvents,
		linkByEmail: d.LinkByEmail, types: types,
	}
}

// The purposes of the keyed hashes that flows keep.
const (
	signInCodePurpose  = "sign-in-code"
	signInTokenPurpose = "sign-in-token"
)

// tokenBytes is the length of the random part of a link's token.
const tokenBytes = 32

// EmailCodeNames name what a request for a code creates, so that a repeated step finds its
// own work.
type EmailCodeNames struct {
	// Kept is where code and token are sealed together, Code and Token where each is for
	// subscribers.
	Kept    vault.Ref `json:"kept"`
	Code    vault.Ref `json:"code"`
	Token   vault.Ref `json:"token"`
	EventID string    `json:"event_id"`
	// IdentityID and ProviderIdentityID are for an address without an identity.
	IdentityID         string `json:"identity_id"`
	ProviderIdentityID string `json:"provider_identity_id"`
}

// MakeEmailCodeInput is the argument of [EmailSignIns.MakeEmailCode].
type MakeEmailCodeInput struct {
	ActorType string         `json:"actor_type"`
	Provider  string         `json:"provider"`
	Email     string         `json:"email"`
	Names     EmailCodeNames `json:"names"`
	// Flow is what the token begins with: it finds the flow.
	Flow    string `json:"flow"`
	GroupID string `json:"group_id"`
}

// MakeEmailCodeOutput is what the flow keeps of a code.
type MakeEmailCodeOutput struct {
	// CodeHash and TokenHash are keyed hashes.
	CodeHash  string    `json:"code_hash"`
	TokenHash string    `json:"token_hash"`
	ExpiresAt time.Time `json:"expires_at"`
	Tries     int       `json:"tries"`
	// Known is false where the code is not mailed, because the address has no identity and
	// gets none.
	Known bool `json:"known"`
}

// emailCode is what is sealed.
type emailCode struct {
	Code  string `json:"code"`
	Token string `json:"token"`
}

// MakeEmailCode makes a code and a link, and records the event that mails them. For an
// address without an identity that gets none, the code is made and nothing is mailed.
func (a *EmailSignIns) MakeEmailCode(ctx context.Context, in MakeEmailCodeInput) (out MakeEmailCodeOutput, err error) {
	provider, err := a.Providers.EmailCodes(in.Provider)
	if err != nil {
		return out, err
	}
	rules := provider.Rules()
	code, err := a.make(ctx, in, rules.TTL)
	if err != nil {
		return out, err
	}
	if out.Known = rules.Register; !out.Known {
		if out.Known, err = a.known(ctx, in.Provider, in.Email); err != nil {
			return out, err
		}
	}
	out.CodeHash, out.TokenHash = a.Vault.Hash(signInCodePurpose, code.Code), a.Vault.Hash(signInTokenPurpose, code.Token)
	out.ExpiresAt, out.Tries = a.Now().UTC().Add(rules.TTL), rules.Tries
	if out.Known {
		now := a.Now().UTC()
		err = a.Store.RecordEvent(ctx, everlatch.Event{
			ID: in.Names.EventID, Name: everlatch.EventSignInCodeRequested, GroupID: in.GroupID, ReleasedAt: &now,
			Data: everlatch.Metadata{
				"email": in.Email, "provider": in.Provider, "actor_type": in.ActorType,
				"code": everlatch.SecretRef(string(in.Names.Code)), "token": everlatch.SecretRef(string(in.Names.Token)),
				"expires_at": out.ExpiresAt.Format(time.RFC3339),
			},
		})
	}
	return out, err
}

// make returns the code of a request: that of an earlier attempt, or a new one.
func (a *EmailSignIns) make(ctx context.Context, in MakeEmailCodeInput, ttl time.Duration) (code emailCode, err error) {
	secret, err := a.Vault.Get(ctx, in.Names.Kept)
	if isSecretGone(err) {
		random := make([]byte, tokenBytes)
		_, _ = rand.Read(random) // ends the program rather than fail
		raw, err := json.Marshal(emailCode{codes.Digits(), in.Flow + "." + base64.RawURLEncoding.EncodeToString(random)})
		if err != nil {
			return code, errors.New("the code is not JSON") // the cause may quote it
		}
		if err := a.Vault.PutAt(ctx, in.Names.Kept, vault.NewSecret(raw), ttl); err != nil {
			return code, err
		}
		secret, err = a.Vault.Get(ctx, in.Names.Kept) // an attempt that ran beside this one may have been first
		if err != nil {
			return code, err
		}
	} else if err != nil {
		return code, err
	}
	if json.Unmarshal(secret.Reveal(), &code) != nil {
		return code, errors.New("the sealed code is not one") // the cause would quote it
	}
	if err := a.Vault.PutAt(ctx, in.Names.Code, vault.NewSecret([]byte(code.Code)), ttl); err != nil {
		return code, err
	}
	return code, a.Vault.PutAt(ctx, in.Names.Token, vault.NewSecret([]byte(code.Token)), ttl)
}

// profiles finds identities as for a provider that vouches for the address: the user
// who has the code reads the mails.
func (a *EmailSignIns) profiles(provider string) *Redirects {
	trusted := append(slices.Clone(a.linkByEmail), provider)
	for _, p := range a.Providers.List(nil) {
		if _, err := a.Providers.Registrar(p.ID); err == nil {
			trusted = append(trusted, p.ID) // their addresses are proven by our own mails
		}
	}
	return &Redirects{Store: a.Store, Vault: a.Vault, Providers: a.Providers, Now: a.Now, LinkByEmail: trusted, Types: a.types}
}

func profileOf(email string) providers.Profile {
	return providers.Profile{EntityID: email, Email: email, EmailVerified: true}
}

// known reports whether an address signs in to an identity, by itself or by linking.
func (a *EmailSignIns) known(ctx context.Context, provider, email string) (bool, error) {
	cred, err := a.Store.FindCredential(ctx, provider, email)
	if err == nil {
		return cred.Identity.DisabledAt.IsZero(), nil
	}
	if !errors.Is(err, everlatch.ErrNotFound) {
		return false, err
	}
	owner, err := a.profiles(provider).sameEmail(ctx, provider, profileOf(email))
	if err == nil && owner == "" {
		if owner, err = a.profiles(provider).unproven(ctx, email); err == nil {
			_, err = enabled(ctx, a.Store, owner)
		}
	}
	if errors.Is(err, errNotTakenOver) || errors.Is(err, errDisabled) || errors.Is(err, everlatch.ErrNotFound) {
		return false, nil
	}
	return owner != "", err
}

// CheckEmailCodeInput is the argument of [EmailSignIns.CheckEmailCode].
type CheckEmailCodeInput struct {
	// Typed is where what the user brings is sealed: a code, or with Link the token of a
	// link. Hash is that of the latest right one, Earlier those of others.
	Typed   vault.Ref `json:"typed"`
	Link    bool      `json:"link,omitempty"`
	Hash    string    `json:"hash"`
	Earlier []string  `json:"earlier,omitempty"`

	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	EventID   string `json:"event_id"`
}

// CheckEmailCodeOutput says whether it is the code.
type CheckEmailCodeOutput struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	Right   bool               `json:"right,omitempty"`
	// Which is 0 for the latest one, and then the place in Earlier, from 1.
	Which int `json:"which,omitempty"`
}

// CheckEmailCode compares what a user brings with what was mailed.
func (a *EmailSignIns) CheckEmailCode(ctx context.Context, in CheckEmailCodeInput) (out CheckEmailCodeOutput, err error) {
	secret, err := a.Vault.Get(ctx, in.Typed)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	purpose, typed := signInTokenPurpose, string(secret.Reveal())
	if !in.Link {
		purpose, typed = signInCodePurpose, strings.NewReplacer(" ", "", "-", "").Replace(typed)
	}
	for _, hash := range a.Vault.HashEach(purpose, typed) {
		for i, right := range append([]string{in.Hash}, in.Earlier...) {
			if subtle.ConstantTimeCompare([]byte(hash), []byte(right)) == 1 {
				out.Right, out.Which = true, i
			}
		}
	}
	if !out.Right {
		err = a.recordLogin(ctx, everlatch.EventLoginFailed, in.EventID, in.ActorType, in.Provider, everlatch.Principal{})
	}
	return out, err
}

// SignInByEmailInput is the argument of [EmailSignIns.SignInByEmail].
type SignInByEmailInput struct {
	ActorType string         `json:"actor_type"`
	Provider  string         `json:"provider"`
	Email     string         `json:"email"`
	Names     EmailCodeNames `json:"names"`
	EventID   string         `json:"event_id"`
	GroupID   string         `json:"group_id"`
	// KnownOnly is as in [ReadProfileInput].
	KnownOnly bool `json:"known_only,omitempty"`
}

// SignInByEmail finds or creates the identity of a user who has proven an address. The
// address is proven for it from now on (docs/proof.md).
func (a *EmailSignIns) SignInByEmail(ctx context.Context, in SignInByEmailInput) (out RegisterIdentityOutput, err error) {
	provider, err := a.Providers.EmailCodes(in.Provider)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	out, err = a.profiles(in.Provider).identify(ctx, ReadProfileInput{
		ActorType: in.ActorType, Provider: in.Provider, IdentityID: in.Names.IdentityID,
		ProviderIdentityID: in.Names.ProviderIdentityID, GroupID: in.GroupID, KnownOnly: in.KnownOnly,
		NoRegistration: !provider.Rules().Register,
	}, profileOf(in.Email))
	if err != nil || out.Refusal != nil || out.Unknown || out.Principal.NeedsFactor() {
		return out, err
	}
	return out, a.recordLogin(ctx, everlatch.EventLoginSucceeded, in.EventID, in.ActorType, in.Provider, out.Principal)
}

func (a *EmailSignIns) recordLogin(ctx context.Context, name, id, actorType, provider string, p everlatch.Principal) error {
	return signInAttempt{
		eventID: id, actorType: actorType, provider: provider, identityID: p.AuthIdentityID, actorID: p.ActorID,
	}.record(ctx, a.Store, a.LoginEvents, name)
}
