package authtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

// enabled gives an identity an enabled authenticator app, and returns it with its secret.
func enabled(t *testing.T, w World, identityID string) (everlatch.Factor, string) {
	t.Helper()
	started, err := w.Service.StartAuthMfa(t.Context(), auth.NewFactor{
		AuthIdentityID: identityID, Provider: "totp", Label: "Phone", Metadata: everlatch.Metadata{"device": 1},
	})
	require.NoError(t, err)
	secret, _ := started.Public["secret"].(string)
	require.NotEmpty(t, secret)
	factor, err := w.Service.VerifyAuthMfa(t.Context(), auth.FactorCode{ID: started.Factor.ID, Code: w.TOTP(secret, 0)})
	require.NoError(t, err)
	require.Equal(t, everlatch.FactorEnabled, factor.Status)
	return factor, secret
}

func factors(t *testing.T, w World) {
	made := register(t, w)
	started, err := w.Service.StartAuthMfa(t.Context(), auth.NewFactor{
		AuthIdentityID: made.ID, Provider: "totp", Label: "Phone", Metadata: everlatch.Metadata{"device": 1},
	})
	require.NoError(t, err)
	require.Equal(t, everlatch.FactorPending, started.Factor.Status)
	require.Equal(t, everlatch.Metadata{"label": "Phone", "device": 1.0}, started.Factor.Metadata)
	secret, _ := started.Public["secret"].(string)
	require.NotEmpty(t, secret)
	in, err := w.Service.Authenticate(t.Context(), "emailpass", input("ada@example.com", password))
	require.NoError(t, err)
	require.False(t, in.MFARequired, "it is pending")

	verify := func(identity, code string) (everlatch.Factor, error) {
		return w.Service.VerifyAuthMfa(t.Context(), auth.FactorCode{ID: started.Factor.ID, AuthIdentityID: identity, Code: code})
	}
	_, err = verify(made.ID, "000000")
	refused(t, err, everlatch.CodeNotAllowed)
	_, err = verify("authid_other", w.TOTP(secret, 0))
	refused(t, err, everlatch.CodeNotFound)
	now, err := verify(made.ID, w.TOTP(secret, 0))
	require.NoError(t, err)
	require.Equal(t, everlatch.FactorEnabled, now.Status)
	in, err = w.Service.Authenticate(t.Context(), "emailpass", input("ada@example.com", password))
	require.NoError(t, err)
	require.True(t, in.MFARequired)
	valid, err := w.Service.ValidateAuthIdentity(t.Context(), made.ID, "emailpass")
	require.NoError(t, err)
	require.True(t, valid.MFARequired)

	codes, err := w.Service.GenerateAuthMfaRecoveryCodes(t.Context(), made.ID, 0)
	require.NoError(t, err)
	require.Len(t, codes, 10)
	for _, count := range []int{-1, 51} {
		_, err = w.Service.GenerateAuthMfaRecoveryCodes(t.Context(), made.ID, count)
		refused(t, err, everlatch.CodeInvalidData)
	}
	_, err = w.Service.StartAuthMfa(t.Context(), auth.NewFactor{AuthIdentityID: made.ID, Provider: "unknown"})
	refused(t, err, everlatch.CodeInvalidData)
	_, err = w.Service.StartAuthMfa(t.Context(), auth.NewFactor{AuthIdentityID: "authid_none", Provider: "totp"})
	refused(t, err, everlatch.CodeNotFound)
	_, err = w.Service.DisableAuthMfa(t.Context(), auth.FactorRemoval{ID: started.Factor.ID, AuthIdentityID: "authid_other"})
	refused(t, err, everlatch.CodeNotFound)
	_, err = w.Service.DisableAuthMfa(t.Context(), auth.FactorRemoval{ID: started.Factor.ID, Code: "1"})
	refused(t, err, everlatch.CodeInvalidData)
	_, err = w.Service.DisableAuthMfa(t.Context(), auth.FactorRemoval{ID: started.Factor.ID, Method: "totp", Code: "000000"})
	refused(t, err, everlatch.CodeNotAllowed)
	gone, err := w.Service.DisableAuthMfa(t.Context(), auth.FactorRemoval{ID: started.Factor.ID, Method: "totp", Code: w.TOTP(secret, 1)})
	require.NoError(t, err)
	require.Equal(t, everlatch.FactorDisabled, gone.Status)
	_, err = verify(made.ID, w.TOTP(secret, 1))
	refused(t, err, everlatch.CodeNotAllowed)
}

