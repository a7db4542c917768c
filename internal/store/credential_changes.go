package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
)

// CredentialPatch changes a credential without a request of its user. What is not set
// stays.
type CredentialPatch struct {
	ID string
	// EntityID is another identifier, with its canonical form. The address that was
	// proven is forgotten.
	EntityID, EntityKey Change[string]
	// UserMetadata and ProviderMetadata are JSON merge patches (RFC 7386).
	UserMetadata, ProviderMetadata Change[everlatch.Metadata]
	// VerifiedEmail is an address that the caller has proven.
	VerifiedEmail Change[string]
	// Event is recorded and released with the change.
	Event everlatch.Event
}

const selectCredentialByID = `SELECT ` + providerColumns + ` FROM provider_identity p
	JOIN auth_identity a ON a.id = p.auth_identity_id AND a.deleted_at IS NULL
	WHERE p.id = $1 AND p.deleted_at IS NULL`

// UpdateCredentials changes credentials, all or none, and returns them. Another
// identifier or other provider metadata, which is a new password, end everything that
// was issued to the identity (docs/weak-spots.md#w25). A missing credential is
// [everlatch.ErrNotFound], an identifier that another identity has is
// [everlatch.ErrDuplicate].
func (s *Store) UpdateCredentials(ctx context.Context, patches []CredentialPatch) ([]everlatch.ProviderIdentity, error) {
	now := s.now()
	out := make([]everlatch.ProviderIdentity, len(patches))
	err := s.write(ctx, func(tx *tx) (err error) {
		owners, err := lockOwners(ctx, tx, patches, now)
		if err != nil {
			return err
		}
		for i, p := range patches {
			if out[i], err = s.updateCredential(ctx, tx, p, owners[p.ID], now); err != nil {
				return err
			}
		}
		return nil
	})
	if isUnique(err) {
		err = errTaken()
	}
	if err != nil {
		return nil, s.fail(ctx, "update credentials", err)
	}
	return out, nil
}

// lockOwners locks the identities of credentials, in one order, so that two such calls
// don't wait for each other, and returns their ids by those of the credentials.
func lockOwners(ctx context.Context, tx *tx, patches []CredentialPatch, now time.Time) (map[string]string, error) {
	owners := map[string]string{}
	for _, p := range patches {
		found, err := first(ctx, tx, scanProvider, selectCredentialByID, p.ID)
		if err != nil {
			return nil, noRows(err, notUpdatable("ProviderIdentity", p.ID))
		}
		owners[p.ID] = found.AuthIdentityID
	}
	locked := make([]string, 0, len(owners))
	for _, id := range owners {
		locked = append(locked, id)
	}
	slices.SortFunc(locked, cmp.Compare[string])
	for _, id := range slices.Compact(locked) {
		if err := lockIdentity(ctx, tx, id, now); err != nil {
			return nil, err
		}
	}
	return owners, nil
}

func (s *Store) updateCredential(
	ctx context.Context, tx *tx, p CredentialPatch, owner string, now time.Time,
) (c everlatch.ProviderIdentity, err error) {
	if c, err = first(ctx, tx, scanProvider, selectCredentialByID, p.ID); err != nil {
		return c, noRows(err, notUpdatable("ProviderIdentity", p.ID))
	}
	if c.AuthIdentityID != owner {
		return c, errChanged("credentials")
	}
	former := c
	p.EntityID.apply(&c.EntityID)
	p.EntityKey.apply(&c.EntityKey)
	if c.EntityKey != former.EntityKey {
		c.VerifiedEmail = ""
	}
	if p.VerifiedEmail.Set {
		c.VerifiedEmail = emailKey(p.VerifiedEmail.Value)
	}
	if c.UserMetadata, err = s.patched(former.UserMetadata, p.UserMetadata); err != nil {
		return c, err
	}
	if c.ProviderMetadata, err = s.patched(former.ProviderMetadata, p.ProviderMetadata); err != nil {
		return c, err
	}
	c.UpdatedAt = now
	_, err = tx.exec(ctx, `UPDATE provider_identity SET entity_id = $2, entity_key = $3, user_metadata = $4,
		provider_metadata = $5, verified_email = NULLIF($6, ''), updated_at = $7 WHERE id = $1`,
		c.ID, c.EntityID, c.EntityKey, c.UserMetadata, c.ProviderMetadata, c.VerifiedEmail, now)
	if err != nil {
		return c, err
	}
	if c.EntityKey != former.EntityKey || p.ProviderMetadata.Set {
		if err := checkTyped(ctx, tx, c.EntityKey != former.EntityKey, c.EntityID, c.EntityKey, now); err != nil {
			return c, err
		}
		if err := endIdentity(ctx, tx, owner, "credential_updated", now); err != nil {
			return c, err
		}
	}
	return c, recordEvents(ctx, tx, now, released(now, p.Event)...)
}

func (s *Store) patched(former everlatch.Metadata, change Change[everlatch.Metadata]) (everlatch.Metadata, error) {
	switch {
	case !change.Set:
		return former, nil
	case change.Value == nil:
		return nil, nil
	}
	merged := mergePatch(former, change.Value)
	return merged, s.checkMetadata(change, former, merged)
}

// endIdentity ends the tokens and sessions of an identity that is locked.
func endIdentity(ctx context.Context, tx *tx, id, reason string, now time.Time) error {
	if _, err := tx.exec(ctx, endActorTokens, id, now); err != nil {
		return err
	}
	return endSessions(ctx, tx, now, ending{reason: reason}, deleteSessionsOf, id)
}
