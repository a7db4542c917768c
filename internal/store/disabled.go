package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

const (
	disableIdentity = `UPDATE auth_identity SET disabled_at = $2, updated_at = $2, credential_version = credential_version + 1
		WHERE id = $1 AND deleted_at IS NULL AND disabled_at IS NULL`
	enableIdentity = `UPDATE auth_identity SET disabled_at = NULL, updated_at = $2
		WHERE id = $1 AND deleted_at IS NULL AND disabled_at IS NOT NULL`
	identityLives = `SELECT 1 FROM auth_identity WHERE id = $1 AND deleted_at IS NULL`

	// An identity without an actor, which no one links meanwhile: see discardIdentity.
	deleteUnlinked = `DELETE FROM auth_identity WHERE id = $1 AND deleted_at IS NULL AND linked = FALSE
		AND NOT EXISTS (SELECT 1 FROM actor_link l WHERE l.auth_identity_id = auth_identity.id)`
)

// DisableIdentity ends everything that was issued for an identity and refuses every way
// in from now on: what reads its standing or its credential sees it. It reports whether
// this call did: of several at once exactly one does, and records the event. A missing
// identity is [everlatch.ErrNotFound].
func (s *Store) DisableIdentity(ctx context.Context, id string, ev everlatch.Event) (disabled bool, err error) {
	now := s.now()
	err = s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, disableIdentity, id, now)
		if disabled = n > 0; err != nil || !disabled {
			return orMissing(ctx, tx, id, err)
		}
		if err := endSessions(ctx, tx, now, ending{reason: "identity_disabled"}, deleteSessionsOf, id); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, released(now, ev)...)
	})
	return disabled, s.fail(ctx, "disable identity", err)
}

// EnableIdentity undoes [Store.DisableIdentity]; what ended stays ended. It reports
// whether this call did.
func (s *Store) EnableIdentity(ctx context.Context, id string, ev everlatch.Event) (enabled bool, err error) {
	now := s.now()
	err = s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, enableIdentity, id, now)
		if enabled = n > 0; err != nil || !enabled {
			return orMissing(ctx, tx, id, err)
		}
		return recordEvents(ctx, tx, now, released(now, ev)...)
	})
	return enabled, s.fail(ctx, "enable identity", err)
}

// EndSessions ends all tokens and sessions of an identity, with an event, whose id
// identifies a repetition. A missing identity is [everlatch.ErrNotFound].
func (s *Store) EndSessions(ctx context.Context, id string, ev everlatch.Event) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		if err := holdIdentity(ctx, tx, id); err != nil {
			return err
		}
		known, err := all(ctx, tx, scanEvent, selectEvent, ev.ID)
		if err != nil || len(known) > 0 {
			return err
		}
		n, err := tx.exec(ctx, endActorTokens, id, now)
		if err != nil {
			return err
		}
		if n == 0 {
			return notFound("AuthIdentity", id)
		}
		if err := endSessions(ctx, tx, now, ending{reason: EndedByAdmin}, deleteSessionsOf, id); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, released(now, ev)...)
	})
	return s.fail(ctx, "end sessions", err)
}

// DeleteUnlinkedIdentity deletes an identity that has no actor, with all that belongs to
// it, and records the event. One with an actor is [everlatch.CodeNotAllowed], because its
// account has to be removed; a missing one is [everlatch.ErrNotFound], unless the
// event, whose id identifies a repetition, is recorded.
func (s *Store) DeleteUnlinkedIdentity(ctx context.Context, id string, ev everlatch.Event) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, deleteUnlinked, id)
		if err != nil {
			return err
		}
		if n > 0 {
			return recordEvents(ctx, tx, now, released(now, ev)...)
		}
		if err := checkIdentity(ctx, tx, id); err != nil {
			_, unknown := first(ctx, tx, scanEvent, selectEvent, ev.ID)
			return noRows(unknown, err)
		}
		return refuse(everlatch.CodeNotAllowed, IdentityHasActors)
	})
	return s.fail(ctx, "delete identity", err)
}

// orMissing returns an error, or that the identity does not exist.
func orMissing(ctx context.Context, q querier, id string, err error) error {
	if err != nil {
		return err
	}
	return checkIdentity(ctx, q, id)
}

func checkIdentity(ctx context.Context, q querier, id string) error {
	_, err := first(ctx, q, scanned[int], identityLives, id)
	return noRows(err, notFound("AuthIdentity", id))
}
