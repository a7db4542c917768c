package authtest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

// World is what the suite runs against. The provider emailpass is registered, and the
// database has no other identities.
type World struct {
	Service auth.Service
	// TOTP returns a code of a secret that is good now. Each is used once, and only one that
	// is later than the last one; later is 0 or 1.
	TOTP func(secret string, later int) string
	// Code returns the latest verification code for an address.
	Code func(t *testing.T, address string) string
	// Customer creates a customer without an account and returns its id.
	Customer func(t *testing.T) string
}

const password = "correct horse battery"

// Run runs the suite but for what happens at the same time, see [RunRaces]. open makes a
// world for one test.
func Run(t *testing.T, open func(t *testing.T) World) {
	t.Helper()
	run(t, open, map[string]func(t *testing.T, w World){
		"signing in":          signIn,
		"providers":           listProviders,
		"a password is set":   updateProvider,
		"identities":          identities,
		"filters":             filters,
		"metadata":            metadata,
		"links":               links,
		"provider identities": providerIdentities,
		"reset tokens":        resetTokens,
		"second factors":      factors,
		"factors are found":   findFactors,
		"challenges":          challenges,
		"wrong answers":       wrongAnswers,
		"recovery codes":      recoveryCodes,
		"verified addresses":  verifications,
		"codes of digits":     digits,
	})
}

// RunRaces runs what fifty callers do at the same time, in worlds whose flows are real.
func RunRaces(t *testing.T, open func(t *testing.T) World) {
	t.Helper()
	run(t, open, map[string]func(t *testing.T, w World){
		"registrations are once":  registrationOnce,
		"identities are once":     identityOnce,
		"addresses are once":      addressOnce,
		"the last method stays":   lastMethodStays,
		"links are once":          linkOnce,
		"reset tokens are once":   resetOnce,
		"factors are once":        factorOnce,
		"challenges are once":     challengeOnce,
		"recovery codes are once": recoveryOnce,
		"codes are once":          codeOnce,
	})
}

func run(t *testing.T, open func(t *testing.T) World, tests map[string]func(t *testing.T, w World)) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func input(email, password string) auth.AuthenticationInput {
	return auth.AuthenticationInput{ActorType: "customer", Body: map[string]any{"email": email, "password": password}}
}

// register signs Ada up.
func register(t *testing.T, w World) everlatch.AuthIdentity {
	t.Helper()
	made, err := w.Service.Register(t.Context(), "emailpass", input("ada@example.com", password))
	require.NoError(t, err)
	return made.AuthIdentity
}

// refused checks the code of an error, and that it is one that a caller may see.
func refused(t *testing.T, err error, code everlatch.Code) {
	t.Helper()
	_ = refusal(t, err, code)
}

// refusal is refused, and returns the error.
func refusal(t *testing.T, err error, code everlatch.Code) *everlatch.Error {
	t.Helper()
	e, ok := errors.AsType[*everlatch.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, e.Code, "%v", err)
	return e
}

func signIn(t *testing.T, w World) {
	made, err := w.Service.Register(t.Context(), "emailpass", input("ada@example.com", password))
	require.NoError(t, err)
	require.Equal(t, "emailpass", made.Provider)
	require.Equal(t, "customer", made.ActorType)
	require.Empty(t, made.ActorID)
	require.NotEmpty(t, made.AuthIdentity.ID)
	require.Equal(t, "ada@example.com", made.AuthIdentity.Providers[0].EntityID)
	require.Nil(t, made.AuthIdentity.Providers[0].ProviderMetadata, "no secret of the provider")

	in, err := w.Service.Authenticate(t.Context(), "emailpass", input("ada@example.com", password))
	require.NoError(t, err)
	require.Equal(t, made.AuthIdentity.ID, in.AuthIdentity.ID)
	require.False(t, in.Created)
	require.Nil(t, in.AuthIdentity.Providers[0].ProviderMetadata)

	valid, err := w.Service.ValidateAuthIdentity(t.Context(), made.AuthIdentity.ID, "emailpass")
	require.NoError(t, err)
	require.Equal(t, made.AuthIdentity.ID, valid.AuthIdentity.ID)

	_, err = w.Service.Authenticate(t.Context(), "emailpass", input("ada@example.com", "wrong horse battery"))
	require.Equal(t, "Invalid email or password", refusal(t, err, everlatch.CodeUnauthorized).Error())
	_, err = w.Service.Register(t.Context(), "emailpass", input("ada@example.com", "another horse battery"))
	refused(t, err, everlatch.CodeUnauthorized)
	_, err = w.Service.Authenticate(t.Context(), "unknown", input("ada@example.com", password))
	refused(t, err, everlatch.CodeUnauthorized)
	_, err = w.Service.Authenticate(t.Context(), "emailpass", auth.AuthenticationInput{})
	refused(t, err, everlatch.CodeInvalidData)
	_, err = w.Service.ValidateCallback(t.Context(), "emailpass", input("", ""))
	refused(t, err, everlatch.CodeUnauthorized)
	_, err = w.Service.ValidateAuthIdentity(t.Context(), made.AuthIdentity.ID, "github")
	refused(t, err, everlatch.CodeInvalidData)
	_, err = w.Service.ValidateAuthIdentity(t.Context(), "authid_none", "emailpass")
	e := refusal(t, err, everlatch.CodeNotFound)
	require.Equal(t, map[string]string{"model": "AuthIdentity", "id": "authid_none"}, e.Details, "the same error everywhere")
}

