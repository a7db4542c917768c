package nexusservice_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nexus-rpc/sdk-go/nexus"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/nexusservice"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/nexusauth"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// identity creates an identity that signs in to actors.
func (w *world) identity(t *testing.T, id string, actors ...everlatch.ActorRef) {
	t.Helper()
	_, err := w.store.ImportIdentities(t.Context(), []store.ImportedIdentity{{
		ID: id, Credentials: []store.NewCredential{{ID: "of_" + id, Provider: "emailpass", EntityID: id + "@example.com", EntityKey: id + "@example.com"}},
		Event: everlatch.Event{ID: "evt_" + id, Name: everlatch.EventIdentityRegistered},
	}})
	require.NoError(t, err)
	for _, a := range actors {
		require.NoError(t, w.store.LinkActor(t.Context(), store.Link{IdentityID: id, ActorType: a.ActorType, ActorID: a.ActorID, GroupID: "g"}))
	}
}

func refusedWith(t *testing.T, err error, code everlatch.Code) {
	t.Helper()
	e, ok := nexusauth.AsError(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, e.Code, "%v", err)
}

// TestReleaseIdentities: what serves another actor, too, is only unlinked. A repetition
// goes on where an outage has stopped the first request.
func TestReleaseIdentities(t *testing.T) {
	t.Parallel()
	w := setup(t)
	member := everlatch.ActorRef{ActorType: "member", ActorID: "m1"}
	w.identity(t, "authid_1", member)
	w.identity(t, "authid_2", member, everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"})
	w.identity(t, "authid_3", everlatch.ActorRef{ActorType: "member", ActorID: "m2"})
	sealed := seal(t, w, nexusauth.ReleaseIdentities, member)

	w.fake.err = everlatch.Unavailable("Temporal", errors.New("away"))
	_, err := sends[nexusauth.Identities](t, w, "ReleaseIdentities", sealed)
	outage, ok := errors.AsType[*nexus.HandlerError](err)
	require.True(t, ok, "%v", err)
	require.True(t, outage.Retryable())
	require.Len(t, w.fake.got, 2, "the first one is tried, and no other")
	once := w.fake.got[0]

	w.fake.err, w.fake.got = nil, nil
	out, err := sends[nexusauth.Identities](t, w, "ReleaseIdentities", sealed)
	require.NoError(t, err)
	require.Equal(t, []nexusauth.LinkedIdentity{{AuthIdentityID: "authid_1"}, {AuthIdentityID: "authid_2", Shared: true}}, out.Identities)
	require.Equal(t, []any{once, "authid_1", once, "authid_2", "member", (*string)(nil)}, w.fake.got, "under the key of the envelope")

	w.fake.got = nil
	out, err = calls(t, w, nexusauth.ReleaseIdentities, everlatch.ActorRef{ActorType: "member", ActorID: "m3"})
	require.NoError(t, err)
	require.Empty(t, out.Identities)
	_, err = calls(t, w, nexusauth.ReleaseIdentities, everlatch.ActorRef{ActorType: "member"})
	refusedWith(t, err, everlatch.CodeInvalidData)
	w.fake.err = &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "No."}
	_, err = calls(t, w, nexusauth.ReleaseIdentities, member)
	refusedWith(t, err, everlatch.CodeNotAllowed)
}

// owner creates an administrator with permissions, and seals with a key of theirs.
func (w *world) owner(t *testing.T, name string, policies ...string) *nexusauth.Sealer {
	t.Helper()
	var found []string
	for _, key := range policies {
		one, _, err := w.store.Policies(t.Context(), store.PolicyFilter{Keys: []string{key}}, store.Page{})
		require.NoError(t, err)
		require.Len(t, one, 1, key)
		found = append(found, one[0].ID)
	}
	operator := store.Operator("tests")
	role, err := w.store.CreateRole(t.Context(), operator, everlatch.Role{ID: "role_" + name, Name: name}, found)
	require.NoError(t, err)
	_, err = w.store.CreateUser(t.Context(), everlatch.User{ID: "user_" + name, Email: name + "@example.com"}, everlatch.Event{})
	require.NoError(t, err)
	require.NoError(t, w.store.GrantRoles(t.Context(), operator, []string{"user_" + name}, []string{role.ID}))
	_, err = w.store.CreateAPIKey(t.Context(), everlatch.APIKey{
		ID: "apk_" + name, Title: name, Type: everlatch.KeySecret, CreatedBy: "user_" + name, OwnerID: "user_" + name,
	}, tokens.HashSecret("sk_"+name))
	require.NoError(t, err)
	return w.sealerFor(t, w.ring, "sk_"+name)
}

// operation is one that a key is tried with.
type operation struct {
	name, needs string
	// call is about an identity and a customer.
	call func(w *world, identity, customer string) error
	// changes says that it demands authority over what the identity signs in to.
	changes bool
}

func about[I, O any](
	t *testing.T, ref nexus.OperationReference[nexusauth.Sealed[I], O], needs string, changes bool, in func(identity, customer string) I,
) operation {
	t.Helper()
	return operation{ref.Name(), needs, func(w *world, identity, customer string) error {
		_, err := calls(t, w, ref, in(identity, customer))
		return err
	}, changes}
}

func customerOf(_, customer string) everlatch.ActorRef {
	return everlatch.ActorRef{ActorType: "customer", ActorID: customer}
}

