package activities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// PasskeyMethod is the second factor whose devices also sign in, with PasskeyProvider.
const (
	PasskeyMethod   = "webauthn"
	PasskeyProvider = "passkey"
)

// Passkeys checks the answers of devices. The same answer gets the same token for as long
// as Temporal keeps the flow, so it passes through the vault alone.
type Passkeys struct {
	Store     *store.Store
	Vault     *vault.Vault
	Keys      vault.FactorKeys
	Providers *providers.Registry
	Now       func() time.Time
	// LoginEvents records each sign-in and each refused one.
	LoginEvents bool
	// Types are the custom actor types, by name.
	Types map[string]everlatch.ActorType
}

// ChallengeHash is what a flow keeps of a challenge.
func ChallengeHash(challenge string) string {
	sum := sha256.Sum256([]byte(challenge))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// CheckPasskeyInput is the argument of [Passkeys.CheckPasskey].
type CheckPasskeyInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Challenge is the [ChallengeHash] of the one that has to be answered.
	Challenge string `json:"challenge"`
	// Answer refers to the sealed answer of the device.
	Answer  vault.Ref `json:"answer"`
	GroupID string    `json:"group_id"`
	// At is when the answer arrived.
	At time.Time `json:"at"`
}

// CheckPasskey signs in with a passkey of any identity. Its counter is recorded for the
// flow, so that a repeated run finds its own.
func (a *Passkeys) CheckPasskey(ctx context.Context, in CheckPasskeyInput) (out CheckCredentialsOutput, err error) {
	answer, err := a.open(ctx, in.Provider, in.Answer, in.Challenge)
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.Provider, err)
		return out, err
	}
	found, err := a.find(ctx, in.Provider, answer.claim)
	if err != nil {
		return out, err
	}
	out.Principal, err = a.check(ctx, in, answer, found)
	if err == nil && out.Principal.NeedsFactor() {
		return out, nil // the second factor completes the sign-in, see [Challenges.PassChallenge]
	}
	if err == nil {
		return out, a.recordLogin(ctx, everlatch.EventLoginSucceeded, in, found)
	}
	if isCloned(err) {
		if err := a.markCloned(ctx, in, found); err != nil {
			return out, err
		}
	}
	if out.Refusal, err = refusalBy(ctx, in.Provider, err); err == nil {
		err = a.recordLogin(ctx, everlatch.EventLoginFailed, in, found)
	}
	return out, err
}

// answered is what a device has sent, and what it claims to be.
type answered struct {
	provider providers.Passkeys
	raw      []byte
	claim    providers.PasskeyClaim
}

// open returns a sealed answer. One to another challenge is refused.
func (a *Passkeys) open(ctx context.Context, id string, ref vault.Ref, challenge string) (out answered, err error) {
	if out.provider, err = a.Providers.Passkeys(id); err != nil {
		return out, err
	}
	secret, err := a.Vault.Get(ctx, ref)
	if err != nil {
		return out, err
	}
	out.raw = secret.Reveal()
	if out.claim, err = out.provider.Read(out.raw); err != nil {
		return out, err
	}
	if subtle.ConstantTimeCompare([]byte(ChallengeHash(out.claim.Challenge)), []byte(challenge)) != 1 {
		return out, &everlatch.Error{
			Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonPasskeyRefused, Err: errors.New("the answer is to another challenge"),
		}
	}
	return out, nil
}

// find returns the passkey that an answer claims, nil for none: ids are chosen by devices,
// and the user handle tells whose a passkey is.
func (a *Passkeys) find(ctx context.Context, provider string, claim providers.PasskeyClaim) (*store.Passkey, error) {
	found, err := a.Store.FindPasskey(ctx, provider, claim.ID)
	if errors.Is(err, everlatch.ErrNotFound) || err == nil && !owns(found, claim) {
		found, err = a.Store.FindPasskeyFactor(ctx, PasskeyMethod, claim.ID)
		found.Provider.Provider = provider
	}
	if errors.Is(err, everlatch.ErrNotFound) || err == nil && !owns(found, claim) {
		return nil, nil //nolint:nilnil // the provider refuses it
	}
	return &found, err
}

func owns(p store.Passkey, claim providers.PasskeyClaim) bool {
	return bytes.Equal(claim.Handle, providers.PasskeyHandle(p.Identity.ID))
}

// record is what the provider keeps of a passkey.
func (a *Passkeys) record(p *store.Passkey, flow string) (*providers.PasskeyRecord, error) {
	rec := &providers.PasskeyRecord{ID: p.Provider.EntityID, Counter: p.Counter, Data: p.Provider.ProviderMetadata}
	if p.UsedBy == flow {
		rec.Counter = max(rec.Counter-1, 0) // by an earlier run of this step
	}
	if p.FactorID == "" {
		return rec, nil
	}
	secret, err := a.Keys.OpenFactor(p.Identity.ID, p.FactorID, p.Secret)
	if err == nil && json.Unmarshal(secret, &rec.Data) != nil {
		err = errors.New("a second factor is not a passkey")
	}
	return rec, err
}

