package activities

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
)

// RemoveFactorInput is the argument of [Factors.RemoveFactor].
type RemoveFactorInput struct {
	IdentityID string `json:"identity_id"`
	FactorID   string `json:"factor_id"`
	// ActorType is that of the account whose owner is told by mail.
	ActorType string `json:"actor_type"`
	// OnlyPending refuses to remove an enabled factor: it needs an answer first.
	OnlyPending bool `json:"only_pending,omitempty"`
	// RemovedBy is the administrator who removes it, with a Reason; nil for its owner.
	RemovedBy *everlatch.ActorRef `json:"removed_by,omitempty"`
	Reason    string              `json:"reason,omitempty"`
	EventID   string              `json:"event_id"`
	GroupID   string              `json:"group_id"`
	// SignInID is the sign-in of the owner who removes it.
	SignInID string `json:"sign_in_id,omitempty"`
}

// RemoveFactorOutput is a refusal, or the factor, which is disabled.
type RemoveFactorOutput struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	Factor  everlatch.Factor   `json:"factor,omitzero"`
}

// RemoveFactor disables a factor, pending or enabled. One that is disabled already stays
// so, without an event. With the last one, sign-ins need no second factor any more
// (docs/weak-spots.md#w60). With a passkey ends what began with a passkey of the identity.
func (a *Factors) RemoveFactor(ctx context.Context, in RemoveFactorInput) (out RemoveFactorOutput, err error) {
	out.Factor, err = a.remove(ctx, in)
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

func (a *Factors) remove(ctx context.Context, in RemoveFactorInput) (out everlatch.Factor, err error) {
	before, err := a.Store.Factor(ctx, in.IdentityID, in.FactorID)
	if err != nil || before.Status == everlatch.FactorDisabled {
		return before.Factor, err
	}
	if in.OnlyPending && before.Status == everlatch.FactorEnabled {
		return out, &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonRemovalUnproven}
	}
	if in.RemovedBy == nil { // an administrator may help a user whom another one has disabled
		if _, err := enabled(ctx, a.Store, in.IdentityID); err != nil {
			return out, err
		}
	}
	about := factorEventOf{
		identityID: in.IdentityID, eventID: in.EventID, groupID: in.GroupID,
		data: everlatch.Metadata{"mfa_id": before.ID, "provider": before.Provider},
	}
	if by := in.RemovedBy; by != nil {
		about.data["disabled_by"] = everlatch.Metadata{"actor_type": by.ActorType, "actor_id": by.ActorID}
		about.data["reason"] = in.Reason
	}
	if before.Status == everlatch.FactorEnabled { // nothing changes for a user whose factor was pending
		about.actorType = in.ActorType
	}
	ev, err := a.event(ctx, everlatch.EventMFADisabled, about)
	if err != nil {
		return out, err
	}
	if before.Provider == PasskeyMethod {
		_, err = a.Store.DisablePasskey(ctx, store.PasskeyRemoval{
			IdentityID: in.IdentityID, FactorID: in.FactorID, Provider: PasskeyProvider, KeptSignIn: in.SignInID, Event: ev,
		})
	} else {
		_, err = a.Store.DisableFactor(ctx, in.IdentityID, in.FactorID, ev)
	}
	if err != nil {
		return out, err
	}
	after, err := a.Store.Factor(ctx, in.IdentityID, in.FactorID)
	return after.Factor, err
}

// ExpireFactorInput is the argument of [Factors.ExpireFactor].
type ExpireFactorInput struct {
	IdentityID string `json:"identity_id"`
	FactorID   string `json:"factor_id"`
}

// ExpireFactor disables a factor that was never enabled.
func (a *Factors) ExpireFactor(ctx context.Context, in ExpireFactorInput) (None, error) {
	return None{}, a.Store.ExpireFactor(ctx, in.IdentityID, in.FactorID)
}

// MostRecoveryCodes is how many recovery codes an identity can have (docs/contract.md#s2-5).
const MostRecoveryCodes = 50

