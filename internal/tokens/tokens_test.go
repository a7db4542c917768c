package tokens_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

// segment decodes one part of a token as text.
func segment(t *testing.T, raw string, i int) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[i])
	require.NoError(t, err)
	return string(text)
}

func TestIssueWritesTheContractsToken(t *testing.T) {
	t.Parallel()

	tok := newTokens(t, tokens.Config{Secret: []byte(secret), OwnActorOnly: true})
	raw, claims, err := tok.Issue(ada(), instant, "jti_1")
	require.NoError(t, err)

	require.JSONEq(t, `{"alg":"HS256","typ":"JWT"}`, segment(t, raw, 0))
	require.JSONEq(t, `{"actor_id":"cus_01ADA","actor_type":"customer","auth_identity_id":"authid_01ADA",`+
		`"auth_provider":"emailpass","mfa_enabled":false,"mfa_challenge_completed_at":null,`+
		`"app_metadata":{"customer_id":"cus_01ADA"},"user_metadata":{},"purpose":"access","credential_version":3,`+
		`"iat":1795449600,"exp":1795536000,"jti":"jti_1"}`, segment(t, raw, 1))
	require.Equal(t, int64(86400), claims.ExpiresAt-claims.IssuedAt, "the contract's lifetime is one day")
}

func TestIssueWithoutActor(t *testing.T) {
	t.Parallel()

	tok := newTokens(t, tokens.Config{Secret: []byte(secret)})
	raw, _, err := tok.Issue(everlatch.Principal{AuthIdentityID: "authid_1", ActorType: "vendor"}, instant, "")
	require.NoError(t, err)

	payload := segment(t, raw, 1)
	require.Contains(t, payload, `"actor_id":"",`)
	require.Contains(t, payload, `"app_metadata":{},"user_metadata":{}`)
	require.NotContains(t, payload, "auth_provider", "an unknown provider is left out")
	require.NotContains(t, payload, "jti")
}

// docs/weak-spots.md#w38.
func TestAppMetadataNamesTheOwnActorOnly(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		ownOnly bool
		want    everlatch.Metadata
	}{
		"own actor only":       {ownOnly: true, want: everlatch.Metadata{"customer_id": "cus_01ADA"}},
		"every actor, as then": {ownOnly: false, want: everlatch.Metadata{"customer_id": "cus_01ADA", "user_id": "user_01ADA"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			tok := newTokens(t, tokens.Config{Secret: []byte(secret), OwnActorOnly: tt.ownOnly})
			claims, err := tok.Verify(issue(t, tok), tokens.PurposeAccess)
			require.NoError(t, err)
			require.Equal(t, tt.want, claims.AppMetadata)
		})
	}
}

func TestIssueIsDeterministic(t *testing.T) {
	t.Parallel()

	for _, algorithm := range []string{"HS256", "RS256", "EdDSA"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()

			cfg := tokens.Config{Secret: []byte(secret)}
			if algorithm != "HS256" {
				cfg = tokens.Config{Algorithm: algorithm, PrivateKeyPEM: privatePEM(t, algorithm)}
			}
			tok := newTokens(t, cfg)
			p := ada()
			p.UserMetadata = everlatch.Metadata{"b": 1, "a": []string{"x"}, "c": map[string]any{"z": 1, "y": 2}}
			first, _, err := tok.Issue(p, instant, "jti_1")
			require.NoError(t, err)
			second, _, err := tok.Issue(p, instant, "jti_1")
			require.NoError(t, err)
			require.Equal(t, first, second)
		})
	}
}

func TestIssueRefusesWhatCannotBeRead(t *testing.T) {
	t.Parallel()

	tok := newTokens(t, tokens.Config{Secret: []byte(secret)})
	p := ada()
	p.UserMetadata = everlatch.Metadata{"bio": strings.Repeat("x", tokens.MaxBytes)}
	_, _, err := tok.Issue(p, instant, "")
	require.ErrorContains(t, err, "longer than the limit")

	p.UserMetadata = everlatch.Metadata{"f": func() {}}
	_, _, err = tok.Issue(p, instant, "")
	require.ErrorContains(t, err, "not JSON")
}

