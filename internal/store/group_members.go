package store

import (
	"context"
	"slices"

	"github.com/everlatch/everlatch"
)

const (
	insertMember = `INSERT INTO customer_group_customer (customer_id, customer_group_id, created_at)
		VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`

	deleteMember = `DELETE FROM customer_group_customer WHERE customer_id = $1 AND customer_group_id = $2`

	// A hidden customer keeps its row, so the foreign key alone would accept
	// it.
	liveCustomer = `SELECT EXISTS (SELECT 1 FROM customer WHERE id = $1 AND deleted_at IS NULL)`
	liveGroup    = `SELECT EXISTS (SELECT 1 FROM customer_group WHERE id = $1 AND deleted_at IS NULL)`
)

// ChangeGroupsOf adds a customer to groups and then removes it from others.
// Adding a member again or removing a non-member is no error; a missing customer
// or group to add is [everlatch.ErrNotFound], and nothing changes.
func (s *Store) ChangeGroupsOf(ctx context.Context, customerID string, add, remove []string) error {
	return s.changeMembers(ctx, membership{
		subject: func(q querier) error { return customerLives(ctx, q, customerID) },
		other:   func(q querier, groupID string) error { return groupLives(ctx, q, groupID) },
		pair:    func(groupID string) (customer, group string) { return customerID, groupID },
	}, add, remove)
}

// ChangeCustomersOf adds customers to a group and then removes others, like
// [Store.ChangeGroupsOf].
func (s *Store) ChangeCustomersOf(ctx context.Context, groupID string, add, remove []string) error {
	return s.changeMembers(ctx, membership{
		subject: func(q querier) error { return groupLives(ctx, q, groupID) },
		other:   func(q querier, customerID string) error { return customerLives(ctx, q, customerID) },
		pair:    func(customerID string) (customer, group string) { return customerID, groupID },
	}, add, remove)
}

// membership is one side of the relation, whose other side changes.
type membership struct {
	subject func(q querier) error
	other   func(q querier, id string) error
	pair    func(other string) (customer, group string)
}

// changeMembers always processes ids in the same order, so that two changes
// cannot deadlock.
func (s *Store) changeMembers(ctx context.Context, m membership, add, remove []string) error {
	err := s.write(ctx, func(tx *tx) error {
		if err := m.subject(tx); err != nil {
			return err
		}
		for _, id := range slices.Sorted(slices.Values(add)) {
			if err := m.other(tx, id); err != nil {
				return err
			}
			customer, group := m.pair(id)
			if _, err := tx.exec(ctx, insertMember, customer, group, s.now()); err != nil {
				return err
			}
		}
		for _, id := range slices.Sorted(slices.Values(remove)) {
			customer, group := m.pair(id)
			if _, err := tx.exec(ctx, deleteMember, customer, group); err != nil {
				return err
			}
		}
		return nil
	})
	if isForeignKey(err) { // deleted at the same time
		err = refuse(everlatch.CodeNotFound, MembershipBroken)
	}
	return s.fail(ctx, "change members", err)
}

func customerLives(ctx context.Context, q querier, id string) error {
	return lives(ctx, q, liveCustomer, "customer_id", id)
}

func groupLives(ctx context.Context, q querier, id string) error {
	return lives(ctx, q, liveGroup, "customer_group_id", id)
}

// lives reports a record that does not exist as a broken reference (docs/contract.md#s4-1,
// foreign key).
func lives(ctx context.Context, q querier, query, column, id string) error {
	found, err := first(ctx, q, scanned[bool], query, id)
	if err == nil && !found {
		err = noSuch(column, id)
	}
	return err
}

// LoadGroups adds the customers of groups that were read without, in the order
// of their ids and without relations. It is one query.
func (s *Store) LoadGroups(ctx context.Context, groups []everlatch.CustomerGroup) error {
	return customersOfGroups.load(ctx, s, groups)
}

var customersOfGroups = related[everlatch.CustomerGroup, everlatch.Customer]{
	op: "read customers of groups", column: "m.customer_group_id",
	query: func(where string) string {
		return `SELECT m.customer_group_id, ` + customerColumns + `
		FROM customer_group_customer m JOIN customer c ON c.id = m.customer_id AND c.deleted_at IS NULL
		WHERE ` + where + ` ORDER BY c.id`
	},
	scan: belongingTo(customerFields),
	id:   func(g *everlatch.CustomerGroup) string { return g.ID },
	list: func(g *everlatch.CustomerGroup) *[]everlatch.Customer { return &g.Customers },
}
