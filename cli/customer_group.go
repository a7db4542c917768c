package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) groupCommand() *cobra.Command {
	return group("group", "Groups of customers",
		p.groupListCommand(), p.groupShowCommand(), p.groupCreateCommand(), p.groupUpdateCommand(), p.groupDeleteCommand(),
		p.membersCommand("add", "Add customers to a group"), p.membersCommand("remove", "Remove customers from a group"))
}

func (p *program) groupListCommand() *cobra.Command {
	var (
		q    string
		page pages
	)
	c := &cobra.Command{
		Use:   "list",
		Short: "List groups",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := page.check(); err != nil {
				return err
			}
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				groups, count, err := s.Groups(ctx, store.GroupFilter{Q: q}, page.Page)
				if err != nil {
					return err
				}
				p.tellOfOthers(page, len(groups), count)
				return p.answer(page.json, struct {
					Groups []everlatch.CustomerGroup `json:"customer_groups"`
					Count  int                       `json:"count"`
				}{groups, count}, func(w io.Writer) {
					row(w, "CREATED", "ID", "NAME")
					for _, g := range groups {
						row(w, moment(g.CreatedAt), g.ID, g.Name)
					}
				})
			})
		},
	}
	c.Flags().StringVar(&q, "q", "", "words, each of them part of the name")
	pageFlags(c, &page, "id, name, created_at, updated_at")
	return c
}

func (p *program) groupShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show ID|NAME",
		Short: "Show a group with its customers",
		Args:  oneArg("the id or the name of a group"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onGroup(c, args[0], asJSON, func(context.Context, *store.Store, string) error { return nil })
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// onGroup does something to a group and shows it as it is then.
func (p *program) onGroup(
	c *cobra.Command, named string, asJSON bool, do func(ctx context.Context, s *store.Store, id string) error,
) error {
	return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
		found, err := findGroup(ctx, s, named)
		if err != nil {
			return err
		}
		if err := do(ctx, s, found.ID); err != nil {
			return err
		}
		return p.showGroup(ctx, s, found.ID, asJSON)
	})
}

// findGroup returns a group by id or name.
func findGroup(ctx context.Context, s *store.Store, named string) (everlatch.CustomerGroup, error) {
	found, _, err := s.Groups(ctx, store.GroupFilter{
		Or: []store.GroupFilter{{IDs: []string{named}}, {Names: []string{named}}},
	}, store.Page{})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("there is no group %s", named)
	}
	if err != nil {
		return everlatch.CustomerGroup{}, err
	}
	return found[0], nil
}

func (p *program) showGroup(ctx context.Context, s *store.Store, id string, asJSON bool) error {
	g, err := s.Group(ctx, id)
	if err != nil {
		return err
	}
	one := []everlatch.CustomerGroup{g}
	if err := s.LoadGroups(ctx, one); err != nil {
		return err
	}
	return p.answer(asJSON, map[string]everlatch.CustomerGroup{"customer_group": one[0]}, func(w io.Writer) {
		row(w, "id", g.ID)
		row(w, "name", g.Name)
		row(w, "created", moment(g.CreatedAt))
		row(w, "created by", shown(g.CreatedBy))
		row(w, "metadata", jsonText(g.Metadata))
		_, _ = fmt.Fprintln(w)
		row(w, "CUSTOMER", "E-MAIL", "NAME")
		for _, c := range one[0].Customers {
			row(w, c.ID, shown(c.Email), fullName(c.FirstName, c.LastName))
		}
	})
}

func (p *program) groupCreateCommand() *cobra.Command {
	var (
		asJSON bool
		f      fields
	)
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a group",
		Args:  oneArg("a name"),
		RunE: func(c *cobra.Command, args []string) error {
			metadata, err := f.metadata()
			if err != nil {
				return err
			}
			return p.withAccounts(c, func(ctx context.Context, a *accounts.Accounts) error {
				created, err := a.CreateGroup(ctx, everlatch.CustomerGroup{
					Name: args[0], Metadata: metadata.Value, CreatedBy: new(createdByCLI),
				})
				if err != nil {
					return err
				}
				return p.showGroup(ctx, a.Store, created.ID, asJSON)
			})
		},
	}
	f = textFields(c).withMetadata()
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) groupUpdateCommand() *cobra.Command {
	var (
		asJSON bool
		f      fields
	)
	c := &cobra.Command{
		Use:   "update ID|NAME",
		Short: "Change the name or the metadata of a group",
		Args:  oneArg("the id or the name of a group"),
		RunE: func(c *cobra.Command, args []string) error {
			metadata, err := f.metadata()
			if err != nil {
				return err
			}
			patch := store.GroupPatch{Metadata: metadata}
			if name := f.text("name"); name != nil {
				patch.Name = store.To(*name)
			}
			return p.onGroup(c, args[0], asJSON, func(ctx context.Context, s *store.Store, id string) error {
				_, err := s.UpdateGroup(ctx, id, patch)
				return err
			})
		},
	}
	f = textFields(c, "name").withMetadata()
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) groupDeleteCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "delete ID|NAME",
		Short: "Delete a group; its customers stay",
		Args:  oneArg("the id or the name of a group"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				g, err := findGroup(ctx, s, args[0])
				if err != nil {
					return err
				}
				if err := s.DeleteGroup(ctx, g.ID); err != nil {
					return err
				}
				return p.answer(asJSON, deleted{g.ID, "customer_group", true}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "Deleted group %s (%s)\n", g.Name, g.ID)
				})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// membersCommand is `group add` or `group remove`.
func (p *program) membersCommand(verb, short string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   verb + " GROUP CUSTOMER...",
		Short: short,
		Args:  cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onGroup(c, args[0], asJSON, func(ctx context.Context, s *store.Store, id string) error {
				var customers []string
				for _, named := range args[1:] {
					customer, err := findCustomer(ctx, s, named)
					if err != nil {
						return err
					}
					customers = append(customers, customer.ID)
				}
				if verb == "add" {
					return s.ChangeCustomersOf(ctx, id, customers, nil)
				}
				return s.ChangeCustomersOf(ctx, id, nil, customers)
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}
