package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
)

// ImportedIdentity is what a program creates without a request of its user, such as an
// import. The caller generates the ids.
type ImportedIdentity struct {
	ID          string
	AppMetadata everlatch.Metadata
	// Credentials is at least one; their IdentityID and Event are not read.
	Credentials []NewCredential
	// Event is recorded and released with the identity.
	Event everlatch.Event
}

const setAppMetadata = `UPDATE auth_identity SET app_metadata = $2, updated_at = $3 WHERE id = $1 AND deleted_at IS NULL`

// ImportIdentities creates identities with their credentials, all or none, and returns
// them. An identity that exists with these credentials is returned as it is, so that a
// call can be repeated; a credential that another identity has is
// [everlatch.ErrDuplicate].
func (s *Store) ImportIdentities(ctx context.Context, in []ImportedIdentity) ([]everlatch.AuthIdentity, error) {
	now := s.now()
	out := make([]everlatch.AuthIdentity, len(in))
	err := s.write(ctx, func(tx *tx) (err error) {
		for i, identity := range in {
			if out[i], err = s.importIdentity(ctx, tx, identity, now); err != nil {
				return err
			}
		}
		return nil
	})
	if isUnique(err) {
		err = errTaken() // the id of a credential is in use elsewhere
	}
	if err != nil {
		return nil, s.fail(ctx, "import identities", err)
	}
	return out, nil
}

func (s *Store) importIdentity(ctx context.Context, tx *tx, in ImportedIdentity, now time.Time) (everlatch.AuthIdentity, error) {
	if len(in.Credentials) == 0 {
		return everlatch.AuthIdentity{}, refuse(everlatch.CodeInvalidData, CredentialRequired)
	}
	metadata, err := s.mergeAppMetadata(nil, in.AppMetadata)
	if err != nil {
		return everlatch.AuthIdentity{}, err
	}
	created, err := tx.exec(ctx, insertIdentity, in.ID, now, "")
	if err != nil {
		return everlatch.AuthIdentity{}, err
	}
	if created == 0 {
		return existing(ctx, tx, in)
	}
	if _, err := tx.exec(ctx, setAppMetadata, in.ID, metadata, now); err != nil {
		return everlatch.AuthIdentity{}, err
	}
	for _, c := range in.Credentials {
		c.IdentityID = in.ID
		if err := s.checkMetadata(To(c.UserMetadata), nil, c.UserMetadata); err != nil {
			return everlatch.AuthIdentity{}, err
		}
		if err := insertCredential(ctx, tx, c, now); err != nil {
			return everlatch.AuthIdentity{}, err
		}
	}
	if err := recordEvents(ctx, tx, now, released(now, in.Event)...); err != nil {
		return everlatch.AuthIdentity{}, err
	}
	return identityOf(ctx, tx, in.ID)
}

// existing returns the identity of an id if it is what was to be created.
func existing(ctx context.Context, tx *tx, in ImportedIdentity) (everlatch.AuthIdentity, error) {
	stored, err := identityOf(ctx, tx, in.ID)
	if err != nil {
		return stored, err
	}
	for _, c := range in.Credentials {
		same := func(p everlatch.ProviderIdentity) bool { return p.Provider == c.Provider && p.EntityKey == c.EntityKey }
		if !slices.ContainsFunc(stored.Providers, same) {
			return everlatch.AuthIdentity{}, errTaken()
		}
	}
	return stored, nil
}

// released is an event that belongs to no flow, if there is one.
func released(now time.Time, e everlatch.Event) []everlatch.Event {
	if e.ID == "" {
		return nil
	}
	e.CreatedAt, e.ReleasedAt = now, &now
	return []everlatch.Event{e}
}

// AddCredentials adds credentials to identities, all or none; see
// [Store.AddCredential].
func (s *Store) AddCredentials(ctx context.Context, in []NewCredential) error {
	now := s.now()
	in = slices.Clone(in)
	// In one order, so that two such calls don't wait for each other.
	slices.SortStableFunc(in, func(a, b NewCredential) int { return cmp.Compare(a.IdentityID, b.IdentityID) })
	err := s.write(ctx, func(tx *tx) error {
		for _, c := range in {
			if err := s.checkMetadata(To(c.UserMetadata), nil, c.UserMetadata); err != nil {
				return err
			}
			if c.Event.ID != "" {
				c.Event = released(now, c.Event)[0]
			}
			if err := addCredential(ctx, tx, c, now); err != nil {
				return err
			}
		}
		return nil
	})
	if isUnique(err) {
		err = errTaken()
	}
	return s.fail(ctx, "add credentials", err)
}
