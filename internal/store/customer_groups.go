package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

// GroupFilter selects customer groups; zero fields select all.
type GroupFilter struct {
	// Q are words, each of them part of the name.
	Q string

	IDs, Names, CreatedBy []string
	// Customer selects groups with a member that matches.
	Customer *CustomerFilter

	CreatedAt, UpdatedAt, DeletedAt []TimeTest
	// All of And must match, and at least one of Or.
	And, Or []GroupFilter
}

// GroupPatch is an update of a customer group; zero fields keep what is stored.
type GroupPatch struct {
	Name Change[string]
	// Metadata is merged into the stored metadata; a key set to "" is removed.
	Metadata Change[everlatch.Metadata]
}

const (
	groupColumns = `g.id, g.name, g.metadata, g.created_by, g.created_at, g.updated_at, g.deleted_at`

	insertGroup = `INSERT INTO customer_group (id, name, metadata, created_by, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT DO NOTHING`

	selectGroup = `SELECT ` + groupColumns + ` FROM customer_group g WHERE g.id = $1 AND g.deleted_at IS NULL`

	lockGroup = `UPDATE customer_group SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL`

	updateGroup = `UPDATE customer_group SET name = $2, metadata = $3, updated_at = $4 WHERE id = $1`

	deleteGroup = `DELETE FROM customer_group WHERE id = $1`
)

// test appends the filter for the group g.
func (f GroupFilter) test(c *conditions) {
	c.contains(f.Q, "g.name")
	c.in("g.id", f.IDs)
	c.in("g.name", f.Names)
	c.in("g.created_by", f.CreatedBy)
	if f.Customer != nil {
		c.exists(`SELECT 1 FROM customer_group_customer m JOIN customer c ON c.id = m.customer_id
			WHERE m.customer_group_id = g.id AND c.deleted_at IS NULL AND %s`, f.Customer.test)
	}
	c.dates("g.", f.CreatedAt, f.UpdatedAt, f.DeletedAt)
	combine(c, f.And, f.Or, GroupFilter.test)
}

// groupKind are customer groups without their customers.
var groupKind = kind[everlatch.CustomerGroup]{
	name: "Customer group", one: "customer group", many: "customer groups", byID: selectGroup,
	listing: listing[everlatch.CustomerGroup]{
		table: "customer_group g", columns: groupColumns, scan: scanFields(groupFields), defaultOrder: "id",
		orders:   []string{"id", "name", "created_by", "created_at", "updated_at"},
		nullable: []string{"created_by"},
	},
}

// CreateGroup creates a customer group with the given id. The same id again
// returns the stored group; a name that another group has is
// [everlatch.CodeInvalidData] (docs/contract.md#s4-1, unique).
func (s *Store) CreateGroup(ctx context.Context, g everlatch.CustomerGroup) (everlatch.CustomerGroup, error) {
	var stored everlatch.CustomerGroup
	err := s.write(ctx, func(tx *tx) (err error) {
		if _, err = tx.exec(ctx, insertGroup, g.ID, g.Name, g.Metadata, g.CreatedBy, s.now()); err != nil {
			return err
		}
		stored, err = groupKind.find(ctx, tx, g.ID, errGroupTaken(g.Name))
		return err
	})
	if err != nil {
		return everlatch.CustomerGroup{}, s.fail(ctx, "create customer group", err)
	}
	return stored, nil
}

func errGroupTaken(name string) error {
	return refuse(everlatch.CodeInvalidData, GroupNameTaken, "name", name)
}

// Group returns a customer group without its customers, or
// [everlatch.ErrNotFound].
func (s *Store) Group(ctx context.Context, id string) (everlatch.CustomerGroup, error) {
	return groupKind.read(ctx, s, id)
}

// Groups lists customer groups without their customers, and counts them. They
// are ordered by id, or by name, created_by, created_at or updated_at.
func (s *Store) Groups(ctx context.Context, f GroupFilter, page Page) ([]everlatch.CustomerGroup, int, error) {
	return groupKind.list(ctx, s, page, notDeleted("g.deleted_at", page), f.test)
}

// UpdateGroup changes a customer group and returns the result. A missing group
// is [everlatch.ErrNotFound], a name that another group has is
// [everlatch.CodeInvalidData].
func (s *Store) UpdateGroup(ctx context.Context, id string, patch GroupPatch) (everlatch.CustomerGroup, error) {
	now := s.now()
	var g everlatch.CustomerGroup
	err := s.write(ctx, func(tx *tx) error {
		// Locks the row, so that no concurrent update is lost.
		if _, err := tx.exec(ctx, lockGroup, id, now); err != nil {
			return err
		}
		var err error
		if g, err = groupKind.find(ctx, tx, id, notUpdatable("Customer group", id)); err != nil {
			return err
		}
		patch.Name.apply(&g.Name)
		metadata := g.Metadata
		applyMetadata(patch.Metadata, &g.Metadata)
		if err := s.checkMetadata(patch.Metadata, metadata, g.Metadata); err != nil {
			return err
		}
		_, err = tx.exec(ctx, updateGroup, id, g.Name, g.Metadata, now)
		return err
	})
	if isUnique(err) {
		err = errGroupTaken(g.Name)
	}
	if err != nil {
		return everlatch.CustomerGroup{}, s.fail(ctx, "update customer group", err)
	}
	return g, nil
}

// DeleteGroup permanently deletes a customer group; its customers stay. A
// missing group is no error (docs/contract.md#s2-1).
func (s *Store) DeleteGroup(ctx context.Context, id string) error {
	_, err := s.writes.exec(ctx, deleteGroup, id)
	return s.fail(ctx, "delete customer group", err)
}

// groupFields scans groupColumns.
func groupFields(g *everlatch.CustomerGroup) []any {
	return []any{
		&g.ID, &g.Name,
		toMetadata{&g.Metadata},
		&g.CreatedBy,
		toTime{&g.CreatedAt},
		toTime{&g.UpdatedAt},
		toOptionalTime{&g.DeletedAt},
	}
}
