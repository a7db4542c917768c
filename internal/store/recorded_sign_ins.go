package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
)

// SignInRules bound what is kept about sign-ins.
type SignInRules struct {
	// Most is how many sign-ins of one identity are kept. One more ends the one that
	// was used longest ago.
	Most int
	// History is how long a sign-in is kept after it has expired: so long
	// administrators see it, and its device is known.
	History time.Duration
}

// DefaultSignInRules apply unless [Store.SetSignInRules] is called.
var DefaultSignInRules = SignInRules{Most: 100, History: 90 * 24 * time.Hour}

// SetSignInRules replaces the rules. It must be called before the store is used.
func (s *Store) SetSignInRules(r SignInRules) { s.signIns = r }

const (
	insertSignIn = `INSERT INTO sign_in (id, auth_identity_id, auth_provider, actor_type, actor_id, credential_version,
			device, network, created_at, last_used_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING`

	// An actor that was linked since stays.
	touchSignIn = `UPDATE sign_in SET
			last_used_at = CASE WHEN last_used_at < $3 THEN $3 ELSE last_used_at END,
			expires_at = CASE WHEN expires_at < $4 THEN $4 ELSE expires_at END,
			credential_version = CASE WHEN credential_version < $5 THEN $5 ELSE credential_version END,
			actor_id = CASE WHEN $6 = '' THEN actor_id ELSE $6 END
		WHERE id = $1 AND auth_identity_id = $2`

	signInColumns = `w.id, w.auth_identity_id, w.auth_provider, w.actor_type, w.actor_id, w.credential_version,
			w.device, w.network, w.created_at, w.last_used_at, w.expires_at`

	// A sign-in lives while a token of it can, or a session: a session may go on when
	// all tokens have ended, and tells so by the credential version. $2 is
	// useResolution ago, because expires_at may be that much behind.
	signInLives = `w.expires_at > $2 AND a.disabled_at IS NULL AND NOT ` + signInEnded + `w.id)
			AND (w.credential_version = a.credential_version OR EXISTS (SELECT 1 FROM session s WHERE s.sign_in_id = w.id
				AND s.credential_version = a.credential_version AND s.idle_expires_at > $2))`

	fromSignIns = ` FROM sign_in w JOIN auth_identity a ON a.id = w.auth_identity_id AND a.deleted_at IS NULL`

	selectSignIn = `SELECT ` + signInColumns + `, ` + signInLives + fromSignIns + ` WHERE w.id = $1`

	selectSignIns = `SELECT ` + signInColumns + `, ` + signInLives + fromSignIns + `
		WHERE w.auth_identity_id = $1 ORDER BY w.last_used_at DESC, w.id DESC`

	selectSignInsSeen = `SELECT a.created_at,
			(SELECT COUNT(*) FROM sign_in w WHERE w.auth_identity_id = a.id),
			EXISTS (SELECT 1 FROM sign_in w WHERE w.auth_identity_id = a.id AND w.device = $2 AND w.network = $3)
		FROM auth_identity a WHERE a.id = $1 AND a.deleted_at IS NULL`

	deleteSignIn = `DELETE FROM sign_in WHERE id = $1`

	sweepSignIns = `DELETE FROM sign_in WHERE expires_at <= $1
		AND id IN (SELECT id FROM sign_in WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`
)

// SignInsSeen is what is known about earlier sign-ins of an identity.
type SignInsSeen struct {
	// RegisteredAt is when the identity was created.
	RegisteredAt time.Time
	// Count is how many are recorded.
	Count int
	// Device says that one of them came from the same device and network.
	Device bool
}

// SignInsSeen looks for earlier sign-ins of an identity from a device and network.
// A missing identity is [everlatch.ErrNotFound].
func (s *Store) SignInsSeen(ctx context.Context, identityID, device, network string) (SignInsSeen, error) {
	seen, err := first(ctx, s.reads, scanSignInsSeen, selectSignInsSeen, identityID, device, network)
	return seen, s.fail(ctx, "look for sign-ins", noRows(err, notFound("AuthIdentity", identityID)))
}

func scanSignInsSeen(row scanner) (seen SignInsSeen, err error) {
	err = row.Scan(toTime{&seen.RegisteredAt}, &seen.Count, &seen.Device)
	return seen, err
}

// RecordSignIn records a sign-in, and the event with it unless that has no id. The
// same id again changes nothing. seen is what [Store.SignInsSeen] has just returned.
// until is when the last token of one that makes room expires at the latest. A
// missing identity is [everlatch.ErrNotFound].
func (s *Store) RecordSignIn(ctx context.Context, in everlatch.SignIn, seen SignInsSeen, until time.Time, ev everlatch.Event) error {
	room := seen.Count < s.signIns.Most
	var err error
	if room && ev.ID == "" {
		// What the machine forgets when its power fails is recorded again at its next use.
		err = s.unsynced(ctx, func(q querier) error {
			_, err := addSignIn(ctx, q, in)
			return err
		})
	} else {
		err = s.write(ctx, func(tx *tx) error {
			added, err := addSignIn(ctx, tx, in)
			if err != nil || !added {
				return err
			}
			now := s.now()
			if !room {
				if err := s.makeRoom(ctx, tx, in, until, now); err != nil {
					return err
				}
			}
			return recordEvents(ctx, tx, now, ev)
		})
	}
	if isForeignKey(err) {
		err = notFound("AuthIdentity", in.AuthIdentityID)
	}
	return s.fail(ctx, "record sign-in", err)
}

