package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

// CustomerFilter selects customers; zero fields select all.
type CustomerFilter struct {
	// Q are words, each of them part of the e-mail, a name or the phone number.
	Q      string
	ID     []TextTest
	Emails []string // compared in any case (docs/weak-spots.md#w22)

	CompanyNames, FirstNames, LastNames, CreatedBy []string

	HasAccount *bool
	// Group selects members of a group that matches.
	Group *GroupFilter

	CreatedAt, UpdatedAt, DeletedAt []TimeTest
	// All of And must match, and at least one of Or.
	And, Or []CustomerFilter
}

// test appends the filter for the customer c.
func (f CustomerFilter) test(c *conditions) {
	c.contains(f.Q, "c.company_name", "c.first_name", "c.last_name", "c.email", "c.phone")
	c.texts("c.id", f.ID)
	c.in("c.email_key", emailKeys(f.Emails))
	c.in("c.company_name", f.CompanyNames)
	c.in("c.first_name", f.FirstNames)
	c.in("c.last_name", f.LastNames)
	c.in("c.created_by", f.CreatedBy)
	if f.HasAccount != nil {
		c.add("c.has_account = %s", *f.HasAccount)
	}
	if f.Group != nil {
		c.exists(`SELECT 1 FROM customer_group_customer m JOIN customer_group g ON g.id = m.customer_group_id
			WHERE m.customer_id = c.id AND g.deleted_at IS NULL AND %s`, f.Group.test)
	}
	c.dates("c.", f.CreatedAt, f.UpdatedAt, f.DeletedAt)
	combine(c, f.And, f.Or, CustomerFilter.test)
}

// CustomerRelations are the relations that customers can be read with.
type CustomerRelations struct{ Addresses, Groups bool }

// Customers lists customers without their relations, and counts them
// (docs/contract.md#s4-7). They are ordered by id, or by any of their columns
// except metadata.
func (s *Store) Customers(ctx context.Context, f CustomerFilter, page Page) ([]everlatch.Customer, int, error) {
	var where conditions
	where.live("c.deleted_at", page)
	f.test(&where)
	names := []string{"email", "company_name", "first_name", "last_name", "phone", "created_by", "deleted_at"}
	return list(ctx, s, "list customers", listing[everlatch.Customer]{
		table: "customer c", columns: customerColumns, scan: scanFields(customerFields), where: where, page: page,
		defaultOrder: "id", nullable: names,
		orders: append([]string{"id", "has_account", "created_at", "updated_at"}, names...),
	})
}

// LoadCustomers adds relations to customers that were read without, in the
// order of their ids. It is one query for each relation.
func (s *Store) LoadCustomers(ctx context.Context, customers []everlatch.Customer, with CustomerRelations) error {
	if with.Addresses {
		if err := addressesOfCustomers.load(ctx, s, customers); err != nil {
			return err
		}
	}
	if with.Groups {
		return groupsOfCustomers.load(ctx, s, customers)
	}
	return nil
}

func idOfCustomer(c *everlatch.Customer) string { return c.ID }

var addressesOfCustomers = related[everlatch.Customer, everlatch.Address]{
	op: "read addresses", column: "d.customer_id",
	query: func(where string) string {
		return `SELECT ` + addressColumns + ` FROM customer_address d WHERE d.deleted_at IS NULL AND ` + where + ` ORDER BY d.id`
	},
	scan: func(row scanner) (belonging[everlatch.Address], error) {
		a, err := scanAddress(row)
		return belonging[everlatch.Address]{a.CustomerID, a}, err
	},
	id: idOfCustomer, list: func(c *everlatch.Customer) *[]everlatch.Address { return &c.Addresses },
}

var groupsOfCustomers = related[everlatch.Customer, everlatch.CustomerGroup]{
	op: "read groups", column: "m.customer_id",
	query: func(where string) string {
		return `SELECT m.customer_id, ` + groupColumns + `
		FROM customer_group_customer m JOIN customer_group g ON g.id = m.customer_group_id AND g.deleted_at IS NULL
		WHERE ` + where + ` ORDER BY g.id`
	},
	scan: belongingTo(groupFields),
	id:   idOfCustomer, list: func(c *everlatch.Customer) *[]everlatch.CustomerGroup { return &c.Groups },
}

// emailKeys returns the keys of e-mails.
func emailKeys(emails []string) []string {
	keys := make([]string, len(emails))
	for i, email := range emails {
		keys[i] = emailKey(email)
	}
	return keys
}
