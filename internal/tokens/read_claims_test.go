package tokens_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

// TestTokensAreReadQuickly: what is issued needs no encoding/json, unless it has other than
// plain texts.
func TestTokensAreReadQuickly(t *testing.T) {
	t.Parallel()
	tok := newTokens(t, tokens.Config{Secret: []byte(secret), Issuer: "https://id.example.com", Audience: []string{"shop"}})
	for name, change := range map[string]func(p *everlatch.Principal){
		"as it is":         func(*everlatch.Principal) {},
		"without an actor": func(p *everlatch.Principal) { p.ActorID, p.Links, p.UserMetadata = "", nil, nil },
		"with a second factor": func(p *everlatch.Principal) {
			p.MFAEnabled, p.MFACompletedAt, p.AMR = true, instant, []string{"pwd", "otp", "mfa"}
		},
		"of an earlier sign-in": func(p *everlatch.Principal) { p.SignInID, p.AuthenticatedAt = "01a22e23", instant },
	} {
		p := ada()
		change(&p)
		raw, _, err := tok.Issue(p, instant, "jti")
		require.NoError(t, err, name)
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
		require.NoError(t, err, name)
		read, plain := tokens.ReadClaims(payload)
		require.True(t, plain, "%s: %s", name, payload)
		var want tokens.Claims
		require.NoError(t, json.Unmarshal(payload, &want), name)
		require.Equal(t, want, read, name)
	}
}

// FuzzReadClaims compares what is read quickly with what encoding/json reads.
func FuzzReadClaims(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{} `, `null`, `[]`, `{`, `{"`, `{,}`, `{"acr":"a",}`, `{"acr":"a"}}`, `{"acr" :"a"}`, `{"ACR":"a"}`, `{"other":1}`,
		`{"actor_id":"cus_1","actor_type":"customer","auth_identity_id":"authid_1","auth_provider":"emailpass","mfa_enabled":false,` +
			`"mfa_challenge_completed_at":null,"app_metadata":{"customer_id":"cus_1"},"user_metadata":{},"amr":["pwd"],"acr":"aal1",` +
			`"purpose":"access","credential_version":1,"auth_time":1767323045,"iat":1767323045,"exp":1767409445,"nbf":1,"jti":"j","iss":"i","aud":"a","sub":"s","sid":"s"}`,
		`{"mfa_enabled":true,"mfa_enabled":false}`, `{"mfa_challenge_completed_at":"x","mfa_challenge_completed_at":null}`, `{"mfa_enabled":null}`,
		`{"app_metadata":{"a":"1"},"app_metadata":{"b":"2"}}`, `{"app_metadata":{"a":1}}`, `{"app_metadata":null}`, `{"app_metadata":{"a":"1",}}`,
		`{"amr":[]}`, `{"amr":null}`, `{"amr":["a",]}`, `{"amr":["a","b"],"amr":["c"]}`, `{"aud":["a","b"]}`, `{"aud":null}`,
		`{"exp":0}`, `{"exp":-1}`, `{"exp":01}`, `{"exp":1.5}`, `{"exp":1e3}`, `{"exp":"1"}`, `{"exp":}`, `{"exp":9223372036854775807}`, `{"exp":9223372036854775808}`, `{"exp":92233720368547758070}`,
		`{"sub":"a\u0062"}`, `{"sub":"é"}`, `{"sub":"` + "\xff" + `"}`, `{"sub":"` + "\x01" + `"}`, `{"sub":"` + "\x7f" + `"}`, `{"sub":null}`, `{"sub":"a`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		read, plain := tokens.ReadClaims(payload)
		if !plain {
			return
		}
		var want tokens.Claims
		require.NoError(t, json.Unmarshal(payload, &want))
		require.Equal(t, want, read)
	})
}