// use records an accepted answer, and reports whether it counts.
func (a *Passkeys) use(ctx context.Context, p *store.Passkey, flow string, use providers.PasskeyUse) (bool, error) {
	switch {
	case p.FactorID == "":
		return a.Store.UsePasskey(ctx, store.PasskeyUse{
			IdentityID: p.Identity.ID, ProviderIdentityID: p.Provider.ID, Counter: use.Counter, UsedBy: flow, Metadata: use.Data,
		})
	case p.UsedBy == flow: // by an earlier run of this step
		return true, nil
	}
	raw, err := json.Marshal(use.Data)
	if err != nil {
		return false, err
	}
	return a.Store.UseFactor(ctx, store.FactorUse{
		IdentityID: p.Identity.ID, FactorID: p.FactorID, ID: flow, Counter: use.Counter,
		Secret: new(a.Keys.SealFactor(p.Identity.ID, p.FactorID, raw)),
	})
}

func (a *Passkeys) check(ctx context.Context, in CheckPasskeyInput, answer answered, found *store.Passkey) (out everlatch.Principal, err error) {
	var rec *providers.PasskeyRecord
	if found != nil && found.Identity.DisabledAt.IsZero() { // that of a disabled identity looks like an unknown one
		if rec, err = a.record(found, in.GroupID); err != nil {
			return out, err
		}
	}
	use, err := answer.provider.Verify(answer.raw, answer.claim.Challenge, rec)
	if err != nil {
		return out, err
	}
	if rec == nil {
		return out, errors.New("a provider accepted an unknown passkey")
	}
	if found.FactorID != "" && !use.UserVerified { // one factor cannot be the first and the second one
		return out, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonPasskeyUnverified}
	}
	ok, err := a.use(ctx, found, in.GroupID, use)
	if err == nil && !ok {
		err = &everlatch.Error{
			Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonPasskeyCloned, Err: errors.New("another answer with this counter was faster"),
		}
	}
	if err != nil {
		return out, err
	}
	out = principal(found.Credential, in.ActorType)
	if use.UserVerified {
		out.MFACompletedAt = in.At // the device and its PIN are two factors
	}
	return out, a.Store.RecordUse(ctx, store.Use{
		IdentityID: found.Identity.ID, ProviderIdentityID: found.Provider.ID, Incomplete: out.NeedsFactor(),
	})
}

func (a *Passkeys) recordLogin(ctx context.Context, name string, in CheckPasskeyInput, found *store.Passkey) error {
	attempt := signInAttempt{actorType: in.ActorType, provider: in.Provider}
	if found != nil {
		attempt.identityID, attempt.actorID = found.Identity.ID, found.Identity.ActorID(in.ActorType)
	}
	return attempt.record(ctx, a.Store, a.LoginEvents, name)
}

// markCloned marks a passkey that signs in, and tells its owner.
func (a *Passkeys) markCloned(ctx context.Context, in CheckPasskeyInput, p *store.Passkey) error {
	ref := store.CredentialRef{IdentityID: p.Identity.ID, ID: p.Provider.ID, Provider: in.Provider}
	if p.FactorID != "" {
		ref.ID, ref.Provider, ref.Factor = p.FactorID, PasskeyMethod, true
	}
	return markCloned(ctx, a.Store, a.Types, a.Now(), in.ActorType, ref)
}

// isCloned reports whether a passkey has signed with an old counter.
func isCloned(err error) bool {
	e, ok := errors.AsType[*everlatch.Error](err)
	return ok && e.Reason == everlatch.ReasonPasskeyCloned
}

// markCloned marks a passkey whose key may have been copied, and tells its owner once.
func markCloned(
	ctx context.Context, s *store.Store, types map[string]everlatch.ActorType, now time.Time, actorType string, ref store.CredentialRef,
) error {
	identity, err := s.Identity(ctx, ref.IdentityID)
	if err != nil {
		return err
	}
	email, err := addressOf(ctx, s, types, identity, actorType)
	if err != nil {
		return err
	}
	data := everlatch.Metadata{"auth_identity_id": identity.ID, "actor_type": actorType}
	if ref.Factor {
		data["mfa_id"] = ref.ID
	} else {
		data["provider_identity_id"] = ref.ID
	}
	if email != "" {
		data["email"] = email
	}
	return s.MarkCloned(ctx, ref, everlatch.Event{
		ID: ids.New(ids.Event, now), Name: everlatch.EventPasskeyCloned, AuthIdentityID: identity.ID, Data: data,
	})
}
