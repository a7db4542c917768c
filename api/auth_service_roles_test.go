package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/auth"
)

// called is what a method of the service is called about.
type called struct {
	identity, method, factor, email, customer string
	n                                         int
}

// serviceCall is a method of the service as a request.
type serviceCall struct {
	arguments func(about called) object
	// changes says that it demands authority over what the identity signs in to.
	changes bool
}

func reads(arguments object) serviceCall {
	return serviceCall{arguments: func(called) object { return arguments }}
}

func changes(arguments func(about called) object) serviceCall { return serviceCall{arguments, true} }

func items(list ...any) object { return object{"items": list} }

// serviceCalls are all methods.
var serviceCalls = map[string]serviceCall{
	"authenticate":                       reads(object{"provider": "emailpass", "input": object{"actor_type": "customer", "body": object{"email": "x@example.com", "password": "x"}}}),
	"validate-callback":                  reads(object{"provider": "emailpass", "input": object{"actor_type": "customer"}}),
	"validate-auth-identity":             reads(object{"id": "authid_none", "provider": "emailpass"}),
	"list-auth-providers":                reads(object{}),
	"retrieve-auth-identity":             reads(object{"id": "authid_none"}),
	"list-auth-identities":               reads(object{}),
	"list-and-count-auth-identities":     reads(object{}),
	"retrieve-provider-identity":         reads(object{"id": "none"}),
	"list-provider-identities":           reads(object{}),
	"list-and-count-provider-identities": reads(object{}),
	"retrieve-auth-mfa":                  reads(object{"id": "none"}),
	"list-auth-mfa":                      reads(object{}),
	"retrieve-auth-verification":         reads(object{"id": "none"}),
	"list-auth-verifications":            reads(object{}),
	"list-and-count-auth-verifications":  reads(object{}),
	"consume-password-reset-token":       reads(object{"jti": "none", "provider": "emailpass", "entity_id": "x@example.com"}),
	"register":                           reads(object{"provider": "emailpass", "input": object{"actor_type": "customer", "body": object{"email": "x", "password": "x"}}}),
	"create-auth-identities":             reads(items()),

	"update-provider": changes(func(a called) object {
		return object{"provider": "emailpass", "input": object{"entity_id": a.email, "body": object{"password": "another horse battery"}}}
	}),
	"update-auth-identities": changes(func(a called) object { return items(object{"id": a.identity, "app_metadata": object{"plan": "gold"}}) }),
	"delete-auth-identities": changes(func(a called) object { return items(a.identity) }),
	"link-actor": changes(func(a called) object {
		return object{"id": a.identity, "actor": object{"actor_type": "customer", "actor_id": a.customer}}
	}),
	"unlink-actor": changes(func(a called) object { return object{"id": a.identity, "actor": object{"actor_type": "customer"}} }),
	"create-provider-identities": changes(func(a called) object {
		return items(object{"auth_identity_id": a.identity, "provider": "github", "entity_id": fmt.Sprint(a.n)})
	}),
	"update-provider-identities": changes(func(a called) object { return items(object{"id": a.method, "user_metadata": object{"name": "Ada"}}) }),
	"delete-provider-identities": changes(func(a called) object { return items(a.method) }),
	"create-password-reset-token": changes(func(a called) object {
		return object{"provider": "emailpass", "entity_id": a.email}
	}),
	"start-auth-mfa":                   changes(func(a called) object { return object{"auth_identity_id": a.identity, "provider": "unknown"} }),
	"verify-auth-mfa":                  changes(func(a called) object { return object{"id": a.factor, "code": "wrong"} }),
	"disable-auth-mfa":                 changes(func(a called) object { return object{"id": a.factor} }),
	"generate-auth-mfa-recovery-codes": changes(func(a called) object { return object{"auth_identity_id": a.identity} }),
	"use-auth-mfa-recovery-code":       changes(func(a called) object { return object{"auth_identity_id": a.identity, "code": "wrong"} }),
	"create-auth-mfa-challenge":        changes(func(a called) object { return object{"auth_identity_id": a.identity} }),
	"prompt-auth-mfa-challenge":        changes(func(a called) object { return object{"id": "none", "auth_identity_id": a.identity, "method": "totp"} }),
	"verify-auth-mfa-challenge": changes(func(a called) object {
		return object{"id": "none", "auth_identity_id": a.identity, "method": "totp", "code": "wrong"}
	}),
	"request-auth-verification": changes(func(a called) object {
		return object{"auth_identity_id": a.identity, "entity_id": a.email, "entity_type": "email", "code_provider": "token"}
	}),
	"confirm-auth-verification": changes(func(a called) object { return object{"auth_identity_id": a.identity, "code": "wrong"} }),
}

