package cli

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) peopleCommand() *cobra.Command {
	c := group("people", "Search customers, administrators and everyone else who can sign in", p.peopleListCommand())
	c.Example = "  everlatch people list --q lovelace"
	return c
}

// peopleFound is what `people list` has found, in the form of GET /admin/people.
type peopleFound struct {
	Customers  kindFound[everlatch.Customer]     `json:"customers"`
	Users      kindFound[everlatch.User]         `json:"users"`
	Identities kindFound[everlatch.AuthIdentity] `json:"auth_identities"`
}

type kindFound[T any] struct {
	Items []T `json:"items"`
	Count int `json:"count"`
}

func (p *program) peopleListCommand() *cobra.Command {
	var q string
	var page pages
	c := &cobra.Command{
		Use:   "list",
		Short: "List the people that are found by an address, a name or an id",
		Long: "Searches customers, administrators and identities at once. Accounts of custom actor types are found by their\n" +
			"identities. An id finds the record, and the identities that sign in to it; `everlatch customer show`,\n" +
			"`user show`, `identity show` and `flow list --actor` go on from there.",
		Example: "  everlatch people list --q ada@example.com\n  everlatch people list --q cus_01M8MB5EJ0P8HT8522SE1PVA77 --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := page.check(); err != nil {
				return err
			}
			if q = strings.TrimSpace(q); q == "" {
				return errors.New("--q needs an address, a name or an id")
			}
			return p.onStore(c, existing, func(ctx context.Context, t target) error {
				found, err := findPeople(ctx, t.store, q, page.Limit)
				if err != nil {
					return err
				}
				return p.answer(page.json, map[string]any{"people": found, "limit": page.Limit}, func(w io.Writer) { writePeople(w, found) })
			})
		},
	}
	c.Flags().StringVar(&q, "q", "", "an address, a name or an id")
	c.Flags().IntVar(&page.Limit, "limit", 10, "how many of each kind to list at most")
	jsonFlag(c, &page.json)
	_ = c.MarkFlagRequired("q") // it is defined above
	return c
}

func findPeople(ctx context.Context, s *store.Store, q string, limit int) (out peopleFound, err error) {
	if out.Customers.Items, out.Customers.Count, err = s.Customers(ctx, store.CustomersLike(q), store.Page{Limit: limit}); err != nil {
		return out, err
	}
	if out.Users.Items, out.Users.Count, err = s.Users(ctx, store.UsersLike(q, store.Page{Limit: limit})); err != nil {
		return out, err
	}
	if out.Identities.Items, out.Identities.Count, err = s.AuthIdentities(ctx, store.IdentitiesLike(q), store.Page{Limit: limit}); err != nil {
		return out, err
	}
	return out, s.LoadCredentials(ctx, out.Identities.Items)
}

func writePeople(w io.Writer, found peopleFound) {
	row(w, "KIND", "ID", "SIGNS IN WITH", "NAME", "CREATED")
	for _, c := range found.Customers.Items {
		row(w, "customer", c.ID, shown(c.Email), fullName(c.FirstName, c.LastName), moment(c.CreatedAt))
	}
	for _, u := range found.Users.Items {
		row(w, "user", u.ID, u.Email, fullName(u.FirstName, u.LastName), moment(u.CreatedAt))
	}
	for _, i := range found.Identities.Items {
		row(w, "identity", i.ID, strings.Join(signInMethods(i), ", "), strings.Join(actorsOf(i), ", "), moment(i.CreatedAt))
	}
}
