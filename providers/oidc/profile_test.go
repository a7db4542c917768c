package oidc_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

func TestSignIn(t *testing.T) {
	t.Parallel()

	for _, algorithm := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		for _, public := range []bool{false, true} {
			w := setup(t, oidctest.Options{Algorithm: algorithm, Public: public}, nil)
			profile, err := w.signIn(t)
			require.NoError(t, err, algorithm)
			require.Equal(t, providers.Profile{
				EntityID: "ada", Email: "ada@example.com", EmailVerified: true,
				UserMetadata: everlatch.Metadata{"email": "ada@example.com", "name": "Ada Lovelace"},
			}, profile)
			require.Equal(t, 1, w.idp.Exchanged())
		}
	}
}

// Profile may be called again with the same tokens.
func TestProfileAgain(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	c := w.callback(t)
	tokens, err := w.Exchange(t.Context(), c)
	require.NoError(t, err)
	first, err := w.Profile(t.Context(), tokens, c)
	require.NoError(t, err)
	c.Code, c.CodeVerifier = "", "" // used up
	second, err := w.Profile(t.Context(), tokens, c)
	require.NoError(t, err)
	require.Equal(t, first, second)

	c.Nonce = ""
	_, err = w.Profile(t.Context(), tokens, c)
	requireFailed(t, err, "its nonce differs")
	_, err = w.Profile(t.Context(), providers.Tokens{}, c)
	requireFailed(t, err, "there is no ID token")
	_, err = w.Profile(t.Context(), providers.Tokens{IDToken: strings.Repeat("x", 2<<20)}, c)
	requireFailed(t, err, "or a very long one")
}

func TestTokenMisbehaves(t *testing.T) {
	t.Parallel()

	const (
		notAllowed = "malformed, or signed by an algorithm that is not allowed"
		unknown    = "signed by a key that the provider does not publish"
	)
	tests := map[oidctest.Misbehaviour]string{ //nolint:exhaustive // those of ID tokens
		oidctest.Malformed:       notAllowed,
		oidctest.AlgNone:         notAllowed,
		oidctest.HS256PublicKey:  notAllowed,
		oidctest.ForgedSignature: "the signature of the ID token is wrong",
		oidctest.Tampered:        "the signature of the ID token is wrong",
		oidctest.UnknownKey:      unknown,
		oidctest.EmbeddedKey:     unknown,
		oidctest.NoNonce:         "its nonce differs",
		oidctest.WrongNonce:      "its nonce differs",
		oidctest.WrongIssuer:     `got "https://evil.example"`,
		oidctest.WrongAudience:   "the ID token is refused: oidc: expected audience",
		oidctest.SharedAudience:  "the ID token was issued to another client",
		oidctest.WrongParty:      "the ID token was issued to another client",
		oidctest.Expired:         "the ID token has expired",
		oidctest.NoExpiry:        "has expired, or does not say when",
		oidctest.OfTheFuture:     "the ID token is of the future",
		oidctest.NotYetValid:     "the ID token is of the future",
		oidctest.UnverifiedEmail: "does not vouch for the e-mail address",
		oidctest.NoSubject:       "the ID token has no subject",
	}
	for wrong, cause := range tests {
		t.Run(string(wrong), func(t *testing.T) {
			t.Parallel()

			for _, algorithm := range []string{"RS256", "ES256"} {
				w := setup(t, oidctest.Options{Algorithm: algorithm}, nil)
				w.idp.Once(wrong)
				_, err := w.signIn(t)
				requireFailed(t, err, cause)
				_, err = w.signIn(t)
				require.NoError(t, err, algorithm)
			}
		})
	}
}

// A token without a key ID is accepted if one of the keys signed it.
func TestTokenWithoutKeyID(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	w.idp.Always(oidctest.NoKeyID)
	_, err := w.signIn(t)
	require.NoError(t, err)
	w.idp.Rotate()
	w.clock.Advance(time.Minute)
	_, err = w.signIn(t)
	require.NoError(t, err)
}

