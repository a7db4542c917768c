package accounts

import (
	"context"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// resources are the kinds of records that routes under /admin serve.
var resources = []string{
	"api_key", "audit", "auth_identity", "customer", "customer_address", "customer_group", "doctor", "event", "flow", "invite", "rbac_policy", "rbac_role",
	"schedule", "statistics", "user",
}

// operations are what routes do to them.
var operations = []string{"create", "read", "update", "delete"}

// BuiltInPolicies are the policies that routes under /admin require, with the
// names that Medusa gives them, and the same ones for custom resources. They
// have no ids; the store assigns them.
func BuiltInPolicies(custom ...string) []everlatch.Policy {
	var out []everlatch.Policy
	for _, resource := range append(slices.Clone(resources), custom...) {
		for _, operation := range operations {
			verb, noun := pascal(operation), pascal(resource)
			p := everlatch.Policy{
				Resource: resource, Operation: operation, BuiltIn: true,
				Name: new(verb + noun), Description: new(verb + " " + noun),
			}
			p.Key = p.Permission().String()
			out = append(out, p)
		}
	}
	return out
}

// pascal turns "rbac_role" into "RbacRole".
func pascal(snake string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(snake, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// SetUpRBAC creates the missing built-in roles and policies, with the names of
// custom actor types as resources; see [store.Store.SetUpRBAC]. A process that
// serves the API does it at each start.
func (a *Accounts) SetUpRBAC(ctx context.Context, resources ...string) (store.RBACState, error) {
	return a.Store.SetUpRBAC(ctx, BuiltInPolicies(resources...))
}

// CreateRole creates a role under a new id; see [store.Store.CreateRole].
func (a *Accounts) CreateRole(ctx context.Context, by store.Authority, r everlatch.Role, policyIDs []string) (everlatch.Role, error) {
	r.ID = ids.New(ids.Role, a.Now())
	return a.Store.CreateRole(ctx, by, r, policyIDs)
}

// CreatePolicy creates a policy under a new id; see [store.Store.CreatePolicy].
func (a *Accounts) CreatePolicy(ctx context.Context, p everlatch.Policy) (everlatch.Policy, error) {
	p.ID = ids.New(ids.Policy, a.Now())
	return a.Store.CreatePolicy(ctx, p)
}
