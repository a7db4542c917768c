package oidc_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

// FuzzIDToken looks for a token that causes a panic, that is refused with a
// message other than the contract's, or that is accepted without a signature.
func FuzzIDToken(f *testing.F) {
	w := setup(f, oidctest.Options{}, nil)
	payload, err := json.Marshal(w.claimsOf(nil))
	require.NoError(f, err)
	token := w.idp.Sign(payload)
	parts := strings.Split(token, ".")
	for _, seed := range []string{
		"", ".", "..", "...", "{}", token, token + ".", token[:len(token)-2], "." + parts[1] + "." + parts[2], parts[0] + ".." + parts[2],
		"eyJhbGciOiJub25lIn0." + parts[1] + ".", "eyJhbGciOiIifQ." + parts[1] + "." + parts[2], "e30." + parts[1] + "." + parts[2],
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, fuzzed string) {
		profile, err := w.Profile(t.Context(), providers.Tokens{IDToken: fuzzed}, providers.Callback{Nonce: "n"})
		if err == nil {
			require.True(t, strings.HasPrefix(fuzzed, parts[0]+"."+parts[1]+"."), "a forged token")
			require.Equal(t, "ada", profile.EntityID)
			return
		}
		requireRefusal(t, err, "Authentication failed")
	})
}

// FuzzClaims is about what a provider says that signs rightly.
func FuzzClaims(f *testing.F) {
	w := setup(f, oidctest.Options{Algorithm: "EdDSA"}, func(o *oidc.Options) {
		o.ClaimMappings = map[string]string{"entity_id": "oid", "groups": "groups"}
		o.AllowedEmailDomains = []string{"example.com"}
		o.RequireVerifiedEmail = new(false)
	})
	for _, change := range []map[string]any{
		{"oid": "1"},
		{"oid": 1},
		{"oid": nil},
		{"oid": map[string]any{}},
		{"oid": "1", "groups": []any{1, "x", nil}},
		{"oid": "1", "exp": "x"},
		{"oid": "1", "aud": []any{}},
		{"oid": "1", "email": "@"},
		{"oid": "1", "email": 1},
	} {
		payload, err := json.Marshal(w.claimsOf(change))
		require.NoError(f, err)
		f.Add(payload)
	}
	f.Add([]byte("null"))
	f.Add([]byte(`{"iss":"a","iss":"b"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		profile, err := w.raw(t, payload)
		if err != nil {
			_, ok := errors.AsType[*everlatch.Error](err)
			require.True(t, ok)
			requireRefusal(t, err, "Authentication failed")
			return
		}
		require.NotEmpty(t, profile.EntityID)
		require.LessOrEqual(t, len(profile.EntityID), 512)
		require.True(t, strings.HasSuffix(strings.ToLower(profile.Email), "@example.com"))
	})
}