func addSignIn(ctx context.Context, q querier, in everlatch.SignIn) (added bool, err error) {
	n, err := q.exec(ctx, insertSignIn, in.ID, in.AuthIdentityID, in.AuthProvider, in.ActorType, in.ActorID,
		in.CredentialVersion, in.Device, in.Network, in.CreatedAt, in.LastUsedAt, in.ExpiresAt)
	return n > 0, err
}

// makeRoom forgets the sign-ins of an identity that are too many: those that have
// ended first, then those that were used longest ago, which end.
func (s *Store) makeRoom(ctx context.Context, tx *tx, in everlatch.SignIn, until, now time.Time) error {
	if err := holdIdentity(ctx, tx, in.AuthIdentityID); err != nil {
		return err
	}
	found, err := all(ctx, tx, scanSignIn, selectSignIns, in.AuthIdentityID, now.Add(-useResolution))
	if err != nil {
		return err
	}
	excess := len(found) - s.signIns.Most
	for _, live := range []bool{false, true} {
		for i := len(found) - 1; i >= 0 && excess > 0; i-- {
			if found[i].Live != live || found[i].ID == in.ID {
				continue
			}
			if live {
				if _, err := endSignIn(ctx, tx, now, endOf(found[i].SignIn, until, EndedAsTooMany)); err != nil {
					return err
				}
			}
			if _, err := tx.exec(ctx, deleteSignIn, found[i].ID); err != nil {
				return err
			}
			excess--
		}
	}
	return nil
}

// TouchSignIn records that a sign-in is in use: at most once per useResolution,
// unless something was issued for it that the record doesn't cover. One that isn't
// recorded yet, because it is older than the table or was made elsewhere, is
// recorded. until is as in [Store.RecordSignIn].
func (s *Store) TouchSignIn(ctx context.Context, in everlatch.SignIn, until time.Time) error {
	known, err := first(ctx, s.reads, scanSignIn, selectSignIn, in.ID, in.LastUsedAt)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		seen, err := s.SignInsSeen(ctx, in.AuthIdentityID, in.Device, in.Network)
		if err != nil {
			return err
		}
		return s.RecordSignIn(ctx, in, seen, until, everlatch.Event{})
	case err != nil:
		return s.fail(ctx, "read sign-in", err)
	case known.covers(in):
		return nil
	}
	err = s.unsynced(ctx, func(q querier) error {
		_, err := q.exec(ctx, touchSignIn, in.ID, in.AuthIdentityID, in.LastUsedAt, in.ExpiresAt, in.CredentialVersion, in.ActorID)
		return err
	})
	return s.fail(ctx, "touch sign-in", err)
}

// SignIn returns a sign-in, live or not, or [everlatch.ErrNotFound].
func (s *Store) SignIn(ctx context.Context, id string) (everlatch.SignIn, error) {
	found, err := first(ctx, s.reads, scanSignIn, selectSignIn, id, s.now().Add(-useResolution))
	return found.SignIn, s.fail(ctx, "read sign-in", noRows(err, notFound("Session", id)))
}

// SignIns returns what is recorded about the sign-ins of an identity, the latest used
// first, those that have ended or expired too.
func (s *Store) SignIns(ctx context.Context, identityID string) ([]everlatch.SignIn, error) {
	found, err := all(ctx, s.reads, scanSignIn, selectSignIns, identityID, s.now().Add(-useResolution))
	out := make([]everlatch.SignIn, len(found))
	for i, row := range found {
		out[i] = row.SignIn
	}
	return out, s.fail(ctx, "read sign-ins", err)
}

type signInRow struct{ everlatch.SignIn }

// covers reports whether the record says what a use says, as exactly as it has to.
func (known signInRow) covers(in everlatch.SignIn) bool {
	return in.LastUsedAt.Sub(known.LastUsedAt) < useResolution && in.ExpiresAt.Sub(known.ExpiresAt) < useResolution/2 &&
		in.CredentialVersion <= known.CredentialVersion && (in.ActorID == "" || in.ActorID == known.ActorID)
}

func scanSignIn(row scanner) (r signInRow, err error) {
	err = row.Scan(&r.ID, &r.AuthIdentityID, &r.AuthProvider, &r.ActorType, &r.ActorID, &r.CredentialVersion,
		&r.Device, &r.Network, toTime{&r.CreatedAt}, toTime{&r.LastUsedAt}, toTime{&r.ExpiresAt}, toBool{&r.Live})
	return r, err
}
