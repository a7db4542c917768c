package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

// rules returns what API and command line share, for what needs no providers.
func rules(s *store.Store) *accounts.Accounts { return &accounts.Accounts{Store: s, Now: clock} }

// operator is on whose behalf the command line changes roles: a person with access
// to the database has every permission.
func operator() store.Authority { return store.Operator(createdByCLI) }

func (p *program) roleCommand() *cobra.Command {
	role := group("role", "Manage the roles of administrators and what they permit",
		p.roleListCommand(), p.roleShowCommand(), p.rolePoliciesCommand(), p.roleCreateCommand(), p.roleUpdateCommand(),
		p.roleDeleteCommand(), p.rolePolicyCommand("allow", "Give a role policies"),
		p.rolePolicyCommand("deny", "Take policies from a role"),
		p.roleHolderCommand("grant", "Give administrators a role"),
		p.roleHolderCommand("revoke", "Take a role from administrators"))
	role.Long = "A change to a role takes effect with the next request of its holders, while rbac.enabled is on."
	role.Example = "  everlatch role create support --policy customer:read --policy customer:update\n" +
		"  everlatch role grant support ada@example.com"
	return role
}

func (p *program) roles() resource[everlatch.Role] {
	return resource[everlatch.Role]{
		p: p, usage: "ID|NAME", needs: "the id or the name of a role", object: "rbac_role", open: p.onRoles,
		find: findRole, id: func(r everlatch.Role) string { return r.ID }, view: viewRole,
	}
}

// onRoles calls do with a database in which roles are set up.
func (p *program) onRoles(c *cobra.Command, need presence, do func(ctx context.Context, t target) error) error {
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	return p.onStore(c, need, func(ctx context.Context, t target) error {
		used, err := p.rolesUsed(ctx, t.store, cfg.RBAC.Enabled)
		if err != nil {
			return err
		}
		if !used {
			return errRolesOff
		}
		return do(ctx, t)
	})
}

var errRolesOff = errors.New("roles are not in use: switch rbac.enabled on (EVERLATCH_RBAC_ENABLED=true) first")

// rolesUsed sets roles up where they are switched on. Where they are not, it says
// whether a process with another configuration has done so.
func (p *program) rolesUsed(ctx context.Context, s *store.Store, enabled bool) (bool, error) {
	if enabled {
		_, err := rules(s).SetUpRBAC(ctx, app.ActorTypeNames(p.options...)...)
		return true, err
	}
	_, err := s.Role(ctx, everlatch.RoleSuperAdmin)
	if errors.Is(err, everlatch.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (p *program) roleListCommand() *cobra.Command {
	var q string
	c := &cobra.Command{Short: "List roles"}
	c.Flags().StringVar(&q, "q", "", "search for words in the name")
	return list[everlatch.Role]{
		p: p, orders: "id, name, created_at, updated_at", open: p.onRoles,
		table: table[everlatch.Role]{
			key: "roles", header: []string{"CREATED", "ID", "NAME", "INHERITS FROM"},
			row: func(r everlatch.Role) []string { return []string{moment(r.CreatedAt), r.ID, r.Name, shown(r.ParentID)} },
		},
		read: func(ctx context.Context, s *store.Store, page store.Page) ([]everlatch.Role, int, error) {
			return s.Roles(ctx, store.RoleFilter{Q: q}, page)
		},
	}.command(c)
}

func (p *program) roleShowCommand() *cobra.Command {
	return p.roles().change(&cobra.Command{Use: "show", Short: "Show a role, what it permits, and its holders"}, nil)
}

var policyTable = table[everlatch.Policy]{
	key: "policies", header: []string{"KEY", "ID", "DESCRIPTION"},
	row: func(p everlatch.Policy) []string { return []string{p.Key, p.ID, shown(p.Description)} },
}

func (p *program) rolePoliciesCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "policies",
		Short: "List the policies that roles can have",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onRoles(c, existing, func(ctx context.Context, t target) error {
				policies, count, err := t.store.Policies(ctx, store.PolicyFilter{}, store.Page{Order: "key"})
				if err != nil {
					return err
				}
				return policyTable.answer(p, asJSON, policies, count)
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// viewRole reads a role with its policies and its holders.
func viewRole(ctx context.Context, s *store.Store, id string) (any, func(io.Writer), error) {
	r, err := s.Role(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	one := []everlatch.Role{r}
	if err := s.LoadPolicies(ctx, one); err != nil {
		return nil, nil, err
	}
	users, _, err := s.UsersWithRole(ctx, id, nil, store.Page{})
	if err != nil {
		return nil, nil, err
	}
	value := struct {
		Role  everlatch.Role   `json:"role"`
		Users []everlatch.User `json:"users"`
	}{one[0], users}
	return value, func(w io.Writer) { writeRole(w, one[0], users) }, nil
}

func writeRole(w io.Writer, r everlatch.Role, users []everlatch.User) {
	row(w, "id", r.ID)
	row(w, "name", r.Name)
	row(w, "description", shown(r.Description))
	row(w, "inherits from", shown(r.ParentID))
	row(w, "created", moment(r.CreatedAt))
	row(w, "metadata", jsonText(r.Metadata))
	_, _ = fmt.Fprintln(w)
	row(w, "PERMITS", "INHERITED FROM")
	for _, policy := range r.Policies {
		row(w, policy.Key, shown(policy.InheritedFrom))
	}
	_, _ = fmt.Fprintln(w)
	row(w, "ADMINISTRATOR", "E-MAIL")
	for _, u := range users {
		row(w, u.ID, u.Email)
	}
}

// findRole returns a role by id or name.
func findRole(ctx context.Context, s *store.Store, named string) (everlatch.Role, error) {
	ids, err := findRoles(ctx, s, []string{named})
	if err != nil {
		return everlatch.Role{}, err
	}
	return s.Role(ctx, ids[0])
}

// findRoles returns the ids of roles that are named by id or name.
func findRoles(ctx context.Context, s *store.Store, named []string) ([]string, error) {
	return idsOf(named, "there is no role %s", func(name string) ([]everlatch.Role, error) {
		found, _, err := s.Roles(ctx, store.RoleFilter{Or: []store.RoleFilter{{IDs: []string{name}}, {Names: []string{name}}}}, store.Page{})
		return found, err
	}, func(r everlatch.Role) string { return r.ID })
}

// rolesOfNew returns the roles of a new administrator: those that are named, or the
// super admin's where roles are in use and no administrator has it yet.
func (p *program) rolesOfNew(ctx context.Context, s *store.Store, enabled bool, named []string) ([]string, error) {
	used, err := p.rolesUsed(ctx, s, enabled)
	switch {
	case err != nil:
		return nil, err
	case !used && len(named) > 0:
		return nil, errRolesOff
	case !used:
		return nil, nil
	case len(named) > 0:
		return findRoles(ctx, s, named)
	}
	_, count, err := s.UsersWithRole(ctx, everlatch.RoleSuperAdmin, nil, store.Page{Limit: 1})
	if err != nil || count > 0 {
		return nil, err
	}
	return []string{everlatch.RoleSuperAdmin}, nil
}

// tellOfRoles adds to an answer what a new administrator may do.
func (p *program) tellOfRoles(enabled bool, email string, roles []string) {
	switch {
	case slices.Contains(roles, everlatch.RoleSuperAdmin):
		_, _ = fmt.Fprintf(p.stderr, "%s is a super admin.\n", email)
	case enabled && len(roles) == 0:
		_, _ = fmt.Fprintf(p.stderr, "%s has no role and so no permissions yet; see %s role grant.\n", email, p.name)
	}
}
