package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// MaxPasskeys is how many passkeys an identity can sign in with, those not counted that
// are second factors.
const MaxPasskeys = 20

// Passkey is a stored passkey that signs in.
type Passkey struct {
	Credential

	// Counter is that of the last accepted answer, and UsedBy the flow that accepted it.
	Counter int64
	UsedBy  string
	// FactorID is that of a second factor, which signs in alone; "" for a credential. The
	// record of a factor is Secret, encrypted, and that of a credential its ProviderMetadata.
	FactorID, Secret string
}

const (
	selectPasskeyUse = `SELECT counter, used_by FROM provider_identity WHERE id = $1 AND deleted_at IS NULL`

	answerCounts = ` AND (counter < $3 OR (counter = 0 AND $3 = 0) OR used_by = $4)`

	usePasskey = `UPDATE provider_identity SET counter = $3, used_by = $4, provider_metadata = $5, last_used_at = $6
		WHERE id = $1 AND auth_identity_id = $2 AND deleted_at IS NULL` + answerCounts

	setCounter = `UPDATE provider_identity SET counter = $2 WHERE id = $1`

	selectUserMetadata = `SELECT user_metadata FROM provider_identity
		WHERE id = $1 AND auth_identity_id = $2 AND provider = $3 AND deleted_at IS NULL`
	setUserMetadata = `UPDATE provider_identity SET user_metadata = $3, updated_at = $4 WHERE id = $1 AND auth_identity_id = $2`

	selectFactorMetadata = `SELECT metadata FROM mfa_factor
		WHERE id = $1 AND auth_identity_id = $2 AND (provider = $3 OR $3 = '') AND status <> 'disabled'`
	setFactorMetadata = `UPDATE mfa_factor SET metadata = $3, updated_at = $4 WHERE id = $1 AND auth_identity_id = $2`
)

// FindPasskey returns the passkey of an id, or [everlatch.ErrNotFound].
func (s *Store) FindPasskey(ctx context.Context, provider, id string) (p Passkey, err error) {
	if p.Credential, err = s.FindCredential(ctx, provider, id); err != nil {
		return p, err
	}
	_, err = first(ctx, s.reads, func(row scanner) (struct{}, error) {
		return struct{}{}, row.Scan(&p.Counter, &p.UsedBy)
	}, selectPasskeyUse, p.Provider.ID)
	return p, s.fail(ctx, "find passkey", noRows(err, refuse(everlatch.CodeNotFound, CredentialUnknown)))
}

const selectFactorByHandle = `SELECT ` + factorColumns + ` FROM mfa_factor
	WHERE provider = $1 AND handle = $2 AND status = 'enabled'`

// FindPasskeyFactor returns the enabled second factor of an id, or [everlatch.ErrNotFound].
func (s *Store) FindPasskeyFactor(ctx context.Context, method, id string) (p Passkey, err error) {
	f, err := first(ctx, s.reads, scanFactor, selectFactorByHandle, method, id)
	if err != nil {
		return p, s.fail(ctx, "find passkey", noRows(err, refuse(everlatch.CodeNotFound, CredentialUnknown)))
	}
	p.FactorID, p.Secret, p.Counter, p.UsedBy = f.ID, f.Secret, f.Counter, f.UsedBy
	p.Identity, err = s.Identity(ctx, f.AuthIdentityID)
	return p, err
}

// PasskeyUse is an accepted answer of a passkey.
type PasskeyUse struct {
	IdentityID, ProviderIdentityID string
	Counter                        int64
	// UsedBy is the flow.
	UsedBy string
	// Metadata replaces that of the credential.
	Metadata everlatch.Metadata
}

// UsePasskey records an accepted answer and reports whether it counts: its counter has
// to be greater than that of the last one, unless the device keeps none, which is always 0.
// For the same flow it counts again.
func (s *Store) UsePasskey(ctx context.Context, use PasskeyUse) (ok bool, err error) {
	n, err := s.writes.exec(ctx, usePasskey, use.ProviderIdentityID, use.IdentityID, use.Counter, use.UsedBy, use.Metadata, s.now())
	return n > 0, s.fail(ctx, "use passkey", err)
}

// MarkCloned notes in the metadata of a credential or factor that a copy of its key may be in use:
// cloned_at. The first call records the event.
func (s *Store) MarkCloned(ctx context.Context, ref CredentialRef, ev everlatch.Event) error {
	now := s.now()
	ev.ReleasedAt = &now
	return s.changeCredential(ctx, ref, func(tx *tx, m everlatch.Metadata) (bool, error) {
		if m[clonedAt] != nil {
			return false, nil
		}
		m[clonedAt] = now.UTC().Format(time.RFC3339)
		return true, recordEvents(ctx, tx, now, ev)
	})
}

const (
	clonedAt = "cloned_at"
	label    = "label"
)

