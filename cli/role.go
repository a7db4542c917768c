package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

// operator is on whose behalf this program changes roles: whoever has the
// database may everything.
// rules are those of accounts, for what no provider is needed for.
func rules(s *store.Store) *accounts.Accounts { return &accounts.Accounts{Store: s, Now: clock} }

func operator() store.Authority { return store.Operator(createdByCLI) }

func (p *program) roleCommand() *cobra.Command {
	role := group("role", "Roles of administrators, and what they permit",
		p.roleListCommand(), p.roleShowCommand(), p.rolePoliciesCommand(), p.roleCreateCommand(), p.roleUpdateCommand(),
		p.roleDeleteCommand(), p.rolePolicyCommand("allow", "Give a role policies"),
		p.rolePolicyCommand("deny", "Take policies from a role"),
		p.roleHolderCommand("grant", "Give administrators a role"),
		p.roleHolderCommand("revoke", "Take a role from administrators"))
	role.Long = "A role counts from the next request of whoever has it, as long as rbac.enabled is on."
	role.Example = "  everlatch role create support --policy customer:read --policy customer:update\n" +
		"  everlatch role grant support ada@example.com"
	return role
}

// withRoles calls do with a database in which roles are set up.
func (p *program) withRoles(c *cobra.Command, do func(ctx context.Context, s *store.Store) error) error {
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
		used, err := rolesUsed(ctx, s, cfg.RBAC.Enabled)
		if err != nil {
			return err
		}
		if !used {
			return errRolesOff
		}
		return do(ctx, s)
	})
}

var errRolesOff = errors.New("roles are not in use: switch rbac.enabled on (EVERLATCH_RBAC_ENABLED=true) first")

