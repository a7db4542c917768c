package store

import (
	"context"
	"slices"

	"github.com/everlatch/everlatch"
)

// IdentityFilter selects identities; its zero value selects all.
type IdentityFilter struct {
	ID []TextTest
	// Actors tests the id of the linked actor, by actor type. An identity without one
	// passes no test.
	Actors      map[string][]TextTest
	AppMetadata []MetadataTest
	// Credential selects the identities that have a credential which it selects; nil
	// selects all.
	Credential                       *CredentialFilter
	CreatedAt, UpdatedAt, LastUsedAt []TimeTest
	And, Or                          []IdentityFilter
	Not                              *IdentityFilter
	IdentitySearch
}

// CredentialFilter selects credentials; its zero value selects all.
type CredentialFilter struct {
	ID, IdentityID, Provider []TextTest
	// EntityID tests the identifier as it was written, EntityKey its canonical form.
	EntityID, EntityKey  []TextTest
	UserMetadata         []MetadataTest
	CreatedAt, UpdatedAt []TimeTest
	And, Or              []CredentialFilter
	Not                  *CredentialFilter
}

// AuthIdentities lists live identities with their links and counts them. Credentials
// are loaded by [Store.LoadCredentials].
func (s *Store) AuthIdentities(ctx context.Context, f IdentityFilter, page Page) ([]everlatch.AuthIdentity, int, error) {
	where := conditions{postgres: s.onPostgres()}
	where.is("a.deleted_at IS NULL")
	if err := f.fill(&where); err != nil {
		return nil, 0, err
	}
	found, count, err := list(ctx, s, "list identities", listing[everlatch.AuthIdentity]{
		table: "auth_identity a", columns: identityColumns, scan: scanIdentity, where: where, page: page,
		defaultOrder: "a.id", tieBreak: "a.id", orders: []string{"id", "created_at", "updated_at", "last_used_at", "disabled_at", "mfa_enabled_at"},
		nullable: []string{"disabled_at", "mfa_enabled_at"},
	})
	if err != nil {
		return nil, 0, err
	}
	return found, count, s.loadLinks(ctx, found)
}

// ProviderIdentities lists the credentials of live identities and counts them.
func (s *Store) ProviderIdentities(ctx context.Context, f CredentialFilter, page Page) ([]everlatch.ProviderIdentity, int, error) {
	where := conditions{postgres: s.onPostgres()}
	where.is("p.deleted_at IS NULL")
	if err := f.fill(&where); err != nil {
		return nil, 0, err
	}
	return list(ctx, s, "list credentials", listing[everlatch.ProviderIdentity]{
		table: "provider_identity p", columns: providerColumns, scan: scanProvider, where: where, page: page,
		defaultOrder: "p.id", tieBreak: "p.id",
		orders: []string{"id", "auth_identity_id", "provider", "entity_id", "entity_key", "created_at", "updated_at"},
	})
}

func (f IdentityFilter) fill(c *conditions) (err error) {
	c.texts("a.id", f.ID)
	f.search(c)
	for actorType, tests := range f.Actors {
		c.exists(`SELECT 1 FROM actor_link l WHERE l.auth_identity_id = a.id AND %s`, func(c *conditions) {
			c.add("l.actor_type = %s", actorType)
			c.texts("l.actor_id", tests)
		})
	}
	c.times("a.created_at", f.CreatedAt)
	c.times("a.updated_at", f.UpdatedAt)
	c.times("a.last_used_at", f.LastUsedAt)
	err = c.metadata("a.app_metadata", f.AppMetadata)
	if f.Credential != nil {
		c.exists(`SELECT 1 FROM provider_identity p WHERE p.auth_identity_id = a.id AND p.deleted_at IS NULL AND %s`,
			func(c *conditions) { err = firstOf(err, f.Credential.fill(c)) })
	}
	fill := func(f IdentityFilter, c *conditions) { err = firstOf(err, f.fill(c)) }
	combine(c, f.And, f.Or, fill)
	except(c, f.Not, fill)
	return err
}

