package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) roleCreateCommand() *cobra.Command {
	var (
		asJSON   bool
		policies []string
		f        fields
	)
	c := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create a role",
		Example: "  everlatch role create support --policy customer:read --parent reader",
		Args:    oneArg("a name"),
		RunE: func(c *cobra.Command, args []string) error {
			metadata, err := f.metadata()
			if err != nil {
				return err
			}
			return p.withRoles(c, func(ctx context.Context, s *store.Store) error {
				policyIDs, err := findPolicies(ctx, s, policies)
				if err != nil {
					return err
				}
				r := everlatch.Role{Name: args[0], Description: f.text("description"), Metadata: metadata.Value}
				if parent := f.text("parent"); parent != nil {
					found, err := findRoles(ctx, s, []string{*parent})
					if err != nil {
						return err
					}
					r.ParentID = &found[0]
				}
				created, err := rules(s).CreateRole(ctx, operator(), r, policyIDs)
				if err != nil {
					return err
				}
				return p.showRole(ctx, s, created.ID, asJSON)
			})
		},
	}
	f = textFields(c, "description").withMetadata()
	c.Flags().String("parent", "", "id or name of a role whose policies this one has as well")
	c.Flags().StringSliceVar(&policies, "policy", nil, "key or id of a policy, such as user:read; may be repeated")
	jsonFlag(c, &asJSON)
	return c
}

// findPolicies returns the ids of policies that are named by key or id.
func findPolicies(ctx context.Context, s *store.Store, named []string) ([]string, error) {
	ids, absent, err := idsOf(named, func(name string) ([]everlatch.Policy, error) {
		found, _, err := s.Policies(ctx, store.PolicyFilter{Or: []store.PolicyFilter{{IDs: []string{name}}, {Keys: []string{name}}}}, store.Page{})
		return found, err
	}, func(p everlatch.Policy) string { return p.ID })
	if err == nil && absent != "" {
		err = fmt.Errorf("there is no policy %s; see everlatch role policies", absent)
	}
	return ids, err
}

func (p *program) roleUpdateCommand() *cobra.Command {
	var (
		asJSON bool
		f      fields
	)
	c := &cobra.Command{
		Use:   "update ID|NAME",
		Short: "Change a role; an empty flag clears the field",
		Args:  oneArg("the id or the name of a role"),
		RunE: func(c *cobra.Command, args []string) error {
			metadata, err := f.metadata()
			if err != nil {
				return err
			}
			patch := store.RolePatch{Description: f.change("description"), Parent: f.change("parent"), Metadata: metadata}
			if name := f.text("name"); name != nil {
				patch.Name = store.To(*name)
			}
			return p.onRole(c, args[0], asJSON, func(ctx context.Context, s *store.Store, id string) error {
				if patch.Parent.Value != nil {
					found, err := findRoles(ctx, s, []string{*patch.Parent.Value})
					if err != nil {
						return err
					}
					patch.Parent.Value = &found[0]
				}
				_, err := s.UpdateRole(ctx, operator(), id, patch)
				return err
			})
		},
	}
	f = textFields(c, "name", "description").withMetadata()
	c.Flags().String("parent", "", "id or name of a role whose policies this one has as well")
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) roleDeleteCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "delete ID|NAME",
		Short: "Delete a role, and take it from everybody",
		Args:  oneArg("the id or the name of a role"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withRoles(c, func(ctx context.Context, s *store.Store) error {
				found, err := findRoles(ctx, s, args)
				if err != nil {
					return err
				}
				if err := s.DeleteRole(ctx, operator(), found[0]); err != nil {
					return err
				}
				return p.answer(asJSON, deleted{found[0], "rbac_role", true}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "Deleted role %s\n", found[0])
				})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// rolePolicyCommand is `role allow` or `role deny`.
func (p *program) rolePolicyCommand(verb, short string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     verb + " ROLE POLICY...",
		Short:   short,
		Example: "  everlatch role " + verb + " support customer:read customer_group:read",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onRole(c, args[0], asJSON, func(ctx context.Context, s *store.Store, id string) error {
				policies, err := findPolicies(ctx, s, args[1:])
				if err != nil {
					return err
				}
				if verb == "allow" {
					_, err := s.AddRolePolicies(ctx, operator(), id, policies)
					return err
				}
				for _, policy := range policies {
					if _, err := s.RemoveRolePolicy(ctx, operator(), id, policy); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// roleHolderCommand is `role grant` or `role revoke`.
func (p *program) roleHolderCommand(verb, short string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     verb + " ROLE ID|E-MAIL...",
		Short:   short,
		Example: "  everlatch role " + verb + " support ada@example.com",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onRole(c, args[0], asJSON, func(ctx context.Context, s *store.Store, id string) error {
				var users []string
				for _, named := range args[1:] {
					user, err := findUser(ctx, s, named)
					if err != nil {
						return err
					}
					users = append(users, user.ID)
				}
				if verb == "grant" {
					return s.GrantRoles(ctx, operator(), users, []string{id})
				}
				return s.RevokeRoles(ctx, operator(), users, []string{id})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}
