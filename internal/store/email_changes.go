package store

import (
	"context"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
)

// EmailChange changes the e-mail of an account together with its logins
// (docs/weak-spots.md#w13).
type EmailChange struct {
	ActorType, ActorID string
	// From is the e-mail that the account must have, "" for none, and To the new
	// one, "" for none.
	From, To string
	Logins   []everlatch.LoginChange
	// IdentityID and SeenVersion name who asked and under which credentials; ""
	// when that does not matter.
	IdentityID  string
	SeenVersion int64
	// HoldUntil keeps the former addresses for the account, so that the change can
	// be undone; the zero time keeps none.
	HoldUntil time.Time
	// EndSessions is the reason with which every session ends; with "" they
	// continue.
	EndSessions string
	// Events are recorded with the change. The id of the first identifies a
	// repetition.
	Events []everlatch.Event
}

const (
	setCustomerEmail = `UPDATE customer SET email = NULLIF($3, ''), email_key = NULLIF($4, ''), updated_at = $5
		WHERE id = $1 AND deleted_at IS NULL AND has_account = TRUE AND COALESCE(email_key, '') = $2`
	setUserEmail = `UPDATE "user" SET email = $3, email_key = $4, updated_at = $5
		WHERE id = $1 AND deleted_at IS NULL AND email_key = $2`

	setLogin = `UPDATE provider_identity
		SET entity_id = $3, entity_key = $4, verified_email = NULLIF($5, ''), updated_at = $6
		WHERE id = $1 AND entity_key = $2 AND deleted_at IS NULL
		AND auth_identity_id IN (SELECT auth_identity_id FROM actor_link WHERE actor_type = $7 AND actor_id = $8)`

	selectCustomerTaken = `SELECT EXISTS (SELECT 1 FROM customer
		WHERE email_key = $1 AND has_account = TRUE AND deleted_at IS NULL AND id <> $2)`
	selectUserTaken  = `SELECT EXISTS (SELECT 1 FROM "user" WHERE email_key = $1 AND deleted_at IS NULL AND id <> $2)`
	selectLoginTaken = `SELECT EXISTS (SELECT 1 FROM provider_identity mine
		JOIN provider_identity p ON p.provider = mine.provider AND p.entity_key = $2 AND p.deleted_at IS NULL AND p.id <> mine.id
		WHERE mine.id = $1)`

	selectLinkedIdentities = `SELECT auth_identity_id FROM actor_link
		WHERE actor_type = $1 AND actor_id = $2 ORDER BY auth_identity_id`
)

// ChangeEmail changes account and logins in one transaction. It ends the tokens
// of every identity of the account, so that neither an earlier token nor a
// password reset mailed to the former address stays valid; sessions continue
// unless EndSessions is set. It records [everlatch.EventCustomerUpdated] or
// [everlatch.EventUserUpdated], released like Events.
//
// An address that another account has or may get back is
// [everlatch.ErrDuplicate]; an account, login or credential that differs from
// what the change expects is [everlatch.ErrConflict]. Repeating the same change
// is no error.
func (s *Store) ChangeEmail(ctx context.Context, c EmailChange) error {
	if len(c.Events) == 0 || c.Events[0].ID == "" {
		return errors.New("change email: an event is needed")
	}
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		err := changeEmail(ctx, tx, c, now)
		if errors.Is(err, everlatch.ErrConflict) {
			// An earlier run may have succeeded without its result being
			// recorded.
			_, known := first(ctx, tx, scanEvent, selectEvent, c.Events[0].ID)
			return noRows(known, err)
		}
		return err
	})
	if isUnique(err) {
		err = errEmailTaken()
	}
	return s.fail(ctx, "change email", err)
}

func errEmailTaken() error {
	return refuse(everlatch.CodeDuplicate, EmailTaken)
}