func listProviders(t *testing.T, w World) {
	all, err := w.Service.ListAuthProviders(t.Context())
	require.NoError(t, err)
	require.Equal(t, "emailpass", all[0].ID)
	require.Equal(t, "credentials", all[0].Flow)
	require.NotEmpty(t, all[0].DisplayName)
	some, err := w.Service.ListAuthProviders(t.Context(), "emailpass", "unknown")
	require.NoError(t, err)
	require.Equal(t, all[:1], some)
}

func updateProvider(t *testing.T, w World) {
	made := register(t, w)
	const next = "another horse battery"
	update := func(entity, password string) (everlatch.AuthIdentity, error) {
		return w.Service.UpdateProvider(t.Context(), "emailpass", auth.ProviderUpdate{
			EntityID: entity, Body: map[string]any{"password": password},
		})
	}
	changed, err := update("Ada@example.com", next)
	require.NoError(t, err)
	require.Equal(t, made.ID, changed.ID)
	require.Greater(t, changed.CredentialVersion, made.CredentialVersion, "what was issued has ended")
	_, err = w.Service.Authenticate(t.Context(), "emailpass", input("ada@example.com", next))
	require.NoError(t, err)
	_, err = w.Service.Authenticate(t.Context(), "emailpass", input("ada@example.com", password))
	refused(t, err, everlatch.CodeUnauthorized)
	_, err = update("ada@example.com", "")
	require.Error(t, err)
	_, err = update("unknown@example.com", next)
	refused(t, err, everlatch.CodeNotFound)
}

func newIdentity(id, email string, metadata everlatch.Metadata) auth.NewAuthIdentity {
	return auth.NewAuthIdentity{ID: id, AppMetadata: metadata, ProviderIdentities: []auth.NewProviderIdentity{{
		Provider: "emailpass", EntityID: email, UserMetadata: everlatch.Metadata{"name": id},
		ProviderMetadata: everlatch.Metadata{"password": "a hash"},
	}}}
}

func identities(t *testing.T, w World) {
	made, err := w.Service.CreateAuthIdentities(t.Context(),
		newIdentity("", "Ada@example.com", everlatch.Metadata{"plan": "gold"}), newIdentity("authid_b", "bob@example.com", nil))
	require.NoError(t, err)
	ada := made[0]
	require.Equal(t, []string{"Ada@example.com", "ada@example.com"}, []string{ada.Providers[0].EntityID, ada.Providers[0].EntityKey})
	require.Equal(t, everlatch.Metadata{"plan": "gold"}, ada.AppMetadata)
	require.Nil(t, ada.Providers[0].ProviderMetadata)
	again, err := w.Service.CreateAuthIdentities(t.Context(), newIdentity("authid_b", "bob@example.com", nil))
	require.NoError(t, err)
	require.Equal(t, made[1:], again, "the same id again")

	for name, wrong := range map[string]struct {
		in   auth.NewAuthIdentity
		code everlatch.Code
	}{
		"taken":            {newIdentity("", "ADA@example.com", nil), everlatch.CodeDuplicate},
		"no way in":        {auth.NewAuthIdentity{}, everlatch.CodeInvalidData},
		"a link":           {newIdentity("", "c@example.com", everlatch.Metadata{"user_id": "user_1"}), everlatch.CodeInvalidData},
		"unknown provider": {auth.NewAuthIdentity{ProviderIdentities: []auth.NewProviderIdentity{{Provider: "x", EntityID: "1"}}}, everlatch.CodeInvalidData},
	} {
		_, err := w.Service.CreateAuthIdentities(t.Context(), newIdentity("", "new@example.com", nil), wrong.in)
		require.Error(t, err, name)
		refused(t, err, wrong.code)
	}

	plain, err := w.Service.RetrieveAuthIdentity(t.Context(), ada.ID, auth.FindConfig{})
	require.NoError(t, err)
	require.Nil(t, plain.Providers, "a relation is loaded on demand")
	require.Equal(t, ada.CreatedAt, plain.CreatedAt)
	full, err := w.Service.RetrieveAuthIdentity(t.Context(), ada.ID, auth.FindConfig{
		Relations: []string{"provider_identities"}, Select: []string{"created_at"},
	})
	require.NoError(t, err)
	require.Equal(t, ada.Providers[0].ID, full.Providers[0].ID)
	require.Nil(t, full.AppMetadata, "not selected")
	require.Equal(t, ada.CreatedAt, full.CreatedAt)
	for _, config := range []auth.FindConfig{{Select: []string{"password"}}, {Relations: []string{"sessions"}}, {Take: -1}} {
		_, err = w.Service.RetrieveAuthIdentity(t.Context(), ada.ID, config)
		refused(t, err, everlatch.CodeInvalidData)
	}
	_, err = w.Service.RetrieveAuthIdentity(t.Context(), "", auth.FindConfig{})
	refused(t, err, everlatch.CodeNotFound)

	require.NoError(t, w.Service.DeleteAuthIdentities(t.Context(), ada.ID, "authid_none"))
	_, err = w.Service.RetrieveAuthIdentity(t.Context(), ada.ID, auth.FindConfig{})
	refused(t, err, everlatch.CodeNotFound)
}