// rolesUsed sees to it that roles are set up where they are switched on. Where
// they are not, it tells whether a process with another configuration has done it.
func rolesUsed(ctx context.Context, s *store.Store, enabled bool) (bool, error) {
	if enabled {
		_, err := rules(s).SetUpRBAC(ctx)
		return true, err
	}
	_, err := s.Role(ctx, everlatch.RoleSuperAdmin)
	if errors.Is(err, everlatch.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (p *program) roleListCommand() *cobra.Command {
	var (
		q    string
		page pages
	)
	c := &cobra.Command{
		Use:   "list",
		Short: "List roles",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := page.check(); err != nil {
				return err
			}
			return p.withRoles(c, func(ctx context.Context, s *store.Store) error {
				roles, count, err := s.Roles(ctx, store.RoleFilter{Q: q}, page.Page)
				if err != nil {
					return err
				}
				p.tellOfOthers(page, len(roles), count)
				return p.answer(page.json, struct {
					Roles []everlatch.Role `json:"roles"`
					Count int              `json:"count"`
				}{roles, count}, func(w io.Writer) {
					row(w, "CREATED", "ID", "NAME", "INHERITS FROM")
					for _, r := range roles {
						row(w, moment(r.CreatedAt), r.ID, r.Name, shown(r.ParentID))
					}
				})
			})
		},
	}
	c.Flags().StringVar(&q, "q", "", "words, each of them part of the name")
	pageFlags(c, &page, "id, name, created_at, updated_at")
	return c
}

func (p *program) roleShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show ID|NAME",
		Short: "Show a role, what it permits, and who has it",
		Args:  oneArg("the id or the name of a role"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onRole(c, args[0], asJSON, func(context.Context, *store.Store, string) error { return nil })
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// rolePoliciesCommand shows what there is to permit.
func (p *program) rolePoliciesCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "policies",
		Short: "List the policies that roles can have",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withRoles(c, func(ctx context.Context, s *store.Store) error {
				policies, count, err := s.Policies(ctx, store.PolicyFilter{}, store.Page{Order: "key"})
				if err != nil {
					return err
				}
				return p.answer(asJSON, struct {
					Policies []everlatch.Policy `json:"policies"`
					Count    int                `json:"count"`
				}{policies, count}, func(w io.Writer) {
					row(w, "KEY", "ID", "DESCRIPTION")
					for _, policy := range policies {
						row(w, policy.Key, policy.ID, shown(policy.Description))
					}
				})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// onRole does something to a role and shows it as it is then.
func (p *program) onRole(
	c *cobra.Command, named string, asJSON bool, do func(ctx context.Context, s *store.Store, id string) error,
) error {
	return p.withRoles(c, func(ctx context.Context, s *store.Store) error {
		found, err := findRoles(ctx, s, []string{named})
		if err != nil {
			return err
		}
		if err := do(ctx, s, found[0]); err != nil {
			return err
		}
		return p.showRole(ctx, s, found[0], asJSON)
	})
}

func (p *program) showRole(ctx context.Context, s *store.Store, id string, asJSON bool) error {
	r, err := s.Role(ctx, id)
	if err != nil {
		return err
	}
	one := []everlatch.Role{r}
	if err := s.LoadPolicies(ctx, one); err != nil {
		return err
	}
	users, _, err := s.UsersWithRole(ctx, id, nil, store.Page{})
	if err != nil {
		return err
	}
	return p.answer(asJSON, struct {
		Role  everlatch.Role   `json:"role"`
		Users []everlatch.User `json:"users"`
	}{one[0], users}, func(w io.Writer) {
		row(w, "id", r.ID)
		row(w, "name", r.Name)
		row(w, "description", shown(r.Description))
		row(w, "inherits from", shown(r.ParentID))
		row(w, "created", moment(r.CreatedAt))
		row(w, "metadata", jsonText(r.Metadata))
		_, _ = fmt.Fprintln(w)
		row(w, "PERMITS", "INHERITED FROM")
		for _, policy := range one[0].Policies {
			row(w, policy.Key, shown(policy.InheritedFrom))
		}
		_, _ = fmt.Fprintln(w)
		row(w, "ADMINISTRATOR", "E-MAIL")
		for _, u := range users {
			row(w, u.ID, u.Email)
		}
	})
}

// findRoles returns the ids of roles that are named by id or name.
func findRoles(ctx context.Context, s *store.Store, named []string) ([]string, error) {
	ids, absent, err := idsOf(named, func(name string) ([]everlatch.Role, error) {
		found, _, err := s.Roles(ctx, store.RoleFilter{Or: []store.RoleFilter{{IDs: []string{name}}, {Names: []string{name}}}}, store.Page{})
		return found, err
	}, func(r everlatch.Role) string { return r.ID })
	if err == nil && absent != "" {
		err = fmt.Errorf("there is no role %s", absent)
	}
	return ids, err
}

// idsOf returns the id of the first that is found under each name, and the names
// under which there is none.
func idsOf[T any](named []string, find func(name string) ([]T, error), id func(T) string) (ids []string, absent string, err error) {
	var none []string
	for _, name := range named {
		found, err := find(name)
		switch {
		case err != nil:
			return nil, "", err
		case len(found) == 0:
			none = append(none, name)
		default:
			ids = append(ids, id(found[0]))
		}
	}
	return ids, strings.Join(none, ", "), nil
}

// rolesOfNew returns the roles of a new administrator: those that are named, and
// where roles are in use and nobody is a super admin yet, that one.
func (p *program) rolesOfNew(ctx context.Context, s *store.Store, enabled bool, named []string) ([]string, error) {
	used, err := rolesUsed(ctx, s, enabled)
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

// tellOfRoles says beside an answer what a new administrator may do.
func (p *program) tellOfRoles(enabled bool, email string, roles []string) {
	switch {
	case slices.Contains(roles, everlatch.RoleSuperAdmin):
		_, _ = fmt.Fprintf(p.stderr, "%s is a super admin.\n", email)
	case enabled && len(roles) == 0:
		_, _ = fmt.Fprintf(p.stderr, "%s has no role and may nothing yet; see everlatch role grant.\n", email)
	}
}