func findFactors(t *testing.T, w World) {
	made := register(t, w)
	factor, _ := enabled(t, w, made.ID)
	other, err := w.Service.CreateAuthIdentities(t.Context(), newIdentity("", "bob@example.com", nil))
	require.NoError(t, err)
	pending, err := w.Service.StartAuthMfa(t.Context(), auth.NewFactor{AuthIdentityID: other[0].ID, Provider: "totp"})
	require.NoError(t, err)

	for _, ref := range []auth.FactorRef{{ID: factor.ID}, {ID: factor.ID, AuthIdentityID: made.ID}} {
		found, err := w.Service.RetrieveAuthMfa(t.Context(), ref, auth.FindConfig{})
		require.NoError(t, err)
		require.Equal(t, factor, found)
	}
	for _, ref := range []auth.FactorRef{{}, {ID: "none"}, {ID: factor.ID, AuthIdentityID: other[0].ID}} {
		_, err := w.Service.RetrieveAuthMfa(t.Context(), ref, auth.FindConfig{})
		refused(t, err, everlatch.CodeNotFound)
	}
	some, err := w.Service.RetrieveAuthMfa(t.Context(), auth.FactorRef{ID: factor.ID}, auth.FindConfig{Select: []string{"status"}})
	require.NoError(t, err)
	require.Equal(t, everlatch.Factor{ID: factor.ID, Status: everlatch.FactorEnabled}, some)

	status := func(s everlatch.FactorStatus) auth.FactorFilter { return auth.FactorFilter{Status: auth.Eq(s)} }
	for name, tt := range map[string]struct {
		filter auth.FactorFilter
		want   []string
	}{
		"all":             {auth.FactorFilter{}, []string{factor.ID, pending.Factor.ID}},
		"of an identity":  {auth.FactorFilter{AuthIdentityID: auth.Eq(made.ID)}, []string{factor.ID}},
		"by status":       {status(everlatch.FactorPending), []string{pending.Factor.ID}},
		"another status":  {auth.FactorFilter{Status: auth.In(everlatch.FactorDisabled)}, []string{}},
		"not that status": {auth.FactorFilter{Not: new(status(everlatch.FactorPending))}, []string{factor.ID}},
		"one or other":    {auth.FactorFilter{Or: []auth.FactorFilter{status(everlatch.FactorPending), {ID: auth.Eq(factor.ID)}}}, []string{factor.ID, pending.Factor.ID}},
		"by method":       {auth.FactorFilter{Provider: auth.Ne("totp")}, []string{}},
	} {
		found, err := w.Service.ListAuthMfa(t.Context(), tt.filter, auth.FindConfig{})
		require.NoError(t, err, name)
		got := []string{}
		for _, f := range found {
			got = append(got, f.ID)
		}
		require.ElementsMatch(t, tt.want, got, name)
	}
	page, err := w.Service.ListAuthMfa(t.Context(), auth.FactorFilter{}, auth.FindConfig{Take: 1, Skip: 1, Order: "-enabled_at"})
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.Equal(t, factor.ID, page[0].ID, "one that never was enabled is last, and first in descending order")
	_, err = w.Service.ListAuthMfa(t.Context(), auth.FactorFilter{}, auth.FindConfig{Order: "secret"})
	refused(t, err, everlatch.CodeInvalidData)
}