// RenameCredential names a credential or a factor for its owner: label. One that the identity
// does not have is [everlatch.ErrNotFound].
func (s *Store) RenameCredential(ctx context.Context, ref CredentialRef, name string) error {
	return s.changeCredential(ctx, ref, func(_ *tx, m everlatch.Metadata) (bool, error) {
		if name == "" {
			delete(m, label)
		} else {
			m[label] = name
		}
		return true, nil
	})
}

// CredentialRef names a credential of a provider, or with Factor a second factor of a method.
type CredentialRef struct {
	IdentityID, ID string
	// Provider is the id of the provider, or the method; "" for a factor of any.
	Provider string
	Factor   bool
}

func (s *Store) changeCredential(ctx context.Context, ref CredentialRef, change func(tx *tx, m everlatch.Metadata) (bool, error)) error {
	now, read, write := s.now(), selectUserMetadata, setUserMetadata
	missing := notFound("ProviderIdentity", ref.ID)
	if ref.Factor {
		read, write, missing = selectFactorMetadata, setFactorMetadata, errNoFactor(ref.ID)
	}
	err := s.write(ctx, func(tx *tx) error {
		if err := lockIdentity(ctx, tx, ref.IdentityID, now); err != nil {
			return err
		}
		m, err := first(ctx, tx, scanMetadata, read, ref.ID, ref.IdentityID, ref.Provider)
		if err != nil {
			return noRows(err, missing)
		}
		if m == nil {
			m = everlatch.Metadata{}
		}
		changed, err := change(tx, m)
		if err != nil || !changed {
			return err
		}
		_, err = tx.exec(ctx, write, ref.ID, ref.IdentityID, m, now)
		return err
	})
	return s.fail(ctx, "change passkey", err)
}

func scanMetadata(row scanner) (m everlatch.Metadata, err error) {
	err = row.Scan(toMetadata{&m})
	return m, err
}

// PasskeyRemoval removes a passkey that is a second factor, and also signs in.
type PasskeyRemoval struct {
	IdentityID, FactorID string
	// Provider is that of sign-ins with a passkey.
	Provider string
	// KeptSignIn is the sign-in that goes on while the identity has another passkey, "" for
	// none.
	KeptSignIn string
	Event      everlatch.Event
}

// Those of sign-ins that are not recorded too.
const deletePasskeySessions = `DELETE FROM session WHERE auth_identity_id = $1 AND auth_provider = $2 AND sign_in_id <> $3` + returningSession

const hasPasskey = `SELECT 1 FROM auth_identity a WHERE a.id = $1 AND (
		EXISTS (SELECT 1 FROM provider_identity p WHERE p.auth_identity_id = a.id AND p.provider = $2 AND p.deleted_at IS NULL)
		OR EXISTS (SELECT 1 FROM mfa_factor f WHERE f.auth_identity_id = a.id AND f.provider = $3 AND f.status = 'enabled'))`

// HasPasskey reports whether an identity can sign in with a passkey: a credential of the
// provider, or an enabled factor of the method.
func (s *Store) HasPasskey(ctx context.Context, identityID, provider, method string) (bool, error) {
	found, err := all(ctx, s.reads, scanned[int], hasPasskey, identityID, provider, method)
	return len(found) > 0, s.fail(ctx, "look for a passkey", err)
}

// DisablePasskey disables a factor as [Store.DisableFactor] does, and ends what began with
// a passkey of the identity: which one it was isn't known.
func (s *Store) DisablePasskey(ctx context.Context, r PasskeyRemoval) (disabled bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		now := s.now()
		before, err := first(ctx, tx, scanFactor, selectFactor, r.IdentityID, r.FactorID)
		if err != nil {
			return noRows(err, errNoFactor(r.FactorID))
		}
		if disabled, err = disable(ctx, tx, now, r.IdentityID, r.FactorID, r.Event); err != nil || !disabled {
			return err
		}
		if before.Status != everlatch.FactorEnabled {
			return nil // it has signed no one in
		}
		return endPasskeySignIns(ctx, tx, now, r, before.Provider)
	})
	return disabled, s.fail(ctx, "disable passkey", err)
}

func endPasskeySignIns(ctx context.Context, tx *tx, now time.Time, r PasskeyRemoval, method string) error {
	left, err := all(ctx, tx, scanned[int], hasPasskey, r.IdentityID, r.Provider, method)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		r.KeptSignIn = ""
	}
	found, err := all(ctx, tx, scanSignIn, selectSignIns, r.IdentityID, now.Add(-useResolution))
	if err != nil {
		return err
	}
	for _, one := range found {
		if one.AuthProvider != r.Provider || one.ID == r.KeptSignIn || !one.Live {
			continue
		}
		if _, err := endSignIn(ctx, tx, now, endOf(one.SignIn, one.ExpiresAt.Add(useResolution), EndedWithPasskey)); err != nil {
			return err
		}
	}
	return endSessions(ctx, tx, now, ending{group: r.Event.GroupID, reason: EndedWithPasskey}, deletePasskeySessions, r.IdentityID, r.Provider, r.KeptSignIn)
}
