package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// discard deletes an account that a flow has created, with its unreleased
// events.
func (s *Store) discard(ctx context.Context, op, text, id, groupID string) error {
	err := s.write(ctx, func(tx *tx) error {
		if _, err := tx.exec(ctx, text, id); err != nil {
			return err
		}
		_, err := tx.exec(ctx, deleteUnreleased, groupID)
		return err
	})
	return s.fail(ctx, op, err)
}

// removeAccount hides an account and ends the tokens and sessions of its identities.
func (s *Store) removeAccount(ctx context.Context, op, text, actorType, id string, ev everlatch.Event) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		if actorType == everlatch.ActorUser {
			if err := keepSuperAdmin(ctx, tx, id); err != nil {
				return err
			}
		}
		n, err := tx.exec(ctx, text, id, now, ev.GroupID)
		if err != nil || n == 0 {
			return err
		}
		identities, err := endActors(ctx, tx, Link{ActorType: actorType, ActorID: id, GroupID: ev.GroupID}, "account_removed", now)
		if err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, ev, accountDeleted(now, actorType, id, ev.GroupID, identities))
	})
	return s.fail(ctx, op, err)
}

// restoreAccount undoes the removal by the same flow. taken is the error when the
// account's e-mail was taken in the meantime.
func (s *Store) restoreAccount(ctx context.Context, op, text, id, groupID string, taken error) error {
	_, err := s.writes.exec(ctx, text, id, s.now(), groupID)
	if isUnique(err) {
		err = taken
	}
	return s.fail(ctx, op, err)
}

// endActors ends the tokens and sessions of every identity of an actor, and
// returns the identities (docs/weak-spots.md#w9).
func endActors(ctx context.Context, q querier, link Link, reason string, now time.Time) ([]string, error) {
	// Ordered, so that two removals lock shared identities in the same order.
	identities, err := all(ctx, q, scanned[string], `SELECT auth_identity_id FROM actor_link
		WHERE actor_type = $1 AND actor_id = $2 ORDER BY auth_identity_id`, link.ActorType, link.ActorID)
	if err != nil {
		return nil, err
	}
	for _, link.IdentityID = range identities {
		if err := endActor(ctx, q, link, reason, now); err != nil {
			return nil, err
		}
	}
	return identities, nil
}

// accountDeleted is the event that an account of any type was deleted, with the
// identities that could sign in to it; a guest has none. The flow releases the
// event.
func accountDeleted(now time.Time, actorType, actorID, groupID string, identities []string) (e everlatch.Event) {
	identity := ""
	switch len(identities) {
	case 0:
		return e
	case 1:
		identity = identities[0]
	}
	e = newEvent(now, everlatch.EventAccountDeleted, groupID, identity, everlatch.Metadata{
		"actor_type": actorType, "actor_id": actorID, "auth_identity_ids": identities,
	})
	e.ReleasedAt = nil
	return e
}

// accountEvent is an event about an account in the contract's form.
func accountEvent(now time.Time, name, id string) everlatch.Event {
	return newEvent(now, name, "", "", everlatch.Metadata{"id": id})
}