func TestOtherAlgorithms(t *testing.T) {
	t.Parallel()

	for _, algorithm := range []string{"RS512", "PS384", "ES384", "ES512"} {
		w := setup(t, oidctest.Options{Algorithm: algorithm}, nil)
		_, err := w.signIn(t)
		requireFailed(t, err, "an algorithm that is not allowed")

		w = setup(t, oidctest.Options{Algorithm: algorithm}, func(o *oidc.Options) { o.Algorithms = []string{algorithm} })
		_, err = w.signIn(t)
		require.NoError(t, err, algorithm)
	}
	w := setup(t, oidctest.Options{Algorithm: "EdDSA"}, func(o *oidc.Options) { o.Algorithms = []string{"RS256"} })
	_, err := w.signIn(t)
	requireFailed(t, err, "an algorithm that is not allowed")
}

// claimsOf returns the claims of a valid token with the given changes.
func (w world) claimsOf(change map[string]any) map[string]any {
	now := w.clock.Now().Unix()
	claims := map[string]any{
		"iss": w.idp.URL(), "aud": w.idp.ClientID(), "iat": now, "exp": now + 60, "nonce": "n",
		"sub": "ada", "email": "ada@example.com", "email_verified": true, "name": "Ada",
	}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func (w world) profile(tb testing.TB, change map[string]any) (providers.Profile, error) {
	tb.Helper()
	payload, err := json.Marshal(w.claimsOf(change))
	require.NoError(tb, err)
	return w.raw(tb, payload)
}

func (w world) raw(tb testing.TB, payload []byte) (providers.Profile, error) {
	tb.Helper()
	return w.Profile(tb.Context(), providers.Tokens{IDToken: w.idp.Sign(payload)}, providers.Callback{Nonce: "n"})
}

func TestStandardClaims(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, nil)
	now := w.clock.Now().Unix()
	tests := map[string]struct {
		change map[string]any
		cause  string // "" for accepted
	}{
		"as it should be":                    {},
		"a list of one audience":             {change: map[string]any{"aud": []string{w.idp.ClientID()}}},
		"several, with an authorized party":  {change: map[string]any{"aud": []string{"x", w.idp.ClientID()}, "azp": w.idp.ClientID()}},
		"several, another authorized party":  {map[string]any{"aud": []string{"x", w.idp.ClientID()}, "azp": "x"}, "issued to another client"},
		"an authorized party of null":        {map[string]any{"azp": json.RawMessage("null")}, "issued to another client"},
		"no audience":                        {map[string]any{"aud": nil}, "expected audience"},
		"an audience of another type":        {map[string]any{"aud": 1}, "the ID token is refused"},
		"audiences of another type":          {map[string]any{"aud": []any{w.idp.ClientID(), 1}}, "the ID token is refused"},
		"no issuer":                          {map[string]any{"iss": nil}, "issued by a different provider"},
		"nearly the issuer":                  {map[string]any{"iss": w.idp.URL() + "/"}, "issued by a different provider"},
		"expired, within the tolerance":      {change: map[string]any{"exp": now - 4}},
		"expired, at the tolerance":          {map[string]any{"exp": now - 5}, "has expired"},
		"of the future, at the tolerance":    {change: map[string]any{"iat": now + 5, "nbf": now + 5}},
		"issued beyond the tolerance":        {map[string]any{"iat": now + 6}, "of the future"},
		"valid beyond the tolerance":         {map[string]any{"nbf": now + 6}, "of the future"},
		"valid since long":                   {change: map[string]any{"nbf": 0}},
		"fractions":                          {change: map[string]any{"iat": float64(now) - 0.5, "exp": float64(now) + 0.5}},
		"an end beyond all time":             {map[string]any{"exp": 1e300}, "has expired"},
		"an end before all time":             {map[string]any{"exp": -1e300}, "has expired"},
		"an end as text":                     {map[string]any{"exp": "2099-01-01"}, "the ID token is refused"},
		"an end of null":                     {map[string]any{"exp": json.RawMessage("null")}, "the ID token is refused"},
		"not valid before null":              {map[string]any{"nbf": json.RawMessage("null")}, "nbf of the ID token is not a time"},
		"no start":                           {map[string]any{"iat": nil}, "does not say when it was issued"},
		"a nonce of another type":            {map[string]any{"nonce": []string{"n"}}, "the ID token is refused"},
		"a nonce under nearly the same name": {map[string]any{"nonce": nil, "Nonce": "n"}, "its nonce differs"},
		"a subject of another type":          {map[string]any{"sub": []string{"ada"}}, "the ID token is refused"},
		"a subject that is a number":         {map[string]any{"sub": 1}, "the claim sub of the ID token is a number; OpenID Connect requires a string"},
		"a subject under another name":       {map[string]any{"sub": nil, "SUB": "ada"}, "has no subject"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := w.profile(t, tt.change)
			if tt.cause == "" {
				require.NoError(t, err)
				return
			}
			requireFailed(t, err, tt.cause)
		})
	}
	for _, payload := range []string{"", "null", "[]", `"text"`, "{", "1", `{"iss":`, "\xff"} {
		_, err := w.raw(t, []byte(payload))
		requireRefusal(t, err, "Authentication failed")
	}
}

