package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) customerCommand() *cobra.Command {
	return group("customer", "Manage customers, their addresses and their groups",
		p.customerListCommand(), p.customerShowCommand(), p.customerCreateCommand(), p.customerUpdateCommand(),
		p.customerDeleteCommand(), p.customerKeepCommand(), p.addressCommand(), p.groupCommand())
}

func (p *program) customers() resource[everlatch.Customer] {
	return resource[everlatch.Customer]{
		p: p, usage: "ID|E-MAIL", needs: "the id or the e-mail of a customer", object: "customer", open: p.onStore,
		find: findCustomer, id: func(c everlatch.Customer) string { return c.ID }, view: viewCustomer,
	}
}

// customerQuery is what `customer list` was asked for.
type customerQuery struct {
	pages

	q, email, group string
	guests, account bool
}

func (q *customerQuery) filter() store.CustomerFilter {
	f := store.CustomerFilter{Q: q.q}
	if q.email != "" {
		f.Emails = []string{q.email}
	}
	if q.group != "" {
		byID, byName := store.GroupFilter{IDs: []string{q.group}}, store.GroupFilter{Names: []string{q.group}}
		f.Group = &store.GroupFilter{Or: []store.GroupFilter{byID, byName}}
	}
	if q.guests || q.account {
		f.HasAccount = &q.account
	}
	return f
}

func (p *program) customerListCommand() *cobra.Command {
	var q customerQuery
	c := &cobra.Command{
		Short: "List customers",
		Example: "  everlatch customer list --q lovelace --order -created_at\n" +
			"  everlatch customer list --guests --json",
	}
	c.Flags().StringVar(&q.q, "q", "", "search for words in the e-mail, the names and the phone number")
	c.Flags().StringVar(&q.email, "email", "", "only this e-mail, in any case")
	c.Flags().StringVar(&q.group, "group", "", "only members of this group, by id or name")
	c.Flags().BoolVar(&q.account, "account", false, "only customers with an account")
	c.Flags().BoolVar(&q.guests, "guests", false, "only customers without an account")
	c.Flags().BoolVar(&q.WithDeleted, "deleted", false, "include deleted customers")
	c.MarkFlagsMutuallyExclusive("account", "guests")
	return list[everlatch.Customer]{
		p: p, page: &q.pages, open: p.onStore,
		orders: "id, email, first_name, last_name, has_account, created_at, updated_at",
		table: table[everlatch.Customer]{
			key: "customers", header: []string{"CREATED", "ID", "E-MAIL", "NAME", "ACCOUNT"},
			row: func(c everlatch.Customer) []string {
				account := yesNo(c.HasAccount)
				if c.DeletedAt != nil {
					account = "deleted"
				}
				return []string{moment(c.CreatedAt), c.ID, shown(c.Email), fullName(c.FirstName, c.LastName), account}
			},
		},
		read: func(ctx context.Context, s *store.Store, page store.Page) ([]everlatch.Customer, int, error) {
			return s.Customers(ctx, q.filter(), page)
		},
	}.command(c)
}

func (p *program) customerShowCommand() *cobra.Command {
	return p.customers().change(&cobra.Command{
		Use:     "show",
		Short:   "Show a customer with addresses and groups",
		Example: "  everlatch customer show ada@example.com",
	}, nil)
}

// findCustomer returns a customer by id or e-mail. A guest and an account may
// have the same e-mail: then only the id says which one is meant.
func findCustomer(ctx context.Context, s *store.Store, named string) (everlatch.Customer, error) {
	if !strings.Contains(named, "@") {
		return s.Customer(ctx, named)
	}
	found, _, err := s.Customers(ctx, store.CustomerFilter{Emails: []string{named}}, store.Page{})
	return only(found, err, "no customer has the e-mail "+named, named+" is the e-mail of", func(c everlatch.Customer) string {
		return c.ID + map[bool]string{true: " (with an account)", false: " (a guest)"}[c.HasAccount]
	})
}

// viewCustomer reads a customer with addresses and groups.
func viewCustomer(ctx context.Context, s *store.Store, id string) (any, func(io.Writer), error) {
	customer, err := s.Customer(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	one := []everlatch.Customer{customer}
	if err := s.LoadCustomers(ctx, one, store.CustomerRelations{Groups: true}); err != nil {
		return nil, nil, err
	}
	return map[string]everlatch.Customer{"customer": one[0]}, func(w io.Writer) { writeCustomer(w, one[0]) }, nil
}

func writeCustomer(w io.Writer, c everlatch.Customer) {
	row(w, "id", c.ID)
	row(w, "e-mail", shown(c.Email))
	row(w, "name", fullName(c.FirstName, c.LastName))
	row(w, "company", shown(c.CompanyName))
	row(w, "phone", shown(c.Phone))
	row(w, "account", yesNo(c.HasAccount))
	row(w, "created", moment(c.CreatedAt))
	row(w, "created by", shown(c.CreatedBy))
	row(w, "updated", moment(c.UpdatedAt))
	row(w, "metadata", jsonText(c.Metadata))
	names := make([]string, len(c.Groups))
	for i, g := range c.Groups {
		names[i] = g.Name
	}
	row(w, "groups", strings.Join(names, ", "))
	if len(c.Addresses) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w)
	row(w, "ADDRESS", "NAME", "STREET", "CITY", "COUNTRY", "DEFAULT FOR")
	for _, a := range c.Addresses {
		var defaults []string
		if a.IsDefaultShipping {
			defaults = append(defaults, "shipping")
		}
		if a.IsDefaultBilling {
			defaults = append(defaults, "billing")
		}
		row(w, a.ID, fullName(a.FirstName, a.LastName), shown(a.Address1), strings.TrimSpace(shown(a.PostalCode)+" "+shown(a.City)),
			shown(a.CountryCode), strings.Join(defaults, ", "))
	}
}
