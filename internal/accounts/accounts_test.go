package accounts_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailcode"
	"github.com/everlatch/everlatch/providers/emailpass"
)

func registry(tb testing.TB) *providers.Registry {
	tb.Helper()
	p, err := emailpass.New(emailpass.Options{Argon2: emailpass.Argon2{MemoryKiB: 8, Time: 1, Parallelism: 1}})
	require.NoError(tb, err)
	r := providers.NewRegistry()
	require.NoError(tb, r.Add("emailpass", p))
	return r
}

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func rules(tb testing.TB) *accounts.Accounts {
	tb.Helper()
	s, err := store.Open(tb.Context(), storetest.URL(tb), now)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return &accounts.Accounts{Store: s, Providers: registry(tb), Now: now}
}

// TestFollowEmail: owner and administrator change an e-mail by one rule; only
// the owner, who has proved the new address, takes other addresses along.
func TestFollowEmail(t *testing.T) {
	t.Parallel()
	login := func(id, identity, provider, email string) everlatch.ProviderIdentity {
		return everlatch.ProviderIdentity{ID: id, AuthIdentityID: identity, Provider: provider, EntityID: email, EntityKey: email}
	}
	logins := []everlatch.ProviderIdentity{
		login("former", "authid_2", "emailpass", "ada@example.com"),
		login("other", "authid_1", "emailpass", "countess@example.com"),
		login("social", "authid_1", "github", "ada@example.com"),
		login("name", "authid_3", "emailpass", "ada"),
	}
	tests := map[string]struct {
		change accounts.EmailChange
		want   []string
	}{
		"an administrator": {accounts.EmailChange{From: "Ada@example.com", To: "new@example.com"}, []string{"former"}},
		"the owner by another address": {
			accounts.EmailChange{From: "ada@example.com", To: "new@example.com", IdentityID: "authid_1"}, []string{"other"},
		},
		"the owner by a name": {
			accounts.EmailChange{From: "ada@example.com", To: "new@example.com", IdentityID: "authid_3"}, []string{"former"},
		},
		"an account without an e-mail": {accounts.EmailChange{To: "new@example.com"}, nil},
		"a login that is the new e-mail": {
			accounts.EmailChange{From: "x@example.com", To: "countess@example.com", IdentityID: "authid_1"}, nil,
		},
	}
	for name, tt := range tests {
		followers, err := accounts.FollowEmail(registry(t), tt.change, logins)
		require.NoError(t, err)
		var got []string
		for _, f := range followers {
			got = append(got, f.ProviderIdentityID)
			require.Equal(t, tt.change.To, f.EntityKey)
		}
		require.Equal(t, tt.want, got, name)
		slices.Reverse(logins)
	}
}

// A mailbox that was given up signs in no longer.
func TestEmailCodesFollow(t *testing.T) {
	t.Parallel()
	providers := registry(t)
	mailed, err := emailcode.New(emailcode.Options{})
	require.NoError(t, err)
	require.NoError(t, providers.Add(emailcode.Identifier, mailed))
	followers, err := accounts.FollowEmail(providers, accounts.EmailChange{From: "ada@example.com", To: "New@example.com", IdentityID: "authid_1"},
		[]everlatch.ProviderIdentity{{ID: "pi_1", AuthIdentityID: "authid_1", Provider: "emailcode", EntityID: "ada@example.com", EntityKey: "ada@example.com"}})
	require.NoError(t, err)
	require.Len(t, followers, 1)
	require.Equal(t, "new@example.com", followers[0].EntityKey)
	require.True(t, followers[0].Verified)
}

func TestUpdateCustomerTakesTheLoginAlong(t *testing.T) {
	t.Parallel()
	a, ctx := rules(t), t.Context()
	_, err := a.Store.CreateCustomer(ctx, everlatch.Customer{ID: "cus_1", Email: new("ada@example.com"), HasAccount: true}, everlatch.Event{})
	require.NoError(t, err)
	_, err = a.Store.RegisterIdentity(ctx, store.NewIdentity{
		ID: "authid_1", ProviderIdentityID: "provid_1", Provider: "emailpass", EntityID: "ada@example.com", EntityKey: "ada@example.com",
		VerifiedEmail: "ada@example.com",
	})
	require.NoError(t, err)
	require.NoError(t, a.Store.LinkActor(ctx, store.Link{IdentityID: "authid_1", ActorType: everlatch.ActorCustomer, ActorID: "cus_1"}))

	_, err = a.UpdateCustomer(ctx, "cus_1", store.CustomerPatch{Email: store.To(new("not an e-mail"))})
	require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: accounts.EmailInvalid})

	_, err = a.UpdateCustomer(ctx, "cus_1", store.CustomerPatch{Email: store.To(new("Lovelace@example.com"))})
	require.NoError(t, err)
	found, err := a.Store.FindCredential(ctx, "emailpass", "lovelace@example.com")
	require.NoError(t, err)
	require.Equal(t, "authid_1", found.Identity.ID)
	require.Empty(t, found.Provider.VerifiedEmail, "the owner of the new address has proven nothing (docs/proof.md)")
	_, err = a.Store.FindCredential(ctx, "emailpass", "ada@example.com")
	require.ErrorIs(t, err, everlatch.ErrNotFound)
}

func TestCreateAPIKey(t *testing.T) {
	t.Parallel()
	a, ctx := rules(t), t.Context()
	secret, err := a.CreateAPIKey(ctx, everlatch.APIKey{Title: "ci", Type: everlatch.KeySecret, CreatedBy: "tests"})
	require.NoError(t, err)
	require.Regexp(t, `^sk_[0-9a-f]{64}$`, secret.Token)
	require.Equal(t, secret.Token[:6]+"***"+secret.Token[64:], secret.Redacted)
	stored, err := a.Store.APIKey(ctx, secret.ID)
	require.NoError(t, err)
	require.Empty(t, stored.Token)

	publishable, err := a.CreateAPIKey(ctx, everlatch.APIKey{Title: "shop", Type: everlatch.KeyPublishable, CreatedBy: "tests"})
	require.NoError(t, err)
	live, err := a.Store.PublishableKeyLive(ctx, publishable.Token)
	require.NoError(t, err)
	require.True(t, live)

	_, err = a.CreateAPIKey(ctx, everlatch.APIKey{Title: "x", Type: "other", CreatedBy: "tests"})
	require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: accounts.KeyTypeInvalid})
}
