package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

// VerificationFilter selects verified and requested addresses; its zero value selects all.
type VerificationFilter struct {
	ID, IdentityID, EntityType, CodeProvider                 []TextTest
	EntityID, EntityKey                                      []TextTest
	Metadata                                                 []MetadataTest
	VerifiedAt, RequestedAt, ExpiresAt, CreatedAt, UpdatedAt []TimeTest
	And, Or                                                  []VerificationFilter
	Not                                                      *VerificationFilter
}

// ListVerifications lists the verified and requested addresses of live identities, and
// counts them.
func (s *Store) ListVerifications(ctx context.Context, f VerificationFilter, page Page) ([]everlatch.Verification, int, error) {
	where := conditions{postgres: s.onPostgres()}
	if err := f.fill(&where); err != nil {
		return nil, 0, err
	}
	found, count, err := list(ctx, s, "list verifications", listing[storedVerification]{
		table:   "auth_verification v JOIN auth_identity a ON a.id = v.auth_identity_id AND a.deleted_at IS NULL",
		columns: verificationColumns, scan: scanVerification, where: where, page: page, defaultOrder: "v.id", tieBreak: "v.id", prefix: "v.",
		orders: []string{
			"id", "auth_identity_id", "entity_id", "entity_type", "code_provider", "verified_at", "requested_at", "expires_at",
			"created_at", "updated_at",
		},
		nullable: []string{"verified_at"},
	})
	out := make([]everlatch.Verification, len(found))
	for i, stored := range found {
		out[i] = stored.Verification
	}
	return out, count, err
}

// FindVerification returns a record by its id, or [everlatch.ErrNotFound].
func (s *Store) FindVerification(ctx context.Context, id string) (everlatch.Verification, error) {
	found, _, err := s.ListVerifications(ctx, VerificationFilter{ID: []TextTest{{Op: Is, Texts: []string{id}}}}, Page{})
	if err != nil || len(found) == 0 {
		return everlatch.Verification{}, firstOf(err, notFound("AuthVerification", id))
	}
	return found[0], nil
}

func (f VerificationFilter) fill(c *conditions) (err error) {
	c.texts("v.id", f.ID)
	c.texts("v.auth_identity_id", f.IdentityID)
	c.texts("v.entity_type", f.EntityType)
	c.texts("v.code_provider", f.CodeProvider)
	c.texts("v.entity_id", f.EntityID)
	c.texts("v.entity_key", f.EntityKey)
	c.times("v.verified_at", f.VerifiedAt)
	c.times("v.requested_at", f.RequestedAt)
	c.times("v.expires_at", f.ExpiresAt)
	c.times("v.created_at", f.CreatedAt)
	c.times("v.updated_at", f.UpdatedAt)
	err = c.metadata("v.metadata", f.Metadata)
	fill := func(f VerificationFilter, c *conditions) { err = firstOf(err, f.fill(c)) }
	combine(c, f.And, f.Or, fill)
	except(c, f.Not, fill)
	return err
}
