package store

import "strings"

// IdentitySearch selects identities as an administrator looks for them; zero fields
// select all.
type IdentitySearch struct {
	// Q are words, each of them part of an address or another name that the identity
	// signs in with, or of the e-mail of its customer or administrator.
	Q string
	// Providers are ids of providers, one of which the identity signs in with.
	Providers []string
	// ActorTypes and ActorIDs are of one actor of the identity.
	ActorTypes, ActorIDs []string
	Disabled             *bool
}

const (
	haveCredential = `SELECT 1 FROM provider_identity p WHERE p.auth_identity_id = a.id AND p.deleted_at IS NULL AND %s`
	haveActor      = `SELECT 1 FROM actor_link l WHERE l.auth_identity_id = a.id AND %s`
)

// sought are the queries for the identities that have a word, with the columns that may.
// They are one condition, so that the database reads what matches instead of every identity.
var sought = []struct {
	query   string
	columns []string
}{
	{
		`SELECT p.auth_identity_id FROM provider_identity p WHERE p.deleted_at IS NULL AND %s`,
		[]string{"p.entity_id", "p.entity_key", "p.verified_email"},
	},
	{
		`SELECT l.auth_identity_id FROM customer c
		JOIN actor_link l ON l.actor_type = 'customer' AND l.actor_id = c.id WHERE c.deleted_at IS NULL AND %s`,
		[]string{"c.email"},
	},
	{
		`SELECT l.auth_identity_id FROM "user" u
		JOIN actor_link l ON l.actor_type = 'user' AND l.actor_id = u.id WHERE u.deleted_at IS NULL AND %s`,
		[]string{"u.email"},
	},
}

func (f IdentitySearch) search(c *conditions) {
	if f.Q != "" {
		ways := make([]string, len(sought))
		for i, way := range sought {
			found := c.inner(func(c *conditions) { c.contains(f.Q, way.columns...) })
			ways[i] = strings.ReplaceAll(way.query, "%s", found)
		}
		c.is("a.id IN (" + strings.Join(ways, " UNION ") + ")")
	}
	if len(f.Providers) > 0 {
		c.exists(haveCredential, func(c *conditions) { c.in("p.provider", f.Providers) })
	}
	if len(f.ActorTypes)+len(f.ActorIDs) > 0 {
		c.exists(haveActor, func(c *conditions) {
			c.in("l.actor_type", f.ActorTypes)
			c.in("l.actor_id", f.ActorIDs)
		})
	}
	if f.Disabled != nil {
		c.is(map[bool]string{true: "a.disabled_at IS NOT NULL", false: "a.disabled_at IS NULL"}[*f.Disabled])
	}
}
