package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// StoredFactor is a factor with what its provider keeps.
type StoredFactor struct {
	everlatch.Factor

	// Secret is encrypted for this factor; "" once the factor is disabled.
	Secret string
	// Counter is that of the last accepted answer, and UsedBy its [FactorUse.ID].
	Counter int64
	UsedBy  string
}

const (
	insertFactor = `INSERT INTO mfa_factor (id, auth_identity_id, provider, status, secret, metadata, created_at, updated_at)
		VALUES ($1, $2, $3, 'pending', $4, $5, $6, $6) ON CONFLICT (id) DO NOTHING`

	// A pending factor is replaced, so that an enrolment that was not finished doesn't
	// prevent the next one (docs/weak-spots.md#w67).
	replacePending = `UPDATE mfa_factor SET status = 'disabled', secret = '', updated_at = $3
		WHERE auth_identity_id = $1 AND provider = $2 AND status = 'pending'`

	enableFactor = `UPDATE mfa_factor SET status = 'enabled', enabled_at = $3, updated_at = $3, counter = $4,
			secret = COALESCE($5, secret), handle = $6, used_by = $7
		WHERE id = $1 AND auth_identity_id = $2 AND status = 'pending'`
	requireFactor = `UPDATE auth_identity SET mfa_enabled_at = $2, mfa_enabled_by = $3, updated_at = $2
		WHERE id = $1 AND mfa_enabled_at IS NULL`

	useFactor = `UPDATE mfa_factor SET counter = $3, last_used_at = $4, secret = COALESCE($5, secret), used_by = $6
		WHERE id = $1 AND auth_identity_id = $2 AND status = 'enabled' AND (counter < $3 OR $3 = 0)`

	expireFactor = `UPDATE mfa_factor SET status = 'disabled', secret = '', updated_at = $3
		WHERE id = $1 AND auth_identity_id = $2 AND status = 'pending'`

	disableFactor = `UPDATE mfa_factor SET status = 'disabled', secret = '', updated_at = $3
		WHERE id = $1 AND auth_identity_id = $2 AND status <> 'disabled'`
	noFactorLeft = `NOT EXISTS (SELECT 1 FROM mfa_factor WHERE auth_identity_id = $1 AND status = 'enabled')`
	// Recovery codes go with the last factor (docs/weak-spots.md#w60).
	deleteUselessCodes  = `DELETE FROM mfa_recovery_code WHERE auth_identity_id = $1 AND ` + noFactorLeft
	requireFactorNoMore = `UPDATE auth_identity SET mfa_enabled_at = NULL, mfa_enabled_by = '', updated_at = $2
		WHERE id = $1 AND mfa_enabled_at IS NOT NULL AND ` + noFactorLeft

	factorColumns = `id, auth_identity_id, provider, status, handle, metadata, enabled_at, last_used_at,
		created_at, updated_at, secret, counter, used_by`
	selectFactors = `SELECT ` + factorColumns + ` FROM mfa_factor WHERE auth_identity_id = $1 ORDER BY id`
	selectFactor  = `SELECT ` + factorColumns + ` FROM mfa_factor WHERE id = $2 AND auth_identity_id = $1`
)

// NewFactor is a factor to enrol. The caller generates the id, so that a retry finds
// its own row.
type NewFactor struct {
	ID, IdentityID, Provider string
	// Secret is encrypted for this factor.
	Secret   string
	Metadata everlatch.Metadata
	// Several allows more than one enabled factor of the provider.
	Several bool
}

// StartFactor stores a pending factor and disables another pending one of the same
// provider. An enabled one is [everlatch.CodeNotAllowed], unless there may be several; a
// missing identity is [everlatch.ErrNotFound]. The same id again changes nothing.
func (s *Store) StartFactor(ctx context.Context, f NewFactor) (everlatch.Factor, error) {
	now := s.now()
	var out everlatch.Factor
	err := s.write(ctx, func(tx *tx) error {
		if err := lockIdentity(ctx, tx, f.IdentityID, now); err != nil {
			return err
		}
		present, err := all(ctx, tx, scanFactor, selectFactors, f.IdentityID)
		if err != nil {
			return err
		}
		for _, p := range present {
			switch {
			case p.ID == f.ID:
				out = p.Factor
				return nil
			case !f.Several && p.Provider == f.Provider && p.Status == everlatch.FactorEnabled:
				return refuse(everlatch.CodeNotAllowed, FactorActive, "provider", f.Provider)
			}
		}
		if _, err := tx.exec(ctx, replacePending, f.IdentityID, f.Provider, now); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, insertFactor, f.ID, f.IdentityID, f.Provider, f.Secret, f.Metadata, now); err != nil {
			return err
		}
		stored, err := first(ctx, tx, scanFactor, selectFactor, f.IdentityID, f.ID)
		out = stored.Factor
		return err
	})
	return out, s.fail(ctx, "start factor", err)
}

