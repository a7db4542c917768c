package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

func TestRefreshing(t *testing.T) {
	t.Parallel()

	w := setup(t)
	registration := w.registered("customer", "a@example.com")
	require.Equal(t, 200, w.do("POST", "/store/customers", object{"email": "a@example.com"}, bearer(registration)).StatusCode)
	w.clock.Advance(time.Minute)

	t.Run("an actor that was linked since appears", func(t *testing.T) {
		t.Parallel()

		r := w.do("POST", "/auth/token/refresh", object{"actor_type": "user"}, bearer(registration))
		require.Equal(t, 200, r.StatusCode)
		claims := w.claims(r.text(t, "token"))
		require.Equal(t, "customer", claims.ActorType)
		require.NotEmpty(t, claims.ActorID)
		require.Equal(t, w.clock.Now().Unix(), claims.IssuedAt)
		require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(r.text(t, "token"))).StatusCode)
	})
	t.Run("by session", func(t *testing.T) {
		t.Parallel()

		r := w.do("POST", "/auth/token/refresh", nil, with("Cookie", w.session(registration)))
		require.NotEmpty(t, w.claims(r.text(t, "token")).ActorID)
	})
	t.Run("the old token goes on", func(t *testing.T) {
		t.Parallel()

		token := w.login("customer", "a@example.com")
		require.Equal(t, 200, w.do("POST", "/auth/token/refresh", nil, bearer(token)).StatusCode)
		require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(token)).StatusCode)
	})
}

func TestRefreshIsRefused(t *testing.T) {
	t.Parallel()

	w := setup(t)
	live := w.claims(w.customer("a@example.com")).Principal()
	mint := func(change func(*everlatch.Principal)) header {
		p := live
		change(&p)
		token, _, err := w.tokens.Issue(p, w.clock.Now(), "jti")
		require.NoError(t, err)
		return bearer(token)
	}
	foreign, err := tokens.New(tokens.Config{Secret: []byte("a secret of the tests, long enough"), Algorithm: "HS384"}, w.clock.Now)
	require.NoError(t, err)
	hs384, _, err := foreign.Issue(live, w.clock.Now(), "jti")
	require.NoError(t, err)
	plain := `{"message":"Unauthorized"}`
	tests := map[string]struct {
		header header
		status int
		want   string
	}{
		"no credentials":     {with("X-None", ""), 401, plain},
		"no provider":        {mint(func(p *everlatch.Principal) { p.AuthProvider = "" }), 401, `{"type":"unauthorized","message":"The auth provider is not set while refreshing token"}`},
		"identity is gone":   {mint(func(p *everlatch.Principal) { p.AuthIdentityID, p.ActorID = "authid_x", "" }), 401, `{"type":"unauthorized","message":"Invalid auth identity while refreshing token"}`},
		"with its actor":     {mint(func(p *everlatch.Principal) { p.AuthIdentityID = "authid_x" }), 404, `{"type":"not_found","message":"AuthIdentity with id: authid_x was not found"}`},
		"provider was taken": {mint(func(p *everlatch.Principal) { p.AuthProvider, p.ActorID = "google", "" }), 401, `{"type":"unauthorized","message":"Invalid auth identity while refreshing token"}`},
		"another actor":      {mint(func(p *everlatch.Principal) { p.ActorID = "cus_ghost" }), 401, plain},
		"an old version":     {mint(func(p *everlatch.Principal) { p.CredentialVersion = 7 }), 401, plain},
		"algorithm":          {bearer(hs384), 401, plain},
		"another scheme":     {with("Authorization", "Token "+hs384), 401, plain},
		"empty":              {with("Authorization", "Bearer "), 401, plain},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.do("POST", "/auth/token/refresh", nil, tt.header)
			require.Equal(t, tt.status, r.StatusCode, r.body)
			r.is(t, tt.want)
		})
	}
}

// TestTokensOfOtherPurposes pass nowhere as access tokens (docs/weak-spots.md#w36).
func TestTokensOfOtherPurposes(t *testing.T) {
	t.Parallel()

	w := setup(t)
	claims := w.claims(w.customer("a@example.com"))
	untyped := claims
	untyped.Purpose = ""
	reset := claims
	reset.Purpose = tokens.PurposeReset
	for name, c := range map[string]tokens.Claims{"untyped": untyped, "reset": reset} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			token := signed(t, c)
			for _, line := range [][2]string{{"GET", "/store/customers/me"}, {"POST", "/auth/session"}, {"POST", "/auth/token/refresh"}} {
				require.Equal(t, 401, w.do(line[0], line[1], nil, bearer(token)).StatusCode)
			}
		})
	}
}

func TestHeadersOfABearerToken(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	for value, status := range map[string]int{
		"Bearer " + token:            200,
		"bearer " + token:            200,
		"BEARER\t" + token:           200,
		"Bearer  " + token:           200,
		"Bearer " + token + " extra": 200,
		`Bearer "` + token + `"`:     401,
		"Token " + token:             401,
		"Bearer" + token:             401,
		token:                        401,
		"Bearer":                     401,
	} {
		t.Run(value[:6], func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", "/store/customers/me", nil, with("Authorization", value))
			require.Equal(t, status, r.StatusCode, value)
		})
	}
	require.Equal(t, 401, w.do("POST", "/auth/token/refresh?token="+token, nil).StatusCode)
}
