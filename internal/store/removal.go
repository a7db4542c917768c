package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

const (
	hideIdentity = `UPDATE auth_identity
		SET deleted_at = $2, updated_at = $2, removed_by = $3, credential_version = credential_version + 1
		WHERE id = $1 AND deleted_at IS NULL`
	hideCredentials = `UPDATE provider_identity SET deleted_at = $2, updated_at = $2
		WHERE auth_identity_id = $1 AND deleted_at IS NULL`

	// Credentials that had been removed before stay removed.
	showCredentials = `UPDATE provider_identity SET deleted_at = NULL, updated_at = $2
		WHERE auth_identity_id = $1
		AND deleted_at = (SELECT a.deleted_at FROM auth_identity a WHERE a.id = $1)`
	showIdentity = `UPDATE auth_identity SET deleted_at = NULL, removed_by = '', updated_at = $2
		WHERE id = $1 AND deleted_at IS NOT NULL`

	purgeIdentity = `DELETE FROM auth_identity WHERE id = $1 AND (deleted_at IS NULL OR removed_by = $2)`

	// The column linked repeats what the link says. It is in the row that the
	// DELETE locks, so PostgreSQL tests it again after waiting for a LinkActor.
	discardIdentity = `DELETE FROM auth_identity WHERE id = $1 AND linked = FALSE
		AND NOT EXISTS (SELECT 1 FROM actor_link l WHERE l.auth_identity_id = auth_identity.id)`

	deleteOrphans = `DELETE FROM auth_identity
		WHERE linked = FALSE AND deleted_at IS NULL AND last_used_at < $1
		AND NOT EXISTS (SELECT 1 FROM actor_link l WHERE l.auth_identity_id = auth_identity.id)
		AND id IN (SELECT o.id FROM auth_identity o
			WHERE o.linked = FALSE AND o.deleted_at IS NULL AND o.last_used_at < $1
			ORDER BY o.last_used_at LIMIT $2)
		RETURNING id`
)

// RemoveIdentity hides an identity with its credentials and ends its tokens and
// sessions. Its links and everything else stay, so that [Store.RestoreIdentity]
// restores it completely (docs/weak-spots.md#w11); its address is free immediately
// (docs/weak-spots.md#w12). A hidden or missing identity is no error. The flow is
// stored with the identity, because only the same flow may restore it.
func (s *Store) RemoveIdentity(ctx context.Context, id, groupID string) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, hideIdentity, id, now, groupID)
		if err != nil || n == 0 {
			return err
		}
		if _, err := tx.exec(ctx, hideCredentials, id, now); err != nil {
			return err
		}
		return endSessions(ctx, tx, now, ending{group: groupID, reason: "identity_removed"}, deleteSessionsOf, id)
	})
	return s.fail(ctx, "remove identity", err)
}

// RestoreIdentity undoes the [Store.RemoveIdentity] of the same flow; tokens and
// sessions stay ended. An identity that is not hidden, or that another flow has
// hidden, stays unchanged and is no error. If the address was registered again
// in the meantime, it is [everlatch.ErrDuplicate] and nothing changes.
func (s *Store) RestoreIdentity(ctx context.Context, id, groupID string) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		// Locks the row first; deleted_at is still needed to find the credentials.
		n, err := tx.exec(ctx, `UPDATE auth_identity SET updated_at = $2
			WHERE id = $1 AND deleted_at IS NOT NULL AND removed_by = $3`, id, now, groupID)
		if err != nil || n == 0 {
			return err
		}
		if _, err := tx.exec(ctx, showCredentials, id, now); err != nil {
			return err
		}
		_, err = tx.exec(ctx, showIdentity, id, now)
		return err
	})
	if isUnique(err) {
		err = errTaken()
	}
	return s.fail(ctx, "restore identity", err)
}

// PurgeIdentity permanently deletes an identity with everything that belongs to
// it and records [everlatch.EventIdentityDeleted], which the flow releases. It is
// the last step of a removal, after which nothing can fail
// (docs/weak-spots.md#w11). A missing identity is no error. An identity that
// another flow has removed stays, because that flow may have to restore it.
func (s *Store) PurgeIdentity(ctx context.Context, id, groupID string) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, purgeIdentity, id, groupID)
		if err != nil || n == 0 {
			return err
		}
		event := identityEvent(now, everlatch.EventIdentityDeleted, id)
		event.GroupID, event.ReleasedAt = groupID, nil
		return recordEvents(ctx, tx, now, event)
	})
	return s.fail(ctx, "purge identity", err)
}

// DiscardIdentity undoes [Store.RegisterIdentity]: it deletes the identity and
// the events that the flow recorded about it. An identity that was linked in the
// meantime is in use and stays, with its events (docs/weak-spots.md#w3).
func (s *Store) DiscardIdentity(ctx context.Context, id, groupID string) error {
	err := s.write(ctx, func(tx *tx) error {
		if _, err := tx.exec(ctx, discardIdentity, id); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DELETE FROM event WHERE group_id = $2 AND auth_identity_id = $1
			AND NOT EXISTS (SELECT 1 FROM auth_identity a WHERE a.id = $1)`, id, groupID)
		return err
	})
	return s.fail(ctx, "discard identity", err)
}

// RemoveOrphans deletes at most limit identities that have no actor and were
// not used since a time, and records [everlatch.EventOrphanRemoved] for each
// (docs/weak-spots.md#w4). It returns how many it deleted.
//
// It is safe to run at any time: an identity that is linked or used
// concurrently is either linked and kept, or deleted and not linked.
func (s *Store) RemoveOrphans(ctx context.Context, unusedSince time.Time, limit int) (int, error) {
	now := s.now()
	var orphans []string
	err := s.write(ctx, func(tx *tx) error {
		var err error
		orphans, err = all(ctx, tx, scanned[string], deleteOrphans, unusedSince, limit)
		if err != nil {
			return err
		}
		for _, id := range orphans {
			if err := recordEvents(ctx, tx, now, identityEvent(now, everlatch.EventOrphanRemoved, id)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, s.fail(ctx, "remove orphans", err)
	}
	return len(orphans), nil
}

func identityEvent(now time.Time, name, id string) everlatch.Event {
	return newEvent(now, name, "", id, everlatch.Metadata{"id": id})
}
