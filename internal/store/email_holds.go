package store

import (
	"context"
	"time"
)

// An address is held for the account that had it while the change can be undone.
// Otherwise an attacker who changed the e-mail of an account would only have to
// register the former address to keep the account.

const (
	insertHold = `INSERT INTO email_hold (email_key, actor_type, actor_id, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (email_key, actor_type, actor_id) DO UPDATE SET expires_at = excluded.expires_at`
	deleteHold = `DELETE FROM email_hold WHERE email_key = $1 AND actor_type = $2 AND actor_id = $3`

	selectHeld = `SELECT EXISTS (SELECT 1 FROM email_hold
		WHERE email_key = $1 AND expires_at > $2 AND NOT (actor_type = $3 AND actor_id = $4))`

	selectHeldOfType = `SELECT EXISTS (SELECT 1 FROM email_hold
		WHERE email_key = $1 AND expires_at > $2 AND actor_type = $3 AND actor_id <> $4)`

	sweepHolds = `DELETE FROM email_hold WHERE expires_at <= $1`
)

// EmailHeld reports whether an address is held for the account that recently had
// it, so that no other account can register it.
func (s *Store) EmailHeld(ctx context.Context, email string) (bool, error) {
	held, err := heldForOthers(ctx, s.reads, email, Actor{}, s.now())
	return held, s.fail(ctx, "look for a hold", err)
}

// Actor names an account.
type Actor struct{ Type, ID string }

// heldForOthers reports whether an address is held for any account but one. A
// transaction asks after it has written, so that it sees the changes that it
// had to wait for.
func heldForOthers(ctx context.Context, q querier, email string, but Actor, now time.Time) (bool, error) {
	if emailKey(email) == "" {
		return false, nil
	}
	return first(ctx, q, scanned[bool], selectHeld, emailKey(email), now, but.Type, but.ID)
}

// checkTyped refuses a held address that a user typed as their login.
func checkTyped(ctx context.Context, q querier, typed bool, entityID, entityKey string, now time.Time) error {
	if !typed {
		return nil
	}
	for _, address := range []string{entityID, entityKey} {
		held, err := heldForOthers(ctx, q, address, Actor{}, now)
		if err != nil {
			return err
		}
		if held {
			return errTaken()
		}
	}
	return nil
}

// checkAccountEmail refuses the e-mail of a new account when it is held for
// another one of the kind.
func checkAccountEmail(ctx context.Context, q querier, email string, account Actor, now time.Time, taken error) error {
	held, err := first(ctx, q, scanned[bool], selectHeldOfType, emailKey(email), now, account.Type, account.ID)
	if err == nil && held {
		err = taken
	}
	return err
}

// moveHolds releases the holds on the addresses that an account gets, which no
// other account can claim, and holds the ones that it loses.
func moveHolds(ctx context.Context, tx *tx, c EmailChange, now time.Time) error {
	account := Actor{c.ActorType, c.ActorID}
	wanted := []string{c.To}
	for _, l := range c.Logins {
		wanted = append(wanted, l.EntityID)
	}
	for _, email := range wanted {
		held, err := heldForOthers(ctx, tx, email, account, now)
		if err != nil {
			return err
		}
		if held {
			return errEmailTaken()
		}
		if _, err := tx.exec(ctx, deleteHold, emailKey(email), c.ActorType, c.ActorID); err != nil {
			return err
		}
	}
	if c.HoldUntil.IsZero() {
		return nil
	}
	former := []string{c.From}
	for _, l := range c.Logins {
		former = append(former, l.FormerKey)
	}
	for _, email := range former {
		if emailKey(email) == "" || emailKey(email) == emailKey(c.To) {
			continue
		}
		if _, err := tx.exec(ctx, insertHold, emailKey(email), c.ActorType, c.ActorID, c.HoldUntil); err != nil {
			return err
		}
	}
	return nil
}