func TestEveryAlgorithmVerifiesItsOwn(t *testing.T) {
	t.Parallel()

	for _, algorithm := range []string{
		"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
	} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()

			cfg := tokens.Config{Algorithm: algorithm, Secret: []byte(secret)}
			if !strings.HasPrefix(algorithm, "HS") {
				cfg = tokens.Config{Algorithm: algorithm, PrivateKeyPEM: privatePEM(t, algorithm)}
			}
			tok := newTokens(t, cfg)
			raw, issued, err := tok.Issue(ada(), instant, "jti_1")
			require.NoError(t, err)
			got, err := tok.Verify(raw, tokens.PurposeAccess)
			require.NoError(t, err)
			require.Equal(t, issued, got)
		})
	}
}

func TestPrincipalSurvivesTheToken(t *testing.T) {
	t.Parallel()

	tok := newTokens(t, tokens.Config{Secret: []byte(secret)})
	rapid.Check(t, func(t *rapid.T) {
		want := everlatch.Principal{
			AuthIdentityID:    rapid.StringMatching(`authid_[0-9A-Z]{26}`).Draw(t, "identity"),
			AuthProvider:      rapid.String().Draw(t, "provider"),
			ActorType:         rapid.StringMatching(`[a-z-]{1,12}`).Draw(t, "actor type"),
			CredentialVersion: rapid.Int64().Draw(t, "version"),
			UserMetadata:      everlatch.Metadata{"name": rapid.String().Draw(t, "name")},
			MFAEnabled:        rapid.Bool().Draw(t, "mfa"),
		}
		if rapid.Bool().Draw(t, "linked") {
			want.ActorID = rapid.StringMatching(`[a-z]{3}_[0-9A-Z]{26}`).Draw(t, "actor")
			want.Links = map[string]string{want.ActorType: want.ActorID}
		}
		if want.MFAEnabled {
			want.MFACompletedAt = time.UnixMilli(rapid.Int64Range(1, 1<<41).Draw(t, "mfa at")).UTC()
		}
		if rapid.Bool().Draw(t, "authenticated") {
			want.AuthenticatedAt = time.Unix(rapid.Int64Range(instant.Add(-30*24*time.Hour).Unix()+1, 1<<33).Draw(t, "authenticated at"), 0).UTC()
		}
		want.SignInID = rapid.StringMatching(`[0-9A-Z]{26}`).Draw(t, "sign-in")
		raw, _, err := tok.Issue(want, instant, "")
		if err != nil {
			t.Fatal(err)
		}
		claims, err := tok.Verify(raw, tokens.PurposeAccess)
		if err != nil {
			t.Fatal(err)
		}
		require.Equal(t, want, claims.Principal())
	})
}

func TestPrincipalIgnoresWhatIsNoLink(t *testing.T) {
	t.Parallel()

	bad := "yesterday"
	p := tokens.Claims{
		AppMetadata:    everlatch.Metadata{"customer_id": "cus_1", "user_id": nil, "roles": []any{"r"}, "_id": "x", "plan": "gold"},
		MFACompletedAt: &bad,
	}.Principal()
	require.Equal(t, map[string]string{"customer": "cus_1"}, p.Links)
	require.True(t, p.MFACompletedAt.IsZero())
}

func TestAudienceIsAStringOrAList(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]tokens.Audience{
		`"shop"`: {"shop"}, `["shop","admin"]`: {"shop", "admin"}, `null`: nil,
	} {
		var got tokens.Audience
		require.NoError(t, json.Unmarshal([]byte(text), &got))
		require.Equal(t, want, got)
		again, err := json.Marshal(got)
		require.NoError(t, err)
		require.Equal(t, text, string(again))
	}
	var got tokens.Audience
	require.Error(t, json.Unmarshal([]byte(`7`), &got))
}

func TestNothingPrintsAKey(t *testing.T) {
	t.Parallel()

	cfg := tokens.Config{Secret: []byte(secret)}
	tok := newTokens(t, cfg)
	hidden := struct{ tok *tokens.Tokens }{tok} // fmt calls no methods in here
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "cfg", cfg, "tok", tok)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		fmt.Fprintf(&log, verb+verb+verb, cfg, tok, hidden)
	}
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprint(string([]byte(secret))), "[]")} {
		require.NotContains(t, log.String(), form)
	}
	require.Contains(t, log.String(), "[tokens HS256]")
}
