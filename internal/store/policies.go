package store

import (
	"context"
	"regexp"
	"strings"

	"github.com/everlatch/everlatch"
)

// PolicyFilter selects policies; zero fields select all.
type PolicyFilter struct {
	// Q are words, each of them part of the key or the name.
	Q string

	IDs, Keys, Resources, Operations []string

	CreatedAt, UpdatedAt, DeletedAt []TimeTest
	// All of And must match, and at least one of Or.
	And, Or []PolicyFilter
}

// PolicyPatch is an update of a policy; zero fields keep what is stored.
type PolicyPatch struct {
	Key, Resource, Operation Change[string]
	Name, Description        Change[*string]
	// Metadata is merged into the stored metadata; a key set to "" is removed.
	Metadata Change[everlatch.Metadata]
}

const (
	policyColumns = `p.id, p.key, p.resource, p.operation, p.name, p.description, p.metadata, p.built_in,
		p.created_at, p.updated_at, p.deleted_at`

	selectPolicy = `SELECT ` + policyColumns + ` FROM rbac_policy p WHERE p.id = $1`

	insertPolicy = `INSERT INTO rbac_policy (id, key, resource, operation, name, description, metadata, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
		ON CONFLICT (id) DO NOTHING`
	updatePolicy = `UPDATE rbac_policy SET key = $2, resource = $3, operation = $4, name = $5, description = $6,
			metadata = $7, updated_at = $8
		WHERE id = $1`
	deletePolicy = `DELETE FROM rbac_policy WHERE id = $1`
)

// policyKind are the policies of roles.
var policyKind = kind[everlatch.Policy]{
	name: "Policy", one: "policy", many: "policies", byID: selectPolicy,
	listing: listing[everlatch.Policy]{
		table: "rbac_policy p", columns: policyColumns, scan: scanFields(policyFields), defaultOrder: "id",
		orders:   []string{"id", "key", "resource", "operation", "name", "created_at", "updated_at"},
		nullable: []string{"name"},
	},
}

func (f PolicyFilter) test(c *conditions) {
	c.contains(f.Q, "p.key", "p.name")
	c.in("p.id", f.IDs)
	c.in("p.key", f.Keys)
	c.in("p.resource", f.Resources)
	c.in("p.operation", f.Operations)
	c.dates("p.", f.CreatedAt, f.UpdatedAt, f.DeletedAt)
	combine(c, f.And, f.Or, PolicyFilter.test)
}

// Policy returns a policy, or [everlatch.ErrNotFound].
func (s *Store) Policy(ctx context.Context, id string) (everlatch.Policy, error) {
	return policyKind.read(ctx, s, id)
}

// Policies lists policies and counts them. They are ordered by id, or by key,
// resource, operation, name, created_at or updated_at.
func (s *Store) Policies(ctx context.Context, f PolicyFilter, page Page) ([]everlatch.Policy, int, error) {
	return policyKind.list(ctx, s, page, f.test)
}

// CreatePolicy creates a policy with the given id, for custom routes. Its key
// consists of resource and operation in lower case; a different key, or the key
// of another policy, is [everlatch.CodeInvalidData]. The policy has no effect
// until a role has it.
func (s *Store) CreatePolicy(ctx context.Context, p everlatch.Policy) (stored everlatch.Policy, err error) {
	if err := checkPolicy(&p); err != nil {
		return everlatch.Policy{}, err
	}
	_, err = s.writes.exec(ctx, insertPolicy, p.ID, p.Key, p.Resource, p.Operation, p.Name, p.Description, p.Metadata, s.now())
	if err != nil {
		return everlatch.Policy{}, s.fail(ctx, "create policy", policyTaken(err, p.Key))
	}
	return s.Policy(ctx, p.ID)
}

// policyWord is the form of a resource or an operation: it is unambiguous
// within a key.
var policyWord = regexp.MustCompile(`^(\*|[a-z0-9_][a-z0-9_.-]*)$`)

func checkPolicy(p *everlatch.Policy) error {
	p.Resource, p.Operation = strings.ToLower(p.Resource), strings.ToLower(p.Operation)
	switch {
	case !policyWord.MatchString(p.Resource), !policyWord.MatchString(p.Operation):
		return refuse(everlatch.CodeInvalidData, PolicyWordInvalid)
	case p.Key != p.Permission().String():
		return refuse(everlatch.CodeInvalidData, PolicyKeyMismatch, "key", p.Permission().String())
	default:
		return nil
	}
}

func policyTaken(err error, key string) error {
	if !isUnique(err) {
		return err
	}
	return refuse(everlatch.CodeInvalidData, PolicyKeyTaken, "key", key)
}

// UpdatePolicy changes a policy and returns the result. A missing policy is
// [everlatch.ErrNotFound], a built-in one [everlatch.ErrNotAllowed]. The caller
// must hold both the previous and the new permission of the policy.
func (s *Store) UpdatePolicy(ctx context.Context, by Authority, id string, patch PolicyPatch) (p everlatch.Policy, err error) {
	now := s.now()
	err = s.changeRBAC(ctx, "update policy", by, func(tx *tx, access everlatch.Access) error {
		if p, err = policyKind.find(ctx, tx, id, notUpdatable("Policy", id)); err != nil {
			return err
		}
		before := p.Permission()
		patch.Key.apply(&p.Key)
		patch.Resource.apply(&p.Resource)
		patch.Operation.apply(&p.Operation)
		patch.Name.apply(&p.Name)
		patch.Description.apply(&p.Description)
		metadata := p.Metadata
		applyMetadata(patch.Metadata, &p.Metadata)
		if err := s.checkMetadata(patch.Metadata, metadata, p.Metadata); err != nil {
			return err
		}
		if err := checkPolicy(&p); err != nil {
			return err
		}
		if err := demandPolicy(access, p, before, p.Permission()); err != nil {
			return err
		}
		_, err := tx.exec(ctx, updatePolicy, id, p.Key, p.Resource, p.Operation, p.Name, p.Description, p.Metadata, now)
		p.UpdatedAt = now
		return err
	})
	if err != nil {
		return everlatch.Policy{}, policyTaken(err, p.Key)
	}
	return p, nil
}

// DeletePolicy permanently deletes a policy and removes it from every role. A
// missing policy is no error (docs/contract.md#s2-1), a built-in one
// [everlatch.ErrNotAllowed].
func (s *Store) DeletePolicy(ctx context.Context, by Authority, id string) error {
	return s.changeRBAC(ctx, "delete policy", by, func(tx *tx, access everlatch.Access) error {
		found, err := all(ctx, tx, policyKind.scan, selectPolicy, id)
		if err != nil || len(found) == 0 {
			return err
		}
		if err := demandPolicy(access, found[0], found[0].Permission()); err != nil {
			return err
		}
		_, err = tx.exec(ctx, deletePolicy, id)
		return err
	})
}

func demandPolicy(access everlatch.Access, p everlatch.Policy, needs ...everlatch.Permission) error {
	switch {
	case p.BuiltIn:
		return refuse(everlatch.CodeNotAllowed, PolicyBuiltIn)
	case !access.Allows(needs...):
		return refuse(everlatch.CodeForbidden, PolicyForbidden)
	}
	return nil
}

// policyFields scans policyColumns.
func policyFields(p *everlatch.Policy) []any {
	return []any{
		&p.ID, &p.Key, &p.Resource, &p.Operation, &p.Name, &p.Description,
		toMetadata{&p.Metadata},
		toBool{&p.BuiltIn},
		toTime{&p.CreatedAt},
		toTime{&p.UpdatedAt},
		toOptionalTime{&p.DeletedAt},
	}
}