func changeEmail(ctx context.Context, tx *tx, c EmailChange, now time.Time) error {
	text, updated := setCustomerEmail, everlatch.EventCustomerUpdated
	if c.ActorType == everlatch.ActorUser {
		text, updated = setUserEmail, everlatch.EventUserUpdated
	}
	// Lock the account first, in the same order as a removal.
	n, err := tx.exec(ctx, text, c.ActorID, emailKey(c.From), c.To, emailKey(c.To), now)
	if err != nil {
		return err
	}
	if n == 0 {
		return errChanged("account")
	}
	if err := endForEmail(ctx, tx, c, now); err != nil {
		return err
	}
	if err := setLogins(ctx, tx, c, now); err != nil {
		return err
	}
	if err := moveHolds(ctx, tx, c, now); err != nil {
		return err
	}
	event := accountEvent(now, updated, c.ActorID)
	event.GroupID, event.AuthIdentityID, event.ReleasedAt = c.Events[0].GroupID, c.Events[0].AuthIdentityID, c.Events[0].ReleasedAt
	return recordEvents(ctx, tx, now, append([]everlatch.Event{event}, c.Events...)...)
}

// endForEmail ends the tokens and sessions of the identities of an account.
func endForEmail(ctx context.Context, tx *tx, c EmailChange, now time.Time) error {
	identities, err := all(ctx, tx, scanned[string], selectLinkedIdentities, c.ActorType, c.ActorID)
	if err != nil {
		return err
	}
	asked := c.IdentityID == ""
	for _, id := range identities {
		if id == c.IdentityID {
			n, err := tx.exec(ctx, changeCredential, id, c.SeenVersion, now)
			if err != nil {
				return err
			}
			asked = n > 0
		} else if _, err := tx.exec(ctx, endActorTokens, id, now); err != nil {
			return err
		}
		if c.EndSessions == "" {
			_, err = tx.exec(ctx, carrySessions, id)
		} else {
			err = endSessions(ctx, tx, now, ending{group: c.Events[0].GroupID, reason: c.EndSessions}, deleteSessionsOf, id)
		}
		if err != nil {
			return err
		}
	}
	if !asked {
		return errChanged("credentials")
	}
	return nil
}

func setLogins(ctx context.Context, tx *tx, c EmailChange, now time.Time) error {
	for _, l := range c.Logins {
		verified := ""
		if l.Verified {
			verified = emailKey(l.EntityID)
		}
		n, err := tx.exec(ctx, setLogin, l.ProviderIdentityID, l.FormerKey, l.EntityID, l.EntityKey, verified, now, c.ActorType, c.ActorID)
		if err != nil {
			return err
		}
		if n == 0 && !l.Optional {
			return errChanged("login")
		}
	}
	return nil
}

func errChanged(what string) error {
	return refuse(everlatch.CodeConflict, ChangedMeanwhile, "what", what)
}

// EmailTaken reports whether another account has the new address of a change or
// may get it back. It does the same work in every case (docs/weak-spots.md#w19);
// only the change itself decides.
func (s *Store) EmailTaken(ctx context.Context, c EmailChange) (bool, error) {
	text := selectCustomerTaken
	if c.ActorType == everlatch.ActorUser {
		text = selectUserTaken
	}
	taken, err := first(ctx, s.reads, scanned[bool], text, emailKey(c.To), c.ActorID)
	if err != nil {
		return false, s.fail(ctx, "look for an account", err)
	}
	held, err := heldForOthers(ctx, s.reads, c.To, Actor{c.ActorType, c.ActorID}, s.now())
	if err != nil {
		return false, s.fail(ctx, "look for a hold", err)
	}
	taken = taken || held
	for _, l := range c.Logins {
		used, err := first(ctx, s.reads, scanned[bool], selectLoginTaken, l.ProviderIdentityID, l.EntityKey)
		if err != nil {
			return false, s.fail(ctx, "look for a login", err)
		}
		taken = taken || used
	}
	return taken, nil
}
