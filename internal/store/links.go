package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// Link allows an identity to act as an actor.
type Link struct {
	IdentityID, ActorType, ActorID string
	// GroupID is the flow that links or unlinks; it releases the event when it
	// ends. "" means that a step of a flow is undone: no event is recorded.
	GroupID string
}

const (
	selectLink = `SELECT actor_id FROM actor_link WHERE auth_identity_id = $1 AND actor_type = $2`

	insertLink = `INSERT INTO actor_link (auth_identity_id, actor_type, actor_id, created_at) VALUES ($1, $2, $3, $4)`

	deleteLink = `DELETE FROM actor_link WHERE auth_identity_id = $1 AND actor_type = $2 AND actor_id = $3`

	// The only statement that changes linked.
	settleLinked = `UPDATE auth_identity
		SET linked = EXISTS (SELECT 1 FROM actor_link l WHERE l.auth_identity_id = auth_identity.id)
		WHERE id = $1`

	// The identity's tokens end. Sessions of its other actor types move to the new
	// version, because their permissions have not changed.
	endActorTokens = `UPDATE auth_identity
		SET credential_version = credential_version + 1, last_used_at = $2, updated_at = $2
		WHERE id = $1 AND deleted_at IS NULL`
	endActorSessions = `DELETE FROM session WHERE auth_identity_id = $1 AND actor_type = $2` + returningSession
	carrySessions    = `UPDATE session SET credential_version = credential_version + 1 WHERE auth_identity_id = $1`
)

// LinkActor links an identity to an actor. Linking the same actor again changes
// nothing. An identity that has another actor of the type is
// [everlatch.ErrNotAllowed]; a missing one, such as an orphan that is being
// removed, is [everlatch.ErrNotFound].
//
// The contract keeps links in JSON and never fully removes them; here they are
// rows, so unlinking and linking again work (docs/weak-spots.md#w1, #w2).
func (s *Store) LinkActor(ctx context.Context, link Link) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		if err := lockIdentity(ctx, tx, link.IdentityID, now); err != nil {
			return err
		}
		linked, err := all(ctx, tx, scanned[string], selectLink, link.IdentityID, link.ActorType)
		if err != nil {
			return err
		}
		switch {
		case len(linked) == 0:
			if err := addLink(ctx, tx, link, now); err != nil {
				return err
			}
		case linked[0] != link.ActorID:
			return refuse(everlatch.CodeNotAllowed, AlreadyLinked, "actor_type", link.ActorType)
		}
		return nil
	})
	return s.fail(ctx, "link actor", err)
}

func addLink(ctx context.Context, q querier, link Link, now time.Time) error {
	if _, err := q.exec(ctx, insertLink, link.IdentityID, link.ActorType, link.ActorID, now); err != nil {
		return err
	}
	if _, err := q.exec(ctx, settleLinked, link.IdentityID); err != nil {
		return err
	}
	return recordEvents(ctx, q, now, linkEvent(now, everlatch.EventActorLinked, link)...)
}

// UnlinkActor removes this link, ends the tokens of the identity and its sessions
// as that actor type. A missing link is no error. It is both the contract's
// unlink and the undo of [Store.LinkActor] (docs/weak-spots.md#w1).
//
// The identity starts a new grace period, because it may be an orphan now.
func (s *Store) UnlinkActor(ctx context.Context, link Link) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		// Locks the row before the link is touched, as LinkActor does.
		if _, err := tx.exec(ctx, `UPDATE auth_identity SET linked = linked WHERE id = $1`, link.IdentityID); err != nil {
			return err
		}
		n, err := tx.exec(ctx, deleteLink, link.IdentityID, link.ActorType, link.ActorID)
		if err != nil || n == 0 {
			return err
		}
		if _, err := tx.exec(ctx, settleLinked, link.IdentityID); err != nil {
			return err
		}
		if err := endActor(ctx, tx, link, "actor_unlinked", now); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, linkEvent(now, everlatch.EventActorUnlinked, link)...)
	})
	return s.fail(ctx, "unlink actor", err)
}

// endActor ends the tokens and sessions of an identity for one actor type.
// Sessions that end because a step is undone record no events.
func endActor(ctx context.Context, q querier, link Link, reason string, now time.Time) error {
	if _, err := q.exec(ctx, endActorTokens, link.IdentityID, now); err != nil {
		return err
	}
	sessions, err := all(ctx, q, scanEnded, endActorSessions, link.IdentityID, link.ActorType)
	if err != nil {
		return err
	}
	if link.GroupID != "" {
		if err := recordEnded(ctx, q, now, ending{group: link.GroupID, reason: reason}, sessions); err != nil {
			return err
		}
	}
	_, err = q.exec(ctx, carrySessions, link.IdentityID)
	return err
}

func linkEvent(now time.Time, name string, link Link) []everlatch.Event {
	if link.GroupID == "" {
		return nil
	}
	event := newEvent(now, name, link.GroupID, link.IdentityID, everlatch.Metadata{
		"auth_identity_id": link.IdentityID, "actor_type": link.ActorType, "actor_id": link.ActorID,
	})
	event.ReleasedAt = nil
	return []everlatch.Event{event}
}

const selectSameIdentities = `SELECT DISTINCT o.actor_type, o.actor_id
	FROM actor_link l JOIN actor_link o ON o.auth_identity_id = l.auth_identity_id
	WHERE l.actor_type = $1 AND l.actor_id = $2 AND NOT (o.actor_type = $1 AND o.actor_id = $2)
	ORDER BY o.actor_type, o.actor_id`

// AccountsOfSameIdentities returns the other accounts that the identities of an
// account sign in to.
func (s *Store) AccountsOfSameIdentities(ctx context.Context, account everlatch.ActorRef) ([]everlatch.ActorRef, error) {
	refs, err := all(ctx, s.reads, scanActorRef, selectSameIdentities, account.ActorType, account.ActorID)
	return refs, s.fail(ctx, "read accounts of the same identities", err)
}

func scanActorRef(row scanner) (r everlatch.ActorRef, err error) {
	err = row.Scan(&r.ActorType, &r.ActorID)
	return r, err
}