func (f CredentialFilter) fill(c *conditions) (err error) {
	c.texts("p.id", f.ID)
	c.texts("p.auth_identity_id", f.IdentityID)
	c.texts("p.provider", f.Provider)
	c.texts("p.entity_id", f.EntityID)
	c.texts("p.entity_key", f.EntityKey)
	c.times("p.created_at", f.CreatedAt)
	c.times("p.updated_at", f.UpdatedAt)
	err = c.metadata("p.user_metadata", f.UserMetadata)
	fill := func(f CredentialFilter, c *conditions) { err = firstOf(err, f.fill(c)) }
	combine(c, f.And, f.Or, fill)
	except(c, f.Not, fill)
	return err
}

func firstOf(err, next error) error {
	if err != nil {
		return err
	}
	return next
}

func scanIdentity(row scanner) (identity everlatch.AuthIdentity, err error) {
	var l linked
	fields := l.fields()
	err = row.Scan(fields[:len(fields)-linkFields]...)
	l.Links = map[string]string{}
	return l.AuthIdentity, err
}

// linksAtOnce bounds the arguments of one statement.
const linksAtOnce = 500

// loadLinks reads the links of identities.
func (s *Store) loadLinks(ctx context.Context, identities []everlatch.AuthIdentity) error {
	byID := make(map[string]*everlatch.AuthIdentity, len(identities))
	for i := range identities {
		byID[identities[i].ID] = &identities[i]
	}
	for some := range slices.Chunk(identities, linksAtOnce) {
		var where conditions
		where.in("l.auth_identity_id", identityIDs(some))
		rows, err := all(ctx, adhoc{s.reads}, scanLink, `SELECT l.auth_identity_id, `+linkColumns+`
			FROM actor_link l`+joinDeletion+` WHERE `+where.all(), where.args...)
		if err != nil {
			return s.fail(ctx, "read links", err)
		}
		for _, row := range rows {
			row.addTo(byID[row.ID])
		}
	}
	return nil
}

func scanLink(row scanner) (l linked, err error) {
	err = row.Scan(&l.ID, toText{&l.actorType}, toText{&l.actorID}, toTime{&l.deletionAt})
	return l, err
}

// LoadCredentials reads the credentials of identities into them, each in the order of
// the ids.
func (s *Store) LoadCredentials(ctx context.Context, identities []everlatch.AuthIdentity) error {
	byID := make(map[string]*everlatch.AuthIdentity, len(identities))
	for i := range identities {
		identities[i].Providers = []everlatch.ProviderIdentity{}
		byID[identities[i].ID] = &identities[i]
	}
	for some := range slices.Chunk(identities, linksAtOnce) {
		var where conditions
		where.in("p.auth_identity_id", identityIDs(some))
		found, err := all(ctx, adhoc{s.reads}, scanProvider, `SELECT `+providerColumns+` FROM provider_identity p
			WHERE p.deleted_at IS NULL AND `+where.all()+` ORDER BY p.id`, where.args...)
		if err != nil {
			return s.fail(ctx, "read credentials", err)
		}
		for _, p := range found {
			byID[p.AuthIdentityID].Providers = append(byID[p.AuthIdentityID].Providers, p)
		}
	}
	return nil
}

func identityIDs(identities []everlatch.AuthIdentity) []string {
	out := make([]string, len(identities))
	for i := range identities {
		out[i] = identities[i].ID
	}
	return out
}

// ProviderIdentity returns the credential of an id, or [everlatch.ErrNotFound].
func (s *Store) ProviderIdentity(ctx context.Context, id string) (everlatch.ProviderIdentity, error) {
	found, err := first(ctx, s.reads, scanProvider,
		`SELECT `+providerColumns+` FROM provider_identity p WHERE p.id = $1 AND p.deleted_at IS NULL`, id)
	return found, s.fail(ctx, "read credential", noRows(err, notFound("ProviderIdentity", id)))
}
