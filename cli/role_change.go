package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

const parentUsage = "id or name of a role whose policies this one inherits"

func (p *program) roleCreateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create a role",
		Example: "  everlatch role create support --policy customer:read --parent reader",
		Args:    oneArg("a name"),
	}
	f := textFields(c, "description").withMetadata()
	c.Flags().String("parent", "", parentUsage)
	var policies []string
	c.Flags().StringSliceVar(&policies, "policy", nil, "key or id of a policy, such as user:read; may be repeated")
	return p.roles().creation(c, func(ctx context.Context, s *store.Store, args []string) (everlatch.Role, error) {
		r := everlatch.Role{Name: args[0], Description: f.text("description")}
		metadata, err := f.metadata()
		if err != nil {
			return r, err
		}
		r.Metadata = metadata.Value
		policyIDs, err := p.findPolicies(ctx, s, policies)
		if err != nil {
			return r, err
		}
		if parent := f.text("parent"); parent != nil {
			found, err := findRole(ctx, s, *parent)
			if err != nil {
				return r, err
			}
			r.ParentID = &found.ID
		}
		return rules(s).CreateRole(ctx, operator(), r, policyIDs)
	})
}

// findPolicies returns the ids of policies that are named by key or id.
func (p *program) findPolicies(ctx context.Context, s *store.Store, named []string) ([]string, error) {
	return idsOf(named, "there is no policy %s; see "+p.name+" role policies", func(name string) ([]everlatch.Policy, error) {
		found, _, err := s.Policies(ctx, store.PolicyFilter{Or: []store.PolicyFilter{{IDs: []string{name}}, {Keys: []string{name}}}}, store.Page{})
		return found, err
	}, func(p everlatch.Policy) string { return p.ID })
}

func (p *program) roleUpdateCommand() *cobra.Command {
	c := &cobra.Command{Use: "update", Short: "Change a role; an empty flag clears the field"}
	f := textFields(c, "name", "description").withMetadata()
	c.Flags().String("parent", "", parentUsage)
	return p.roles().change(c, func(ctx context.Context, s *store.Store, found everlatch.Role, _ []string) error {
		metadata, err := f.metadata()
		if err != nil {
			return err
		}
		patch := store.RolePatch{Name: f.rename(), Description: f.change("description"), Parent: f.change("parent"), Metadata: metadata}
		if patch.Parent.Value != nil {
			parent, err := findRole(ctx, s, *patch.Parent.Value)
			if err != nil {
				return err
			}
			patch.Parent.Value = &parent.ID
		}
		_, err = s.UpdateRole(ctx, operator(), found.ID, patch)
		return err
	})
}

func (p *program) roleDeleteCommand() *cobra.Command {
	return p.roles().deletion(&cobra.Command{Short: "Delete a role and take it from its holders"},
		func(ctx context.Context, t target, found everlatch.Role) error {
			return t.store.DeleteRole(ctx, operator(), found.ID)
		},
		func(found everlatch.Role, _ string) string { return "Deleted role " + found.ID })
}

// rolePolicyCommand is `role allow` or `role deny`.
func (p *program) rolePolicyCommand(verb, short string) *cobra.Command {
	r := p.roles()
	r.usage = "ROLE POLICY..."
	return r.change(&cobra.Command{
		Use:     verb,
		Short:   short,
		Example: "  everlatch role " + verb + " support customer:read customer_group:read",
		Args:    manyArgs("a role and at least one policy"),
	}, func(ctx context.Context, s *store.Store, found everlatch.Role, args []string) error {
		policies, err := p.findPolicies(ctx, s, args)
		if err != nil {
			return err
		}
		if verb == "allow" {
			_, err := s.AddRolePolicies(ctx, operator(), found.ID, policies)
			return err
		}
		for _, policy := range policies {
			if _, err := s.RemoveRolePolicy(ctx, operator(), found.ID, policy); err != nil {
				return err
			}
		}
		return nil
	})
}

// roleHolderCommand is `role grant` or `role revoke`.
func (p *program) roleHolderCommand(verb, short string) *cobra.Command {
	r := p.roles()
	r.usage = "ROLE ID|E-MAIL..."
	return r.change(&cobra.Command{
		Use:     verb,
		Short:   short,
		Example: "  everlatch role " + verb + " support ada@example.com",
		Args:    manyArgs("a role and at least one administrator"),
	}, func(ctx context.Context, s *store.Store, found everlatch.Role, args []string) error {
		users, err := p.users().ids(ctx, s, args)
		if err != nil {
			return err
		}
		if verb == "grant" {
			return s.GrantRoles(ctx, operator(), users, []string{found.ID})
		}
		return s.RevokeRoles(ctx, operator(), users, []string{found.ID})
	})
}
