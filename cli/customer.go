package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) customerCommand() *cobra.Command {
	return group("customer", "Customers, their addresses and their groups",
		p.customerListCommand(), p.customerShowCommand(), p.customerCreateCommand(), p.customerUpdateCommand(),
		p.customerDeleteCommand(), p.addressCommand(), p.groupCommand())
}

// customerQuery is what `customer list` was asked for.
type customerQuery struct {
	pages

	q, email, group string
	guests, account bool
}

func (q customerQuery) filter() store.CustomerFilter {
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
		Use:   "list",
		Short: "List customers",
		Example: "  everlatch customer list --q lovelace --order -created_at\n" +
			"  everlatch customer list --guests --json",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := q.check(); err != nil {
				return err
			}
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				return p.listCustomers(ctx, s, q)
			})
		},
	}
	c.Flags().StringVar(&q.q, "q", "", "words, each of them part of the e-mail, a name or the phone number")
	c.Flags().StringVar(&q.email, "email", "", "only this e-mail, in any case")
	c.Flags().StringVar(&q.group, "group", "", "only members of this group, by id or name")
	c.Flags().BoolVar(&q.account, "account", false, "only customers with an account")
	c.Flags().BoolVar(&q.guests, "guests", false, "only customers without one")
	c.Flags().BoolVar(&q.WithDeleted, "deleted", false, "deleted ones as well")
	c.MarkFlagsMutuallyExclusive("account", "guests")
	pageFlags(c, &q.pages, "id, email, first_name, last_name, has_account, created_at, updated_at")
	return c
}

func (p *program) listCustomers(ctx context.Context, s *store.Store, q customerQuery) error {
	customers, count, err := s.Customers(ctx, q.filter(), q.Page)
	if err != nil {
		return err
	}
	p.tellOfOthers(q.pages, len(customers), count)
	return p.answer(q.json, struct {
		Customers []everlatch.Customer `json:"customers"`
		Count     int                  `json:"count"`
	}{customers, count}, func(w io.Writer) {
		row(w, "CREATED", "ID", "E-MAIL", "NAME", "ACCOUNT")
		for _, c := range customers {
			account := yesNo(c.HasAccount)
			if c.DeletedAt != nil {
				account = "deleted"
			}
			row(w, moment(c.CreatedAt), c.ID, shown(c.Email), fullName(c.FirstName, c.LastName), account)
		}
	})
}

func (p *program) customerShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "show ID|E-MAIL",
		Short:   "Show a customer with addresses and groups",
		Example: "  everlatch customer show ada@example.com",
		Args:    oneArg("the id or the e-mail of a customer"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onCustomer(c, args[0], asJSON, func(context.Context, *accounts.Accounts, string) error { return nil })
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// onCustomer does something to a customer and shows them as they are then.
func (p *program) onCustomer(
	c *cobra.Command, named string, asJSON bool, do func(ctx context.Context, a *accounts.Accounts, id string) error,
) error {
	return p.withAccounts(c, func(ctx context.Context, a *accounts.Accounts) error {
		found, err := findCustomer(ctx, a.Store, named)
		if err != nil {
			return err
		}
		if err := do(ctx, a, found.ID); err != nil {
			return err
		}
		return p.showCustomer(ctx, a.Store, found.ID, asJSON)
	})
}

// findCustomer returns a customer by id or e-mail. A guest and an account may
// have the same e-mail: then only the id says who is meant.
func findCustomer(ctx context.Context, s *store.Store, named string) (everlatch.Customer, error) {
	if !strings.Contains(named, "@") {
		return s.Customer(ctx, named)
	}
	found, _, err := s.Customers(ctx, store.CustomerFilter{Emails: []string{named}}, store.Page{})
	switch {
	case err != nil:
		return everlatch.Customer{}, err
	case len(found) == 0:
		return everlatch.Customer{}, fmt.Errorf("no customer has the e-mail %s", named)
	case len(found) == 1:
		return found[0], nil
	}
	var ids []string
	for _, c := range found {
		ids = append(ids, c.ID+map[bool]string{true: " (with an account)", false: " (a guest)"}[c.HasAccount])
	}
	return everlatch.Customer{}, fmt.Errorf("%s is the e-mail of %s: say which by its id", named, strings.Join(ids, " and "))
}

// showCustomer answers with a customer as it is now, with everything.
func (p *program) showCustomer(ctx context.Context, s *store.Store, id string, asJSON bool) error {
	customer, err := s.Customer(ctx, id)
	if err != nil {
		return err
	}
	one := []everlatch.Customer{customer}
	if err := s.LoadCustomers(ctx, one, store.CustomerRelations{Groups: true}); err != nil {
		return err
	}
	return p.answer(asJSON, map[string]everlatch.Customer{"customer": one[0]}, func(w io.Writer) { writeCustomer(w, one[0]) })
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
