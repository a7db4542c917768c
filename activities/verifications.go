package activities

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// Verifications makes and checks the codes that verify an address. It is the only code
// that sees them in clear.
type Verifications struct {
	Store *store.Store
	Vault *vault.Vault
	Codes *providers.Codes
	Now   func() time.Time
}

// RequestVerificationInput is the argument of [Verifications.RequestVerificationCode].
type RequestVerificationInput struct {
	IdentityID   string `json:"identity_id"`
	ActorType    string `json:"actor_type"`
	EntityID     string `json:"entity_id"`
	EntityType   string `json:"entity_type"`
	CodeProvider string `json:"code_provider"`
	// Recipient is the address that gets the mail, "" for none.
	Recipient string             `json:"recipient,omitempty"`
	Metadata  everlatch.Metadata `json:"metadata,omitempty"`
	Names     VerificationNames  `json:"names"`
	// Former is where an earlier code is sealed, which this one replaces.
	Former  []vault.Ref `json:"former,omitempty"`
	GroupID string      `json:"group_id"`
}

// VerificationNames name what a request creates, so that a repeated step finds its own
// work.
type VerificationNames struct {
	VerificationID string `json:"verification_id"`
	EventID        string `json:"event_id"`
	// Kept is where the [providers.Code] is sealed, and Code its value alone, for
	// subscribers.
	Kept vault.Ref `json:"kept"`
	Code vault.Ref `json:"code"`
}

// RequestVerificationOutput is a refusal or the record. A code was made unless the
// address is verified already.
type RequestVerificationOutput struct {
	Refusal      *everlatch.Refusal     `json:"refusal,omitempty"`
	Verification everlatch.Verification `json:"verification,omitzero"`
	// Tries is how many wrong codes end the request; 0 for codes that are not counted.
	Tries int `json:"tries,omitempty"`
	// Bearer is [providers.CodeRules.Bearer].
	Bearer bool `json:"bearer,omitempty"`
}

// RequestVerificationCode makes a code and records the event that mails it. The code is
// in the vault, for as long as it is good. For a verified address it does nothing
// (docs/weak-spots.md#w62).
func (a *Verifications) RequestVerificationCode(ctx context.Context, in RequestVerificationInput) (out RequestVerificationOutput, err error) {
	if _, err := enabled(ctx, a.Store, in.IdentityID); err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	known, err := a.Store.Verifications(ctx, in.IdentityID)
	if err != nil {
		return out, err
	}
	for _, v := range known {
		if v.EntityType == in.EntityType && store.SameEmail(v.EntityID, in.EntityID) && v.Verified() {
			out.Verification = v
			return out, nil
		}
	}
	provider, err := a.Codes.Get(in.CodeProvider)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	rules := provider.Rules()
	out.Bearer = rules.Bearer
	if !rules.Bearer {
		out.Tries = tries(rules)
	}
	code, err := a.make(ctx, provider, in, rules.TTL)
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.CodeProvider, err)
		return out, err
	}
	out.Verification, err = a.Store.RequestVerification(ctx, a.requested(in, code, rules))
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	return out, a.Vault.Delete(ctx, in.Former...)
}

func tries(rules providers.CodeRules) int {
	if rules.Tries == 0 {
		return providers.DefaultCodeTries
	}
	return rules.Tries
}

// make returns the code of a request: that of an earlier attempt, or a new one.
func (a *Verifications) make(ctx context.Context, p providers.CodeProvider, in RequestVerificationInput, ttl time.Duration) (providers.Code, error) {
	code, err := a.kept(ctx, in.Names.Kept)
	if isSecretGone(err) {
		code, err = a.fresh(ctx, p, in, ttl)
	}
	if err != nil || code.Value == "" {
		return code, err
	}
	return code, a.Vault.PutAt(ctx, in.Names.Code, vault.NewSecret([]byte(code.Value)), ttl)
}

// fresh makes a code and keeps it.
func (a *Verifications) fresh(ctx context.Context, p providers.CodeProvider, in RequestVerificationInput, ttl time.Duration) (providers.Code, error) {
	code, err := p.NewCode(ctx, providers.CodeRequest{
		AuthIdentityID: in.IdentityID, EntityID: in.EntityID, EntityType: in.EntityType, Key: in.Names.EventID,
	})
	if err != nil {
		return code, err
	}
	raw, err := json.Marshal(code)
	if err != nil {
		return code, errors.New("the code is not JSON") // the cause may quote it
	}
	if err := a.Vault.PutAt(ctx, in.Names.Kept, vault.NewSecret(raw), ttl); err != nil {
		return code, err
	}
	return a.kept(ctx, in.Names.Kept) // an attempt that ran beside this one may have been first
}

func (a *Verifications) kept(ctx context.Context, ref vault.Ref) (code providers.Code, err error) {
	secret, err := a.Vault.Get(ctx, ref)
	if err != nil {
		return code, err
	}
	if json.Unmarshal(secret.Reveal(), &code) != nil {
		return code, errors.New("the sealed code is not one") // the cause would quote it
	}
	return code, nil
}

func isSecretGone(err error) bool {
	return errors.Is(err, &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonSecretExpired})
}

