package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

const selectLogins = `SELECT ` + providerColumns + `
	FROM actor_link l
	JOIN auth_identity a ON a.id = l.auth_identity_id AND a.deleted_at IS NULL
	JOIN provider_identity p ON p.auth_identity_id = a.id AND p.deleted_at IS NULL
	WHERE l.actor_type = $1 AND l.actor_id = $2 ORDER BY p.id`

// LoginsOf returns the credentials of all live identities of an account, in the
// order of their ids.
func (s *Store) LoginsOf(ctx context.Context, actorType, actorID string) ([]everlatch.ProviderIdentity, error) {
	found, err := all(ctx, s.reads, scanProvider, selectLogins, actorType, actorID)
	return found, s.fail(ctx, "read logins of actor", err)
}

func errLoginTaken() error {
	return refuse(everlatch.CodeDuplicate, LoginTaken)
}

// followEmail updates the logins of an account after an administrator changed
// its e-mail, and notifies the user. It does nothing for a guest, or if the new
// address is another spelling of the same one.
func followEmail(ctx context.Context, tx *tx, former, changed everlatch.Customer, patch CustomerPatch, now time.Time) error {
	if !changed.HasAccount || changed.Email == nil || former.Email != nil && SameEmail(*former.Email, *changed.Email) {
		return nil
	}
	c := EmailChange{ActorType: everlatch.ActorCustomer, ActorID: changed.ID, To: *changed.Email}
	if former.Email != nil {
		c.From = *former.Email
		found, err := all(ctx, tx, scanProvider, selectLogins, c.ActorType, c.ActorID)
		if err != nil {
			return err
		}
		if patch.Follow != nil {
			if c.Logins, err = patch.Follow(c.From, c.To, found); err != nil {
				return err
			}
		}
	}
	event := newEvent(now, everlatch.EventEmailChanged, "", "", everlatch.Metadata{
		"actor_type": c.ActorType, "actor_id": c.ActorID, "former_email": c.From, "email": c.To,
		"changed_by": everlatch.Metadata{"actor_type": patch.ChangedBy.Type, "actor_id": patch.ChangedBy.ID},
	})
	c.Events = []everlatch.Event{event}
	if err := endForEmail(ctx, tx, c, now); err != nil {
		return err
	}
	if err := setLogins(ctx, tx, c, now); err != nil {
		return err
	}
	if err := moveHolds(ctx, tx, c, now); err != nil {
		return err
	}
	return recordEvents(ctx, tx, now, event)
}
