package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

const (
	insertEndedSignIn = `INSERT INTO ended_sign_in (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`

	deleteSessionsOfSignIn = `DELETE FROM session WHERE sign_in_id = $1` + returningSession

	sweepSignIns = `DELETE FROM ended_sign_in WHERE expires_at <= $1
		AND id IN (SELECT id FROM ended_sign_in WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`

	// signInEnded is followed by the id of a sign-in.
	signInEnded = `EXISTS (SELECT 1 FROM ended_sign_in e WHERE e.id = `
)

// EndSignIn ends a sign-in: none of its tokens and sessions is accepted from now
// on. until is when the last of its tokens expires. It reports whether this call
// ended it: of several at once exactly one does, and records the event.
func (s *Store) EndSignIn(ctx context.Context, caller everlatch.Principal, until time.Time) (ended bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		rows, err := tx.exec(ctx, insertEndedSignIn, caller.SignInID, until)
		if ended = rows > 0; err != nil || !ended {
			return err
		}
		now := s.now()
		if err := endSessions(ctx, tx, now, ending{reason: EndedBySignOut}, deleteSessionsOfSignIn, caller.SignInID); err != nil {
			return err
		}
		now = now.Add(time.Microsecond) // told after the sessions: events are ordered by time
		return recordEvents(ctx, tx, now, newEvent(now, everlatch.EventSignInEnded, "", caller.AuthIdentityID, everlatch.Metadata{
			"sign_in_id": caller.SignInID, "auth_identity_id": caller.AuthIdentityID,
			"actor_type": caller.ActorType, "actor_id": caller.ActorID,
		}))
	})
	return ended, s.fail(ctx, "end sign-in", err)
}
