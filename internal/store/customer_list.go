package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

// CustomerFilter selects customers; zero fields select all.
type CustomerFilter struct {
	// Q is words, each of them part of the e-mail, a name or the phone number.
	Q      string
	ID     []TextTest
	Emails []string // compared in any case (docs/weak-spots.md#w22)

	CompanyNames, FirstNames, LastNames, CreatedBy []string

	HasAccount *bool
	// Group selects members of a group that passes.
	Group *GroupFilter

	CreatedAt, UpdatedAt, DeletedAt []TimeTest
	// And must all hold, and of Or at least one.
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
	c.times("c.created_at", f.CreatedAt)
	c.times("c.updated_at", f.UpdatedAt)
	c.times("c.deleted_at", f.DeletedAt)
	every(c, f.And, CustomerFilter.test)
	either(c, f.Or, CustomerFilter.test)
}

// CustomerRelations are what customers can be read with.
type CustomerRelations struct{ Addresses, Groups bool }

// Customers lists customers without their relations, and counts them (
// docs/contract.md#s4-7). They are ordered by id, or by any of their columns but metadata.
func (s *Store) Customers(ctx context.Context, f CustomerFilter, page Page) ([]everlatch.Customer, int, error) {
	var where conditions
	where.live("c.deleted_at", page)
	f.test(&where)
	names := []string{"email", "company_name", "first_name", "last_name", "phone", "created_by", "deleted_at"}
	return list(ctx, s, "list customers", listing[everlatch.Customer]{
		table: "customer c", columns: customerColumns, scan: scanPlainCustomer, where: where, page: page,
		defaultOrder: "id", nullable: names,
		orders: append([]string{"id", "has_account", "created_at", "updated_at"}, names...),
	})
}

// LoadCustomers adds relations to customers that were read without, in the
// order of their ids. It is one query for each relation.
func (s *Store) LoadCustomers(ctx context.Context, customers []everlatch.Customer, with CustomerRelations) error {
	if len(customers) == 0 {
		return nil
	}
	byID := make(map[string]*everlatch.Customer, len(customers))
	ids := make([]string, len(customers))
	for i := range customers {
		byID[customers[i].ID], ids[i] = &customers[i], customers[i].ID
	}
	if with.Addresses {
		if err := s.loadAddresses(ctx, byID, ids); err != nil {
			return err
		}
	}
	if with.Groups {
		return s.loadGroups(ctx, byID, ids)
	}
	return nil
}

func (s *Store) loadAddresses(ctx context.Context, byID map[string]*everlatch.Customer, ids []string) error {
	for _, c := range byID {
		c.Addresses = []everlatch.Address{}
	}
	var where conditions
	where.in("d.customer_id", ids)
	addresses, err := all(ctx, adhoc{s.reads}, scanAddress, `SELECT `+addressColumns+` FROM customer_address d
		WHERE d.deleted_at IS NULL AND `+where.all()+` ORDER BY d.id`, where.args...)
	for _, a := range addresses {
		byID[a.CustomerID].Addresses = append(byID[a.CustomerID].Addresses, a)
	}
	return s.fail(ctx, "read addresses", err)
}

func (s *Store) loadGroups(ctx context.Context, byID map[string]*everlatch.Customer, ids []string) error {
	for _, c := range byID {
		c.Groups = []everlatch.CustomerGroup{}
	}
	var where conditions
	where.in("m.customer_id", ids)
	members, err := all(ctx, adhoc{s.reads}, scanMember, `SELECT m.customer_id, `+groupColumns+`
		FROM customer_group_customer m JOIN customer_group g ON g.id = m.customer_group_id AND g.deleted_at IS NULL
		WHERE `+where.all()+` ORDER BY g.id`, where.args...)
	for _, m := range members {
		byID[m.customerID].Groups = append(byID[m.customerID].Groups, m.group)
	}
	return s.fail(ctx, "read groups", err)
}

// member is a group with one of its customers.
type member struct {
	customerID string
	group      everlatch.CustomerGroup
}

func scanMember(row scanner) (m member, err error) {
	err = row.Scan(append([]any{&m.customerID}, groupFields(&m.group)...)...)
	return m, err
}

func scanPlainCustomer(row scanner) (c everlatch.Customer, err error) {
	err = row.Scan(customerFields(&c)...)
	return c, err
}

// emailKeys are the keys of e-mails.
func emailKeys(emails []string) []string {
	keys := make([]string, len(emails))
	for i, email := range emails {
		keys[i] = emailKey(email)
	}
	return keys
}