func TestClockTolerance(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, func(o *oidc.Options) { o.ClockTolerance = time.Minute })
	_, err := w.profile(t, map[string]any{"exp": w.clock.Now().Unix() - 59})
	require.NoError(t, err)
	_, err = w.profile(t, map[string]any{"exp": w.clock.Now().Unix() - 60})
	requireFailed(t, err, "has expired")

	// The largest tolerance holds in both directions.
	w = setup(t, oidctest.Options{}, func(o *oidc.Options) { o.ClockTolerance = 2 * time.Minute })
	now := w.clock.Now().Unix()
	_, err = w.profile(t, map[string]any{"exp": now - 119})
	require.NoError(t, err)
	_, err = w.profile(t, map[string]any{"nbf": now + 120, "iat": now + 120})
	require.NoError(t, err)
	_, err = w.profile(t, map[string]any{"nbf": now + 121})
	requireFailed(t, err, "of the future")
}

func TestClaimMappings(t *testing.T) {
	t.Parallel()

	type options struct {
		mappings   map[string]string
		domains    []string
		unverified bool // RequireVerifiedEmail is false
	}
	tests := map[string]struct {
		options options
		change  map[string]any
		want    providers.Profile
		cause   string
	}{
		"the defaults": {
			change: map[string]any{"locale": "en", "given_name": "Ada"},
			want: providers.Profile{
				EntityID: "ada", Email: "ada@example.com", EmailVerified: true,
				UserMetadata: everlatch.Metadata{"email": "ada@example.com", "name": "Ada"},
			},
		},
		"more of them, of any type": {
			options: options{mappings: map[string]string{"first_name": "given_name", "groups": "groups", "age": "age", "absent": "x", "void": "void", "id": "sub"}},
			change:  map[string]any{"given_name": "Ada", "groups": []string{"a", "b"}, "age": 36, "void": json.RawMessage("null"), "name": nil},
			want: providers.Profile{
				EntityID: "ada", Email: "ada@example.com", EmailVerified: true,
				UserMetadata: everlatch.Metadata{
					"email": "ada@example.com", "first_name": "Ada", "groups": []any{"a", "b"}, "age": 36.0, "id": "ada",
				},
			},
		},
		"another identifier": {
			options: options{mappings: map[string]string{"entity_id": "oid"}},
			change:  map[string]any{"oid": "0000-1111"},
			want: providers.Profile{
				EntityID: "0000-1111", Email: "ada@example.com", EmailVerified: true,
				UserMetadata: everlatch.Metadata{"email": "ada@example.com", "name": "Ada"},
			},
		},
		"a number": {
			options: options{mappings: map[string]string{"entity_id": "oid"}},
			change:  map[string]any{"oid": json.RawMessage("12345678901234567890123")},
			want: providers.Profile{
				EntityID: "12345678901234567890123", Email: "ada@example.com", EmailVerified: true,
				UserMetadata: everlatch.Metadata{"email": "ada@example.com", "name": "Ada"},
			},
		},
		"no identifier, with an address at hand": {
			options: options{mappings: map[string]string{"entity_id": "oid"}}, cause: "the claim that identifies people is missing",
		},
		"an empty identifier": {
			options: options{mappings: map[string]string{"entity_id": "oid"}}, change: map[string]any{"oid": ""}, cause: "identifies people",
		},
		"an identifier of null": {
			options: options{mappings: map[string]string{"entity_id": "oid"}},
			change:  map[string]any{"oid": json.RawMessage("null")}, cause: "identifies people",
		},
		"an object": {
			options: options{mappings: map[string]string{"entity_id": "oid"}},
			change:  map[string]any{"oid": map[string]any{"id": 1}}, cause: "identifies people",
		},
		"a truth": {
			options: options{mappings: map[string]string{"entity_id": "oid"}}, change: map[string]any{"oid": true}, cause: "identifies people",
		},
		"a fraction": {
			options: options{mappings: map[string]string{"entity_id": "oid"}}, change: map[string]any{"oid": 1.5}, cause: "identifies people",
		},
		"a very long identifier": {change: map[string]any{"sub": strings.Repeat("s", 513)}, cause: "too long"},
		"control characters":     {change: map[string]any{"sub": "a\x00b"}, cause: "control characters"},

		"not verified":             {change: map[string]any{"email_verified": false}, cause: "does not vouch"},
		"verified unknown":         {change: map[string]any{"email_verified": nil}, cause: "does not vouch"},
		"verified as another text": {change: map[string]any{"email_verified": "True"}, cause: "does not vouch"},
		"not verified as text":     {change: map[string]any{"email_verified": "false"}, cause: "does not vouch"},
		"verified as text": {
			change: map[string]any{"email_verified": "true"},
			want: providers.Profile{
				EntityID: "ada", Email: "ada@example.com", EmailVerified: true,
				UserMetadata: everlatch.Metadata{"email": "ada@example.com", "name": "Ada"},
			},
		},
		"verified as a number":       {change: map[string]any{"email_verified": 1}, cause: "does not vouch"},
		"no address, nor verified":   {change: map[string]any{"email": nil, "email_verified": nil}, cause: "does not vouch"},
		"verified but empty address": {change: map[string]any{"email": ""}, cause: "does not vouch"},
		"an address that is a list":  {change: map[string]any{"email": []string{"ada@example.com"}}, cause: "does not vouch"},
		"verified, and no address": {
			change: map[string]any{"email": nil},
			want:   providers.Profile{EntityID: "ada", UserMetadata: everlatch.Metadata{"name": "Ada"}},
		},
		"verified, and an address of null": {
			change: map[string]any{"email": json.RawMessage("null")},
			want:   providers.Profile{EntityID: "ada", UserMetadata: everlatch.Metadata{"name": "Ada"}},
		},
		"verified, and not the address that is mapped": {
			options: options{mappings: map[string]string{"email": "upn"}},
			want:    providers.Profile{EntityID: "ada", UserMetadata: everlatch.Metadata{"name": "Ada"}},
		},
		"verified, and a mapped address that is a list": {
			options: options{mappings: map[string]string{"email": "upn"}},
			change:  map[string]any{"upn": []string{"ada@example.com"}}, cause: "does not vouch",
		},
		"an address of another claim": {
			options: options{mappings: map[string]string{"email": "upn"}},
			change:  map[string]any{"upn": "root@example.com"}, cause: "does not vouch",
		},
		"the same address of another claim": {
			options: options{mappings: map[string]string{"email": "upn"}},
			change:  map[string]any{"upn": "ada@example.com"},
			want: providers.Profile{
				EntityID: "ada", Email: "ada@example.com", EmailVerified: true,
				UserMetadata: everlatch.Metadata{"email": "ada@example.com", "name": "Ada"},
			},
		},
		"not verified, and not required": {
			options: options{unverified: true}, change: map[string]any{"email_verified": false},
			want: providers.Profile{
				EntityID: "ada", Email: "ada@example.com", UserMetadata: everlatch.Metadata{"email": "ada@example.com", "name": "Ada"},
			},
		},
		"an unverified claim beside a verified one": {
			options: options{unverified: true, mappings: map[string]string{"email": "upn"}},
			change:  map[string]any{"upn": "root@example.com"},
			want: providers.Profile{
				EntityID: "ada", Email: "root@example.com", UserMetadata: everlatch.Metadata{"email": "root@example.com", "name": "Ada"},
			},
		},
		"no address, and none required": {
			options: options{unverified: true}, change: map[string]any{"email": nil},
			want: providers.Profile{EntityID: "ada", UserMetadata: everlatch.Metadata{"name": "Ada"}},
		},

		"an allowed domain": {
			options: options{domains: []string{"other.example", "EXAMPLE.com"}}, change: map[string]any{"email": "Ada@Example.COM"},
			want: providers.Profile{
				EntityID: "ada", Email: "Ada@Example.COM", EmailVerified: true,
				UserMetadata: everlatch.Metadata{"email": "Ada@Example.COM", "name": "Ada"},
			},
		},
		"another domain":       {options: options{domains: []string{"example.org"}}, cause: "not of an allowed domain"},
		"a domain below it":    {options: options{domains: []string{"example.com"}}, change: map[string]any{"email": "ada@x.example.com"}, cause: "allowed domain"},
		"a domain ending so":   {options: options{domains: []string{"example.com"}}, change: map[string]any{"email": "ada@badexample.com"}, cause: "allowed domain"},
		"the domain as a name": {options: options{domains: []string{"example.com"}}, change: map[string]any{"email": "example.com@evil.example"}, cause: "allowed domain"},
		"an empty local part":  {options: options{domains: []string{"example.com"}}, change: map[string]any{"email": "@example.com"}, cause: "allowed domain"},
		"only the domain":      {options: options{domains: []string{"example.com"}}, change: map[string]any{"email": "example.com"}, cause: "allowed domain"},
		"no address at a domain": {
			options: options{domains: []string{"example.com"}, unverified: true}, change: map[string]any{"email": nil}, cause: "allowed domain",
		},
		"the domain of the mapped claim": {
			options: options{domains: []string{"example.com"}, unverified: true, mappings: map[string]string{"email": "upn"}},
			change:  map[string]any{"upn": "ada@evil.example"}, cause: "allowed domain",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := setup(t, oidctest.Options{}, func(o *oidc.Options) {
				o.ClaimMappings, o.AllowedEmailDomains = tt.options.mappings, tt.options.domains
				if tt.options.unverified {
					o.RequireVerifiedEmail = new(false)
				}
			})
			profile, err := w.profile(t, tt.change)
			if tt.cause != "" {
				requireFailed(t, err, tt.cause)
				require.Zero(t, profile)
				requireNothingLeaks(t, err, providers.Callback{}, providers.Tokens{})
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, profile)
		})
	}
}