// GenerateRecoveryCodesInput is the argument of [Factors.GenerateRecoveryCodes].
type GenerateRecoveryCodesInput struct {
	IdentityID string `json:"identity_id"`
	// ActorType is that of the account whose owner is told by mail.
	ActorType string `json:"actor_type"`
	Count     int    `json:"count"`
	// Codes is where the codes are to be sealed, as a JSON list, and for how long.
	Codes   vault.Ref     `json:"codes"`
	TTL     time.Duration `json:"ttl"`
	EventID string        `json:"event_id"`
	GroupID string        `json:"group_id"`
}

// GenerateRecoveryCodes replaces all recovery codes of an identity, which needs an
// enabled factor. Codes exist in clear only in the vault, until they expire there; a
// repeated step finds its own.
func (a *Factors) GenerateRecoveryCodes(ctx context.Context, in GenerateRecoveryCodesInput) (out Verdict, err error) {
	if err := a.generateCodes(ctx, in); err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	return out, nil
}

func (a *Factors) generateCodes(ctx context.Context, in GenerateRecoveryCodesInput) error {
	if in.Count < 1 || in.Count > MostRecoveryCodes {
		return &everlatch.Error{
			Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonRecoveryCodeCount, Details: map[string]string{"most": "50"},
		}
	}
	if _, err := enabled(ctx, a.Store, in.IdentityID); err != nil {
		return err
	}
	codes, err := a.codes(ctx, in)
	if err != nil {
		return err
	}
	hashes := make([]string, len(codes))
	for i, code := range codes {
		hashes[i] = a.codeHashes(in.IdentityID, code)[0]
	}
	ev, err := a.event(ctx, everlatch.EventRecoveryCodesGenerated, factorEventOf{
		identityID: in.IdentityID, actorType: in.ActorType, eventID: in.EventID, groupID: in.GroupID,
		data: everlatch.Metadata{"count": in.Count},
	})
	if err != nil {
		return err
	}
	return a.Store.ReplaceRecoveryCodes(ctx, in.IdentityID, hashes, ev)
}

// codes makes new codes, or returns those of an earlier attempt: what is sealed first
// counts.
func (a *Factors) codes(ctx context.Context, in GenerateRecoveryCodesInput) (out []string, err error) {
	err = a.sealOnce(ctx, in.Codes, in.TTL, &out, func() (any, error) {
		made := make([]string, in.Count)
		for i := range made {
			made[i] = newRecoveryCode()
		}
		return made, nil
	})
	return out, err
}

// newRecoveryCode is 16 random bytes in hexadecimal, in eight groups of four
// (docs/contract.md#s10-4).
func newRecoveryCode() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails: it ends the program instead
	text := hex.EncodeToString(random)
	groups := make([]string, 0, 8)
	for i := 0; i < len(text); i += 4 {
		groups = append(groups, text[i:i+4])
	}
	return strings.Join(groups, "-")
}

// factorEventOf describes an event about a second factor.
type factorEventOf struct {
	identityID, eventID, groupID string
	// actorType, if set, adds the e-mail of the account, so that its owner is told.
	actorType string
	data      everlatch.Metadata
}

// event makes an event about a second factor. A missing identity is
// [everlatch.ErrNotFound].
func (a *Factors) event(ctx context.Context, name string, about factorEventOf) (everlatch.Event, error) {
	about.data["auth_identity_id"] = about.identityID
	if about.actorType != "" {
		identity, err := a.Store.Identity(ctx, about.identityID)
		if err != nil {
			return everlatch.Event{}, err
		}
		email, err := addressOf(ctx, a.Store, a.Types, identity, about.actorType)
		if err != nil {
			return everlatch.Event{}, err
		}
		if email != "" {
			about.data["email"], about.data["actor_type"] = email, about.actorType
		}
	}
	return everlatch.Event{
		ID: about.eventID, Name: name, GroupID: about.groupID, AuthIdentityID: about.identityID, Data: about.data,
	}, nil
}
