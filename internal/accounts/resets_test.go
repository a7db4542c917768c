package accounts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

func TestCheckReset(t *testing.T) {
	t.Parallel()
	password := everlatch.ProviderIdentity{ID: "p1", Provider: "emailpass", EntityKey: "ada@example.com"}
	social := everlatch.ProviderIdentity{ID: "p2", Provider: "github", EntityKey: "1"}
	customer := map[string]string{"customer": "cus_1"}
	both := map[string]string{"customer": "cus_1", "user": "user_1"}
	tests := map[string]struct {
		links     map[string]string
		providers []everlatch.ProviderIdentity
		disabled  bool
		named     string
		want      accounts.Reset
		refused   everlatch.Reason
	}{
		"the only account":        {links: customer, providers: []everlatch.ProviderIdentity{social, password}, want: accounts.Reset{Credential: password, ActorType: "customer"}},
		"the only account, named": {links: customer, providers: []everlatch.ProviderIdentity{password}, named: "customer", want: accounts.Reset{Credential: password, ActorType: "customer"}},
		"one of two":              {links: both, providers: []everlatch.ProviderIdentity{password}, named: "user", want: accounts.Reset{Credential: password, ActorType: "user"}},
		"two, none named":         {links: both, providers: []everlatch.ProviderIdentity{password}, refused: accounts.ResetActorType},
		"another type":            {links: customer, providers: []everlatch.ProviderIdentity{password}, named: "user", refused: accounts.ResetOfOtherType},
		"no account":              {providers: []everlatch.ProviderIdentity{password}, named: "customer", refused: accounts.ResetWithoutAccount},
		"no password":             {links: customer, providers: []everlatch.ProviderIdentity{social}, refused: accounts.ResetWithoutPassword},
		"disabled":                {links: customer, providers: []everlatch.ProviderIdentity{password}, disabled: true, refused: accounts.ResetDisabled},
	}
	rules := accounts.Accounts{Providers: registry(t)}
	for name, tt := range tests {
		identity := everlatch.AuthIdentity{ID: "authid_1", Links: tt.links, Providers: tt.providers}
		if tt.disabled {
			identity.DisabledAt = now()
		}
		got, err := rules.CheckReset(identity, tt.named)
		require.Equal(t, tt.want, got, name)
		if tt.refused == "" {
			require.NoError(t, err, name)
			continue
		}
		var refusal *everlatch.Error
		require.ErrorAs(t, err, &refusal, name)
		require.Equal(t, tt.refused, refusal.Reason, name)
	}
}

// An account with several identities has the password of one that works.
func TestPasswordOfAccount(t *testing.T) {
	t.Parallel()
	rules := rules(t)
	ada := everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"}
	for _, id := range []string{"1", "2"} {
		_, err := rules.Store.RegisterIdentity(t.Context(), store.NewIdentity{
			ID: "authid_" + id, ProviderIdentityID: "p" + id, Provider: "emailpass", EntityID: id + "@example.com", EntityKey: id + "@example.com",
		})
		require.NoError(t, err)
		require.NoError(t, rules.Store.LinkActor(t.Context(), store.Link{IdentityID: "authid_" + id, ActorType: ada.ActorType, ActorID: ada.ActorID}))
	}
	disable := func(id string) {
		_, err := rules.Store.DisableIdentity(t.Context(), id, everlatch.Event{ID: "evt_" + id, Name: everlatch.EventIdentityDisabled})
		require.NoError(t, err)
	}

	credential, found, err := rules.PasswordOfAccount(t.Context(), ada)
	require.NoError(t, err)
	require.True(t, found)
	first := credential.AuthIdentityID
	disable(first)
	credential, found, err = rules.PasswordOfAccount(t.Context(), ada)
	require.NoError(t, err)
	require.True(t, found)
	require.NotEqual(t, first, credential.AuthIdentityID)
	disable(credential.AuthIdentityID)
	_, _, err = rules.PasswordOfAccount(t.Context(), ada)
	var refusal *everlatch.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, accounts.ResetDisabled, refusal.Reason)
	_, found, err = rules.PasswordOfAccount(t.Context(), everlatch.ActorRef{ActorType: "customer", ActorID: "cus_2"})
	require.NoError(t, err)
	require.False(t, found)
}
