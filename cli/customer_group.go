package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) groupCommand() *cobra.Command {
	return group("group", "Manage groups of customers",
		p.groupListCommand(), p.groupShowCommand(), p.groupCreateCommand(), p.groupUpdateCommand(), p.groupDeleteCommand(),
		p.membersCommand("add", "Add customers to a group"), p.membersCommand("remove", "Remove customers from a group"))
}

func (p *program) groups() resource[everlatch.CustomerGroup] {
	return resource[everlatch.CustomerGroup]{
		p: p, usage: "ID|NAME", needs: "the id or the name of a group", object: "customer_group", open: p.onStore,
		find: findGroup, id: func(g everlatch.CustomerGroup) string { return g.ID }, view: viewGroup,
	}
}

func (p *program) groupListCommand() *cobra.Command {
	var q string
	c := &cobra.Command{Short: "List groups"}
	c.Flags().StringVar(&q, "q", "", "search for words in the name")
	return list[everlatch.CustomerGroup]{
		p: p, orders: "id, name, created_at, updated_at", open: p.onStore,
		table: table[everlatch.CustomerGroup]{
			key: "customer_groups", header: []string{"CREATED", "ID", "NAME"},
			row: func(g everlatch.CustomerGroup) []string { return []string{moment(g.CreatedAt), g.ID, g.Name} },
		},
		read: func(ctx context.Context, s *store.Store, page store.Page) ([]everlatch.CustomerGroup, int, error) {
			return s.Groups(ctx, store.GroupFilter{Q: q}, page)
		},
	}.command(c)
}

func (p *program) groupShowCommand() *cobra.Command {
	return p.groups().change(&cobra.Command{Use: "show", Short: "Show a group with its customers"}, nil)
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

// viewGroup reads a group with its customers.
func viewGroup(ctx context.Context, s *store.Store, id string) (any, func(io.Writer), error) {
	g, err := s.Group(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	one := []everlatch.CustomerGroup{g}
	if err := s.LoadGroups(ctx, one); err != nil {
		return nil, nil, err
	}
	return map[string]everlatch.CustomerGroup{"customer_group": one[0]}, func(w io.Writer) {
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
	}, nil
}

func (p *program) groupCreateCommand() *cobra.Command {
	c := &cobra.Command{Use: "create NAME", Short: "Create a group", Args: oneArg("a name")}
	f := textFields(c).withMetadata()
	return p.groups().creation(c, func(ctx context.Context, s *store.Store, args []string) (everlatch.CustomerGroup, error) {
		metadata, err := f.metadata()
		if err != nil {
			return everlatch.CustomerGroup{}, err
		}
		return rules(s).CreateGroup(ctx, everlatch.CustomerGroup{
			Name: args[0], Metadata: metadata.Value, CreatedBy: new(createdByCLI),
		})
	})
}

func (p *program) groupUpdateCommand() *cobra.Command {
	c := &cobra.Command{Use: "update", Short: "Change the name or the metadata of a group"}
	f := textFields(c, "name").withMetadata()
	return p.groups().change(c, func(ctx context.Context, s *store.Store, found everlatch.CustomerGroup, _ []string) error {
		metadata, err := f.metadata()
		if err != nil {
			return err
		}
		_, err = s.UpdateGroup(ctx, found.ID, store.GroupPatch{Name: f.rename(), Metadata: metadata})
		return err
	})
}

func (p *program) groupDeleteCommand() *cobra.Command {
	return p.groups().deletion(&cobra.Command{Short: "Delete a group; its customers stay"},
		func(ctx context.Context, t target, found everlatch.CustomerGroup) error {
			return t.store.DeleteGroup(ctx, found.ID)
		},
		func(found everlatch.CustomerGroup, _ string) string {
			return fmt.Sprintf("Deleted group %s (%s)", found.Name, found.ID)
		})
}

// membersCommand is `group add` or `group remove`.
func (p *program) membersCommand(verb, short string) *cobra.Command {
	r := p.groups()
	r.usage = "GROUP CUSTOMER..."
	c := &cobra.Command{Use: verb, Short: short, Args: manyArgs("a group and at least one customer")}
	return r.change(c, func(ctx context.Context, s *store.Store, found everlatch.CustomerGroup, args []string) error {
		customers, err := p.customers().ids(ctx, s, args)
		if err != nil {
			return err
		}
		if verb == "add" {
			return s.ChangeCustomersOf(ctx, found.ID, customers, nil)
		}
		return s.ChangeCustomersOf(ctx, found.ID, nil, customers)
	})
}