// How the user signed in there is what the ID token says, in values that mean the same to
// everyone.
func TestAuthenticationMethods(t *testing.T) {
	t.Parallel()
	w := setup(t, oidctest.Options{}, nil)
	for name, tt := range map[string]struct {
		claims map[string]any
		want   []string
		at     time.Time
	}{
		"nothing":               {},
		"registered ones":       {map[string]any{"amr": []string{"pwd", "otp", "mfa"}, "auth_time": 1790000000}, []string{"pwd", "otp", "mfa"}, time.Unix(1790000000, 0).UTC()},
		"others are left out":   {map[string]any{"amr": []any{"pwd", "external", "MFA", "pwd", "urn:x"}}, []string{"pwd"}, time.Time{}},
		"none that is one":      {map[string]any{"amr": []string{"external"}}, nil, time.Time{}},
		"a text is no list":     {map[string]any{"amr": "mfa"}, nil, time.Time{}},
		"nor is a mixed one":    {map[string]any{"amr": []any{"mfa", 7}}, nil, time.Time{}},
		"a time that is none":   {map[string]any{"auth_time": "yesterday"}, nil, time.Time{}},
		"a time before time":    {map[string]any{"auth_time": -1}, nil, time.Time{}},
		"a time without end":    {map[string]any{"auth_time": 1e300}, nil, time.Time{}},
		"a time of the seconds": {map[string]any{"auth_time": 1790000000.75}, nil, time.Unix(1790000000, 0).UTC()},
	} {
		profile, err := w.profile(t, tt.claims)
		require.NoError(t, err, name)
		require.Equal(t, tt.want, profile.AMR, name)
		require.True(t, tt.at.Equal(profile.AuthenticatedAt), "%s: %s", name, profile.AuthenticatedAt)
	}
}
