package authtest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

func providerIdentities(t *testing.T, w World) {
	made := register(t, w)
	own := made.Providers[0].ID
	first, err := w.Service.RetrieveProviderIdentity(t.Context(), own, auth.FindConfig{Relations: []string{"auth_identity"}})
	require.NoError(t, err)
	require.Equal(t, "ada@example.com", first.EntityID)
	require.Equal(t, made.ID, first.AuthIdentity.ID)

	_, err = w.Service.CreateProviderIdentities(t.Context(), auth.NewProviderIdentity{AuthIdentityID: made.ID, Provider: "emailpass", EntityID: "b@example.com", VerifiedEmail: "b@example.com"})
	refused(t, err, everlatch.CodeNotAllowed)
	_, err = w.Service.CreateProviderIdentities(t.Context(), auth.NewProviderIdentity{AuthIdentityID: "authid_none", Provider: "emailpass", EntityID: "b@example.com"})
	refused(t, err, everlatch.CodeNotFound)

	_, err = w.Service.CreateAuthIdentities(t.Context(), auth.NewAuthIdentity{ID: "authid_b", ProviderIdentities: []auth.NewProviderIdentity{
		{Provider: "elsewhere", EntityID: "4711", VerifiedEmail: "b@example.com"},
	}})
	require.NoError(t, err)
	added, err := w.Service.CreateProviderIdentities(t.Context(), auth.NewProviderIdentity{
		AuthIdentityID: "authid_b", Provider: "emailpass", EntityID: "b@example.com", ProviderMetadata: everlatch.Metadata{"password": "a hash"},
		UserMetadata: everlatch.Metadata{"name": "Bob"},
	})
	require.NoError(t, err, "the identity has proven the address")
	require.Equal(t, "b@example.com", added[0].EntityID)
	require.Nil(t, added[0].ProviderMetadata)

	changed, err := w.Service.UpdateProviderIdentities(t.Context(), auth.ProviderIdentityUpdate{
		ID: added[0].ID, EntityID: new("Bob@example.com"), UserMetadata: everlatch.Metadata{"name": nil, "age": 42},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"Bob@example.com", "bob@example.com"}, []string{changed[0].EntityID, changed[0].EntityKey})
	require.Equal(t, everlatch.Metadata{"age": 42.0}, changed[0].UserMetadata)
	_, err = w.Service.UpdateProviderIdentities(t.Context(), auth.ProviderIdentityUpdate{ID: added[0].ID, EntityID: new("ADA@example.com")})
	refused(t, err, everlatch.CodeDuplicate)
	_, err = w.Service.UpdateProviderIdentities(t.Context(), auth.ProviderIdentityUpdate{ID: "none"})
	refused(t, err, everlatch.CodeNotFound)

	found, count, err := w.Service.ListAndCountProviderIdentities(t.Context(), auth.ProviderIdentityFilter{
		AuthIdentityID: auth.Eq("authid_b"), Provider: auth.In("emailpass", "elsewhere"),
	}, auth.FindConfig{Order: "-provider", Relations: []string{"auth_identity"}, Select: []string{"provider"}})
	require.NoError(t, err)
	require.Equal(t, 2, count)
	require.Equal(t, []string{"emailpass", "elsewhere"}, []string{found[0].Provider, found[1].Provider})
	require.Equal(t, "authid_b", found[0].AuthIdentity.ID)
	require.Empty(t, found[0].EntityID, "not selected")
	list, err := w.Service.ListProviderIdentities(t.Context(), auth.ProviderIdentityFilter{
		UserMetadata: map[string]auth.Condition[any]{"age": auth.Gte[any](42)},
	}, auth.FindConfig{})
	require.NoError(t, err)
	require.Len(t, list, 1)

	require.NoError(t, w.Service.DeleteProviderIdentities(t.Context(), "none", added[0].ID))
	_, err = w.Service.RetrieveProviderIdentity(t.Context(), added[0].ID, auth.FindConfig{})
	refused(t, err, everlatch.CodeNotFound)
	refused(t, w.Service.DeleteProviderIdentities(t.Context(), own), everlatch.CodeNotAllowed)
}

func resetTokens(t *testing.T, w World) {
	made := register(t, w)
	create := func(entity string, ttl time.Duration) (auth.PasswordResetToken, error) {
		return w.Service.CreatePasswordResetToken(t.Context(), auth.PasswordResetRequest{Provider: "emailpass", EntityID: entity, TTL: ttl})
	}
	token, err := create("Ada@example.com", 0)
	require.NoError(t, err)
	require.NotEmpty(t, token.ID)
	require.Equal(t, 2, strings.Count(token.Token, "."), "a JWT")
	short, err := create("ada@example.com", time.Minute)
	require.NoError(t, err)
	require.Equal(t, 14*time.Minute, token.ExpiresAt.Sub(short.ExpiresAt).Round(time.Minute))
	_, err = create("unknown@example.com", 0)
	refused(t, err, everlatch.CodeInvalidData)
	_, err = create("ada@example.com", -time.Second)
	refused(t, err, everlatch.CodeInvalidData)

	consume := func(id, entity string) (auth.ConsumedReset, error) {
		return w.Service.ConsumePasswordResetToken(t.Context(), auth.ResetConsumption{ID: id, Provider: "emailpass", EntityID: entity})
	}
	for _, wrong := range [][2]string{{token.ID, "bob@example.com"}, {"none", "ada@example.com"}} {
		_, err = consume(wrong[0], wrong[1])
		refused(t, err, everlatch.CodeUnauthorized)
	}
	used, err := consume(token.ID, "ada@example.com")
	require.NoError(t, err)
	require.Equal(t, auth.ConsumedReset{
		AuthIdentityID: made.ID, ProviderIdentityID: made.Providers[0].ID, EntityID: "ada@example.com",
	}, used)
	for _, id := range []string{token.ID, short.ID} {
		_, err = consume(id, "ada@example.com")
		refused(t, err, everlatch.CodeUnauthorized)
	}
}