// requested is the record of a request and its event (docs/contract.md#s7).
func (a *Verifications) requested(in RequestVerificationInput, code providers.Code, rules providers.CodeRules) store.NewVerification {
	now := a.Now().UTC()
	metadata := in.Metadata
	if metadata == nil {
		metadata = everlatch.Metadata{}
	}
	out := store.NewVerification{
		Verification: everlatch.Verification{
			ID: in.Names.VerificationID, AuthIdentityID: in.IdentityID, EntityID: in.EntityID, EntityType: in.EntityType,
			CodeProvider: in.CodeProvider, RequestedAt: now, ExpiresAt: now.Add(rules.TTL), Metadata: metadata,
		},
		RequestID: in.Names.EventID,
		Event: everlatch.Event{
			ID: in.Names.EventID, Name: everlatch.EventVerificationRequested, GroupID: in.GroupID, AuthIdentityID: in.IdentityID,
			ReleasedAt: &now, Data: everlatch.Metadata{
				"entity_id": in.EntityID, "entity_type": in.EntityType, "code_provider": in.CodeProvider,
				"auth_identity_id": in.IdentityID, "expires_at": now.Add(rules.TTL).Format(time.RFC3339),
				"metadata": metadata, "actor_type": in.ActorType,
			},
		},
	}
	if code.Value != "" {
		out.Event.Data["code"] = everlatch.SecretRef(string(in.Names.Code))
	}
	if in.Recipient != "" {
		out.Event.Data["email"] = in.Recipient
	}
	if rules.Bearer {
		out.Event.Data["bearer"] = true
		out.CodeHash = a.Vault.Hash(providers.CodePurpose, code.Value)
	}
	return out
}

// CheckVerificationInput is the argument of [Verifications.CheckVerificationCode].
type CheckVerificationInput struct {
	CodeProvider string `json:"code_provider"`
	// Kept is where the code is sealed, and Typed where what the user typed is.
	Kept  vault.Ref `json:"kept"`
	Typed vault.Ref `json:"typed"`
}

// CheckVerificationOutput says whether it is the code.
type CheckVerificationOutput struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	Right   bool               `json:"right,omitempty"`
	// Void says that the code is gone: it has expired.
	Void bool `json:"void,omitempty"`
}

// CheckVerificationCode lets the provider compare what a user typed with the code.
func (a *Verifications) CheckVerificationCode(ctx context.Context, in CheckVerificationInput) (out CheckVerificationOutput, err error) {
	provider, err := a.Codes.Get(in.CodeProvider)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	typed, err := a.Vault.Get(ctx, in.Typed)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	code, err := a.kept(ctx, in.Kept)
	if isSecretGone(err) {
		out.Void = true
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Right, err = provider.Check(ctx, code, string(typed.Reveal()))
	if err != nil {
		out.Refusal, err = refusalBy(ctx, in.CodeProvider, err)
	}
	return out, err
}

// ConfirmVerificationInput is the argument of [Verifications.ConfirmVerification].
type ConfirmVerificationInput struct {
	IdentityID string            `json:"identity_id"`
	ActorType  string            `json:"actor_type"`
	Names      VerificationNames `json:"names"`
	// Proves is [store.Confirmation.Proves].
	Proves  bool   `json:"proves,omitempty"`
	EventID string `json:"event_id"`
	GroupID string `json:"group_id"`
}

// ConfirmVerificationOutput is the verified address.
type ConfirmVerificationOutput struct {
	Verification everlatch.Verification `json:"verification,omitzero"`
	// Void says that the identity is gone or disabled.
	Void bool `json:"void,omitempty"`
}

// ConfirmVerification makes an address verified whose code was presented, and destroys
// the code.
func (a *Verifications) ConfirmVerification(ctx context.Context, in ConfirmVerificationInput) (out ConfirmVerificationOutput, err error) {
	now := a.Now().UTC()
	record, err := a.Store.Verification(ctx, in.Names.VerificationID)
	if err == nil {
		_, err = enabled(ctx, a.Store, in.IdentityID)
	}
	if err == nil {
		out.Verification, err = a.Store.ConfirmVerification(ctx, store.Confirmation{
			IdentityID: in.IdentityID, VerificationID: in.Names.VerificationID, RequestID: in.Names.EventID, Proves: in.Proves,
			Event: everlatch.Event{
				ID: in.EventID, Name: everlatch.EventVerificationConfirmed, GroupID: in.GroupID, AuthIdentityID: in.IdentityID,
				ReleasedAt: &now, Data: everlatch.Metadata{
					"verification_id": record.ID, "entity_id": record.EntityID, "entity_type": record.EntityType,
					"code_provider": record.CodeProvider, "auth_identity_id": in.IdentityID, "actor_type": in.ActorType,
				},
			},
		})
	}
	if errors.Is(err, everlatch.ErrNotFound) || errors.Is(err, errDisabled) {
		return ConfirmVerificationOutput{Void: true}, nil
	}
	if err != nil {
		return out, err
	}
	return out, a.Vault.Delete(ctx, in.Names.Kept, in.Names.Code)
}
