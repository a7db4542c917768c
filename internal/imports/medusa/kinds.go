package medusa

import (
	"strings"
	"time"

	"github.com/everlatch/everlatch/internal/transfer"
)

// kind is how the rows of a table, called x, become records.
type kind struct {
	typ, table string
	// key is SQL for what tells records apart, which is the order in which they are read.
	key string
	// object is SQL for the record, changed for when it was changed last, and changes
	// for the ids of those that were changed since $2.
	object, changed, changes string
	// live selects the rows that are not hidden, and soft is the column that hides others. A
	// kind whose keys can be used again has no such column: a hidden row would remove the
	// one that has taken its place.
	live, soft string
	// convert completes a record and its unit.
	convert func(s *Source, record transfer.Record, u *transfer.Unit)
	// fields are those of the key, where it is not the id; a space separates them.
	fields []string
}

// removal is the unit of a record that was removed.
func (k *kind) removal(key string, at time.Time) transfer.Unit {
	record := transfer.Record{"type": k.typ, "id": key}
	u := transfer.Unit{Records: []transfer.Record{record}, Removed: true, ChangedAt: at}
	if len(k.fields) > 0 {
		delete(record, "id")
		u.Source = key
		for i, value := range strings.Fields(key) {
			record[k.fields[i]] = value
		}
	}
	return u
}

const (
	rowTimes = "created_at updated_at"
	alive    = "x.deleted_at IS NULL"
)

// kinds are what there is to read, in the order in which records refer to each other.
func (s *Source) kinds() []*kind {
	var out []*kind
	if s.has("rbac_role", "rbac_policy", "rbac_role_policy", "rbac_role_parent") {
		out = append(out, policies(), roles(), roleParents())
	}
	return append(out, groups(), customers(), s.users(), s.identities(), s.invites(), apiKeys())
}

// byID is a kind with an id whose rows are hidden when they are removed.
func byID(k kind, with ...related) *kind {
	k.key, k.live, k.soft = "x.id", alive, "x.deleted_at"
	k.changed, k.changes = times(k.table, with...)
	return &k
}

func policies() *kind {
	k := byID(kind{
		typ: transfer.TypePolicy, table: "rbac_policy",
		object: object("x", "id key resource operation name description metadata "+rowTimes),
	})
	k.key, k.soft, k.fields = "x.key", "", []string{"key"}
	return k
}

func roles() *kind {
	return byID(kind{
		typ: transfer.TypeRole, table: "rbac_role",
		object: object("x", "id name description metadata "+rowTimes, list("policies", object("c", "id metadata "+rowTimes, "'policy_id', p.key"),
			"rbac_role_policy c JOIN rbac_policy p ON p.id = c.policy_id AND p.deleted_at IS NULL WHERE c.role_id = x.id AND c.deleted_at IS NULL")),
	}, related{"rbac_role_policy", "role_id"})
}

func roleParents() *kind {
	k := byID(kind{typ: transfer.TypeRoleParent, table: "rbac_role_parent", object: object("x", "role_id parent_id created_at")})
	k.key, k.soft, k.fields = "x.role_id || ' ' || x.parent_id", "", []string{"role_id", "parent_id"}
	return k
}

func groups() *kind {
	return byID(kind{
		typ: transfer.TypeGroup, table: "customer_group",
		object: object("x", "id name metadata created_by "+rowTimes),
	})
}

func customers() *kind {
	return byID(kind{
		typ: transfer.TypeCustomer, table: "customer",
		object: object("x", "id email company_name first_name last_name phone has_account metadata created_by "+rowTimes,
			list("addresses", object("c", "id address_name company first_name last_name address_1 address_2 city country_code province postal_code phone metadata is_default_shipping is_default_billing "+rowTimes),
				"customer_address c WHERE c.customer_id = x.id AND c.deleted_at IS NULL"),
			list("groups", object("c", "customer_group_id created_at"),
				`(SELECT customer_group_id AS id, customer_group_id, min(created_at) AS created_at FROM customer_group_customer WHERE customer_id = x.id AND deleted_at IS NULL GROUP BY 1, 2) c
				JOIN customer_group g ON g.id = c.id AND g.deleted_at IS NULL`)),
	}, related{"customer_address", "customer_id"}, related{"customer_group_customer", "customer_id"})
}

func (s *Source) users() *kind {
	k := kind{typ: transfer.TypeUser, table: `"user"`}
	columns := "id email first_name last_name avatar_url metadata " + rowTimes
	if !s.has("rbac_role", "user_rbac_role") {
		k.object = object("x", columns)
		return byID(k)
	}
	k.object = object("x", columns, list("roles", object("c", "rbac_role_id created_at"),
		"user_rbac_role c JOIN rbac_role r ON r.id = c.rbac_role_id AND r.deleted_at IS NULL WHERE c.user_id = x.id AND c.deleted_at IS NULL"))
	return byID(k, related{"user_rbac_role", "user_id"})
}
