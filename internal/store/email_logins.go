package store

import (
	"context"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
)

// Login is an address as what somebody signs in with at a provider.
type Login struct {
	Provider, EntityID, EntityKey string
}

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

// followEmail lets the logins of an account follow its e-mail, which an
// administrator has changed, and tells the person. It does nothing for a guest,
// and where the address is another way of writing the same.
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
		c.Logins = followers(found, c.From, patch.Logins)
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
	if err := rehold(ctx, tx, c, now); err != nil {
		return err
	}
	return recordEvents(ctx, tx, now, event)
}

// followers are the logins that were an e-mail, and become what it is now.
func followers(found []everlatch.ProviderIdentity, email string, logins []Login) []LoginChange {
	var out []LoginChange
	for _, p := range found {
		i := slices.IndexFunc(logins, func(l Login) bool { return l.Provider == p.Provider })
		if i >= 0 && SameEmail(p.EntityID, email) {
			out = append(out, LoginChange{
				ProviderIdentityID: p.ID, FromKey: p.EntityKey, EntityID: logins[i].EntityID, EntityKey: logins[i].EntityKey,
			})
		}
	}
	return out
}