// TestRoles calls each operation with each permission: with roles it needs its own, and for
// what it changes the permission to update every actor of the identity. One that is an
// administrator's with more permissions, too, it does not change.
func TestRoles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.serve(func(d *nexusservice.Deps) { d.RBAC, d.TakesUsers = true, true })
	_, err := w.store.SetUpRBAC(t.Context(), accounts.BuiltInPolicies())
	require.NoError(t, err)
	w.owner(t, "root", "user:delete")
	w.identity(t, "authid_own", everlatch.ActorRef{ActorType: "customer", ActorID: "cus_own"})
	w.identity(t, "authid_above", everlatch.ActorRef{ActorType: "customer", ActorID: "cus_above"}, everlatch.ActorRef{ActorType: "user", ActorID: "user_root"})
	const update, remove, read, create = "auth_identity:update", "auth_identity:delete", "auth_identity:read", "auth_identity:create"
	operations := []operation{
		about(t, nexusauth.Register, create, false, func(_, _ string) nexusauth.Credentials { return credentials }),
		about(t, nexusauth.Authenticate, read, false, func(_, _ string) nexusauth.Credentials { return credentials }),
		about(t, nexusauth.StartPasswordReset, update, false, func(_, _ string) nexusauth.ResetRequest { return nexusauth.ResetRequest{} }),
		about(t, nexusauth.CompletePasswordReset, update, false, func(_, _ string) nexusauth.NewPassword { return nexusauth.NewPassword{} }),
		about(t, nexusauth.FindIdentities, read, false, customerOf),
		about(t, nexusauth.Emit, "event:create", false, func(_, _ string) nexusauth.Event { return nexusauth.Event{Name: "x.y"} }),
		about(t, nexusauth.SetAppMetadata, update, true, func(identity, customer string) nexusauth.Link {
			return nexusauth.Link{AuthIdentityID: identity, ActorType: "customer", ActorID: customer}
		}),
		about(t, nexusauth.UnsetAppMetadata, update, true, func(identity, _ string) nexusauth.Unlink {
			return nexusauth.Unlink{AuthIdentityID: identity, ActorType: "customer"}
		}),
		about(t, nexusauth.DeleteAuthIdentity, remove, true, func(identity, _ string) nexusauth.Identity {
			return nexusauth.Identity{AuthIdentityID: identity}
		}),
		about(t, nexusauth.ReleaseIdentities, remove, true, customerOf),
	}
	forbidden := func(err error) bool {
		e, ok := nexusauth.AsError(err)
		return ok && e.Code == everlatch.CodeForbidden
	}
	for i, policies := range [][]string{
		{"customer:update"},
		{read},
		{create},
		{update},
		{remove},
		{"event:create"},
		{update, "customer:update"},
		{remove, "customer:update"},
	} {
		as := *w
		as.sealer = w.owner(t, fmt.Sprint("admin", i), policies...)
		for _, o := range operations {
			mayCall, mayChange := slices.Contains(policies, o.needs), slices.Contains(policies, "customer:update")
			require.Equal(t, !mayCall || o.changes && !mayChange, forbidden(o.call(&as, "authid_own", "cus_own")), "%s with %v", o.name, policies)
			require.Equal(t, !mayCall || o.changes, forbidden(o.call(&as, "authid_above", "cus_above")), "%s of an administrator with %v", o.name, policies)
		}
	}
	// A key of an operator has no owner, and so no permissions.
	_, err = calls(t, w, nexusauth.FindIdentities, customerOf("", "cus_own"))
	refusedWith(t, err, everlatch.CodeForbidden)
}

// TestLimits: resets count mails, and a new password waits for its turn, as over HTTP.
func TestLimits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	passwords, err := emailpass.New(emailpass.Options{})
	require.NoError(t, err)
	registry := providers.NewRegistry()
	require.NoError(t, registry.Add("emailpass", passwords))
	limiter, err := limits.New(w.store, limits.Options{
		Mail: []limits.Rate{{Count: 1, Per: time.Hour}}, Queue: 1, AtOnce: 1, Hash: w.ring.Derive("limits").Hash, Now: w.deps.Now,
	})
	require.NoError(t, err)
	w.serve(func(d *nexusservice.Deps) { d.Providers, d.Limits = registry, limiter })

	ask := func() error {
		_, err := calls(t, w, nexusauth.StartPasswordReset, nexusauth.ResetRequest{ActorType: "customer", Provider: "emailpass", Identifier: "ada@example.com"})
		return err
	}
	require.NoError(t, ask())
	refusedWith(t, ask(), everlatch.CodeRateLimited)
	require.Len(t, w.fake.got, 1, "no flow was asked")

	token, err := w.deps.Tokens.IssueReset(tokens.Reset{
		EntityID: "ada@example.com", Provider: "emailpass", ActorType: "customer", ID: "token_1", IssuedAt: w.now, ExpiresAt: w.now.Add(time.Hour),
	})
	require.NoError(t, err)
	change := func() error {
		_, err := calls(t, w, nexusauth.CompletePasswordReset, nexusauth.NewPassword{Token: token, Body: map[string]any{"password": "another horse"}})
		return err
	}
	turn, err := limiter.AdmitProgram(context.Background())
	require.NoError(t, err)
	w.fake.got = nil
	busy, ok := errors.AsType[*nexus.HandlerError](change())
	require.True(t, ok)
	require.True(t, busy.Retryable(), "it is to be repeated")
	require.Empty(t, w.fake.got)
	turn.End(true, false)
	require.NoError(t, change())
	require.Len(t, w.fake.got, 1)
}