// about returns what methods are called about: an identity with a pending factor.
func (w *world) about(token string, n int) called {
	w.t.Helper()
	identity, err := w.store.Identity(w.t.Context(), w.claims(token).AuthIdentityID)
	require.NoError(w.t, err)
	factor, err := w.authService().StartAuthMfa(w.t.Context(), auth.NewFactor{AuthIdentityID: identity.ID, Provider: "totp"})
	require.NoError(w.t, err)
	return called{
		identity: identity.ID, method: identity.Providers[0].ID, factor: factor.Factor.ID, email: identity.Providers[0].EntityID,
		customer: identity.ActorID(everlatch.ActorCustomer), n: n,
	}
}

// TestAuthServiceWithRoles calls each method with each permission: it needs its own, and for
// what it changes the permission to update every actor of the identity. One that is
// a super admin's, too, it does not change.
func TestAuthServiceWithRoles(t *testing.T) {
	t.Parallel()
	for _, method := range auth.MethodNames() {
		require.Contains(t, serviceCalls, method)
	}
	w := withRBAC(t, options(func(o *api.Options) { o.ResetTokens = api.ResetsAll }))
	root, _, _ := w.sharedSignIn("root@example.com")
	above := w.about(root, 0)
	before, err := w.store.Identity(t.Context(), above.identity)
	require.NoError(t, err)
	n := 0
	for _, policies := range [][]string{
		{"event:read"},
		{"customer:update"},
		{"auth_identity:read"},
		{"auth_identity:create"},
		{"auth_identity:update"},
		{"auth_identity:delete"},
		{"auth_identity:read", "customer:update"},
		{"auth_identity:create", "customer:update"},
		{"auth_identity:update", "customer:update"},
		{"auth_identity:delete", "customer:update"},
	} {
		_, id := w.adminWith(fmt.Sprint("admin", n, "@example.com"), w.role(fmt.Sprint("r", n), policies...))
		key := w.keyOf(id)
		for method, call := range serviceCalls {
			n++
			operation, _ := auth.MethodOperation(method)
			mayCall, mayChange := slices.Contains(policies, "auth_identity:"+operation), slices.Contains(policies, "customer:update")
			forbidden := func(about called) bool {
				return w.do("POST", "/admin/auth/"+method, call.arguments(about), key).StatusCode == http.StatusForbidden
			}
			require.Equal(t, !mayCall || call.changes, forbidden(above), "%s of the super admin with %v", method, policies)
			if mayCall && call.changes {
				own := w.about(w.customer(fmt.Sprint("c", n, "@example.com")), n)
				require.Equal(t, !mayChange, forbidden(own), "%s of a customer with %v", method, policies)
			}
		}
	}
	after, err := w.store.Identity(t.Context(), above.identity)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// TestAuthServiceOfSharedIdentities: a customer is no way to an administrator whose sign-in
// it shares, and the owner of an identity is not made another account's without authority
// over those that it has.
func TestAuthServiceOfSharedIdentities(t *testing.T) {
	t.Parallel()
	w := withRBAC(t, options(func(o *api.Options) { o.ResetTokens = api.ResetsAll }))
	root, sharedID, _ := w.sharedSignIn("shared@example.com")
	_, id := w.adminWith("helpdesk@example.com", w.role("helpdesk", "auth_identity:update", "customer:update"))
	key := w.keyOf(id)
	mine := w.claims(w.customer("mine@example.com"))
	strong, _ := w.adminWith("strong@example.com", superAdmin)
	for name, tt := range map[string]struct{ identity, customer string }{
		"the customer of a super admin, for an own identity": {mine.AuthIdentityID, sharedID},
		"an own customer, for the identity of a super admin": {w.claims(strong).AuthIdentityID, mine.ActorID},
		"the same, of one who is a customer already":         {w.claims(root).AuthIdentityID, mine.ActorID},
	} {
		r := w.do("POST", "/admin/auth/link-actor", object{
			"id": tt.identity, "actor": object{"actor_type": "customer", "actor_id": tt.customer},
		}, key)
		require.Equal(t, 403, r.StatusCode, "%s: %s", name, r.body)
	}
	stored, err := w.store.Identity(t.Context(), w.claims(strong).AuthIdentityID)
	require.NoError(t, err)
	require.Empty(t, stored.ActorID(everlatch.ActorCustomer))
}
