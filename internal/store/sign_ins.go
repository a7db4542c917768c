package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

const (
	insertEndedSignIn = `INSERT INTO ended_sign_in (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`

	deleteSessionsOfSignIn = `DELETE FROM session WHERE sign_in_id = $1` + returningSession

	// Those of sign-ins that are not recorded too.
	deleteOtherSessions = `DELETE FROM session WHERE auth_identity_id = $1 AND sign_in_id <> $2` + returningSession

	sweepEndedSignIns = `DELETE FROM ended_sign_in WHERE expires_at <= $1
		AND id IN (SELECT id FROM ended_sign_in WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`

	// signInEnded and signInUsedAt are followed by the id of a sign-in.
	signInEnded  = `EXISTS (SELECT 1 FROM ended_sign_in e WHERE e.id = `
	signInUsedAt = `(SELECT w.last_used_at FROM sign_in w WHERE w.id = `
)

// SignInEnd says which sign-in ends, and why.
type SignInEnd struct {
	SignInID, AuthIdentityID, ActorType, ActorID string
	// Until is when the last of its tokens expires at the latest.
	Until  time.Time
	Reason string
	// EventID and GroupID are those of the flow that ends it; without, the event has
	// a new id. It is released at once: the end of a sign-in isn't undone.
	EventID, GroupID string
	// By is who ended it, zero for its owner, and Note what they gave as their
	// reason.
	By   everlatch.ActorRef
	Note string
}

// EndSignIn ends the sign-in of a caller who signs out, as [Store.EndSignInOf] does.
func (s *Store) EndSignIn(ctx context.Context, caller everlatch.Principal, until time.Time) (ended bool, err error) {
	return s.EndSignInOf(ctx, SignInEnd{
		SignInID: caller.SignInID, AuthIdentityID: caller.AuthIdentityID, ActorType: caller.ActorType, ActorID: caller.ActorID,
		Until: until, Reason: EndedBySignOut,
	})
}

// EndSignInOf ends a sign-in: none of its tokens and sessions is accepted from now
// on. It reports whether this call ended it: of several at once exactly one does, and
// records the event.
func (s *Store) EndSignInOf(ctx context.Context, end SignInEnd) (ended bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		ended, err = endSignIn(ctx, tx, s.now(), end)
		return err
	})
	return ended, s.fail(ctx, "end sign-in", err)
}

// EndOtherSignIns ends every sign-in of an identity but one, and every session that
// belongs to another one, and returns how many sign-ins it ended. until is when the
// last of their tokens expires at the latest.
func (s *Store) EndOtherSignIns(ctx context.Context, identityID, keep string, until time.Time) (count int, err error) {
	err = s.write(ctx, func(tx *tx) error {
		if err := holdIdentity(ctx, tx, identityID); err != nil {
			return err
		}
		now := s.now()
		found, err := all(ctx, tx, scanSignIn, selectSignIns, identityID, now.Add(-useResolution))
		if err != nil {
			return err
		}
		for _, one := range found {
			if one.ID == keep || !one.Live {
				continue
			}
			ended, err := endSignIn(ctx, tx, now, endOf(one.SignIn, until, EndedByOwner))
			if err != nil {
				return err
			}
			if ended {
				count++
			}
		}
		return endSessions(ctx, tx, now, ending{reason: EndedByOwner}, deleteOtherSessions, identityID, keep)
	})
	return count, s.fail(ctx, "end other sign-ins", err)
}

// holdIdentity takes the row lock of an identity and changes nothing, so that what
// ends several sign-ins does so in turn.
func holdIdentity(ctx context.Context, q querier, id string) error {
	_, err := q.exec(ctx, `UPDATE auth_identity SET linked = linked WHERE id = $1`, id)
	return err
}

func endOf(one everlatch.SignIn, until time.Time, reason string) SignInEnd {
	return SignInEnd{
		SignInID: one.ID, AuthIdentityID: one.AuthIdentityID, ActorType: one.ActorType, ActorID: one.ActorID,
		Until: until, Reason: reason,
	}
}

func endSignIn(ctx context.Context, tx *tx, now time.Time, end SignInEnd) (ended bool, err error) {
	rows, err := tx.exec(ctx, insertEndedSignIn, end.SignInID, end.Until)
	if ended = rows > 0; err != nil || !ended {
		return ended, err
	}
	if err := endSessions(ctx, tx, now, ending{reason: end.Reason}, deleteSessionsOfSignIn, end.SignInID); err != nil {
		return ended, err
	}
	now = now.Add(time.Microsecond) // told after the sessions: events are ordered by time
	return ended, recordEvents(ctx, tx, now, end.event(now))
}

func (end SignInEnd) event(now time.Time) everlatch.Event {
	data := everlatch.Metadata{
		"sign_in_id": end.SignInID, "auth_identity_id": end.AuthIdentityID,
		"actor_type": end.ActorType, "actor_id": end.ActorID, "reason": end.Reason,
	}
	if end.By.ActorType != "" { // the command line has no id
		data["ended_by"] = everlatch.Metadata{"actor_type": end.By.ActorType, "actor_id": end.By.ActorID}
	}
	if end.Note != "" {
		data["note"] = end.Note
	}
	event := newEvent(now, everlatch.EventSignInEnded, end.GroupID, end.AuthIdentityID, data)
	if end.EventID != "" {
		event.ID = end.EventID
	}
	return event
}