// Factors returns the factors of an identity in all states, in the order in which they
// were enrolled.
func (s *Store) Factors(ctx context.Context, identityID string) ([]StoredFactor, error) {
	found, err := all(ctx, s.reads, scanFactor, selectFactors, identityID)
	return found, s.fail(ctx, "read factors", err)
}

// Factor returns a factor of an identity, or [everlatch.ErrNotFound].
func (s *Store) Factor(ctx context.Context, identityID, id string) (StoredFactor, error) {
	found, err := first(ctx, s.reads, scanFactor, selectFactor, identityID, id)
	return found, s.fail(ctx, "read factor", noRows(err, errNoFactor(id)))
}

// FactorUse is an accepted answer.
type FactorUse struct {
	IdentityID, FactorID string
	// ID names the use, so that a repeated step knows its own.
	ID string
	// Counter has to be greater than that of the last accepted answer, or 0.
	Counter int64
	// Secret replaces the encrypted secret; nil keeps it.
	Secret *string
	// Handle tells an enabled factor from others of its provider.
	Handle string
	// SignInID is the sign-in that enables the factor: it has just proven it.
	SignInID string
}

// EnableFactor enables a pending factor and reports whether this call did: of
// several at once exactly one does, and records the event. From now on every sign-in
// of the identity needs a second factor, also those that began before
// (docs/weak-spots.md#w56), but for the one that enabled it. A handle that another factor has
// is [everlatch.ErrDuplicate].
func (s *Store) EnableFactor(ctx context.Context, use FactorUse, ev everlatch.Event) (enabled bool, err error) {
	now := s.now()
	err = s.write(ctx, func(tx *tx) error {
		if err := lockIdentity(ctx, tx, use.IdentityID, now); err != nil {
			return err
		}
		n, err := tx.exec(ctx, enableFactor, use.FactorID, use.IdentityID, now, use.Counter, use.Secret, use.Handle, use.ID)
		if enabled = n > 0; err != nil || !enabled {
			return err
		}
		if _, err := tx.exec(ctx, requireFactor, use.IdentityID, now, use.SignInID); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, ev)
	})
	if isUnique(err) {
		err = refuse(everlatch.CodeDuplicate, FactorTaken)
	}
	return enabled, s.fail(ctx, "enable factor", err)
}

// UseFactor records an accepted answer of an enabled factor and reports whether it
// counts: one with the counter of an earlier answer does not (docs/weak-spots.md#w58).
func (s *Store) UseFactor(ctx context.Context, use FactorUse) (counts bool, err error) {
	n, err := s.writes.exec(ctx, useFactor, use.FactorID, use.IdentityID, use.Counter, s.now(), use.Secret, use.ID)
	return n > 0, s.fail(ctx, "use factor", err)
}

// DisableFactor disables a factor and reports whether this call did. With the last
// enabled one, recovery codes are deleted, and sign-ins need no second factor any more. A
// factor of another identity, and one that does not exist, is [everlatch.ErrNotFound].
func (s *Store) DisableFactor(ctx context.Context, identityID, id string, ev everlatch.Event) (disabled bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		disabled, err = disable(ctx, tx, s.now(), identityID, id, ev)
		return err
	})
	return disabled, s.fail(ctx, "disable factor", err)
}

func disable(ctx context.Context, tx *tx, now time.Time, identityID, id string, ev everlatch.Event) (bool, error) {
	if err := lockIdentity(ctx, tx, identityID, now); err != nil {
		return false, err
	}
	n, err := tx.exec(ctx, disableFactor, id, identityID, now)
	if err != nil {
		return false, err
	}
	if n == 0 {
		_, err := first(ctx, tx, scanFactor, selectFactor, identityID, id)
		return false, noRows(err, errNoFactor(id))
	}
	if _, err := tx.exec(ctx, deleteUselessCodes, identityID); err != nil {
		return false, err
	}
	if _, err := tx.exec(ctx, requireFactorNoMore, identityID, now); err != nil {
		return false, err
	}
	return true, recordEvents(ctx, tx, now, ev)
}

// ExpireFactor disables a factor that is pending, and changes no other.
func (s *Store) ExpireFactor(ctx context.Context, identityID, id string) error {
	_, err := s.writes.exec(ctx, expireFactor, id, identityID, s.now())
	return s.fail(ctx, "expire factor", err)
}

func errNoFactor(id string) error { return refuse(everlatch.CodeNotFound, FactorUnknown, "id", id) }

func scanFactor(row scanner) (f StoredFactor, err error) {
	var status string
	var enabled, used time.Time
	err = row.Scan(&f.ID, &f.AuthIdentityID, &f.Provider, &status, &f.Handle, toMetadata{&f.Metadata},
		toTime{&enabled}, toTime{&used}, toTime{&f.CreatedAt}, toTime{&f.UpdatedAt}, &f.Secret, &f.Counter, &f.UsedBy)
	f.Status, f.EnabledAt, f.LastUsedAt = everlatch.FactorStatus(status), enabled, used
	return f, err
}
