package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

// FactorFilter selects second factors; its zero value selects all.
type FactorFilter struct {
	ID, IdentityID, Provider, Status []TextTest
	CreatedAt, UpdatedAt             []TimeTest
	And, Or                          []FactorFilter
	Not                              *FactorFilter
}

// ListFactors lists the second factors of live identities, without what their providers
// keep, and counts them.
func (s *Store) ListFactors(ctx context.Context, f FactorFilter, page Page) ([]everlatch.Factor, int, error) {
	where := conditions{postgres: s.onPostgres()}
	where.is("EXISTS (SELECT 1 FROM auth_identity a WHERE a.id = auth_identity_id AND a.deleted_at IS NULL)")
	f.fill(&where)
	found, count, err := list(ctx, s, "list factors", listing[StoredFactor]{
		table: "mfa_factor", columns: factorColumns, scan: scanFactor, where: where, page: page, defaultOrder: "id",
		orders:   []string{"id", "auth_identity_id", "provider", "status", "enabled_at", "last_used_at", "created_at", "updated_at"},
		nullable: []string{"enabled_at", "last_used_at"},
	})
	out := make([]everlatch.Factor, len(found))
	for i, stored := range found {
		out[i] = stored.Factor
	}
	return out, count, err
}

// FindFactor returns a factor by its id, or [everlatch.ErrNotFound].
func (s *Store) FindFactor(ctx context.Context, id string) (everlatch.Factor, error) {
	found, _, err := s.ListFactors(ctx, FactorFilter{ID: []TextTest{{Op: Is, Texts: []string{id}}}}, Page{})
	if err != nil || len(found) == 0 {
		return everlatch.Factor{}, firstOf(err, errNoFactor(id))
	}
	return found[0], nil
}

func (f FactorFilter) fill(c *conditions) {
	c.texts("id", f.ID)
	c.texts("auth_identity_id", f.IdentityID)
	c.texts("provider", f.Provider)
	c.texts("status", f.Status)
	c.times("created_at", f.CreatedAt)
	c.times("updated_at", f.UpdatedAt)
	combine(c, f.And, f.Or, FactorFilter.fill)
	except(c, f.Not, FactorFilter.fill)
}
