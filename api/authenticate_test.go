package api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/tokens"
)

// signed makes a token of any claims with the secret of the tests.
func signed(tb testing.TB, claims any) string {
	tb.Helper()
	payload, err := json.Marshal(claims)
	require.NoError(tb, err)
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString(payload)
	mac := hmac.New(sha256.New, []byte("a secret of the tests, long enough"))
	mac.Write([]byte(text))
	return text + "." + enc.EncodeToString(mac.Sum(nil))
}

// TestAuthenticateOnPeoplesRoutes follows the recorded probes (docs/contract.md#s4-2).
func TestAuthenticateOnPeoplesRoutes(t *testing.T) {
	t.Parallel()

	w := setup(t)
	no := false
	probe := func(path string, actors []string, o api.AuthOptions) {
		w.server.Echo().GET("/probe/"+path, func(c echo.Context) error {
			claims, ok := api.AuthContext(c)
			return c.JSON(http.StatusOK, object{"known": ok, "actor": claims.ActorID, "type": claims.ActorType})
		}, api.Authenticate(actors, []api.Method{api.MethodSession, api.MethodBearer}, o))
	}
	probe("any", []string{"*"}, api.AuthOptions{AllowUnregistered: true, RequireMFA: &no})
	probe("any-mfa", []string{"*"}, api.AuthOptions{AllowUnregistered: true})
	probe("optional", []string{"customer"}, api.AuthOptions{AllowUnauthenticated: true})
	probe("vendor-or-customer", []string{"vendor", "customer"}, api.AuthOptions{})
	probe("vendor", []string{"vendor"}, api.AuthOptions{})
	probe("fresh-mfa", []string{"*"}, api.AuthOptions{MFAMaxAge: time.Minute})

	customer := w.customer("a@example.com")
	registration := w.registered("customer", "b@example.com")
	mfa := func(completed *string, actor bool) string {
		claims := w.claims(customer)
		claims.MFAEnabled, claims.MFACompletedAt = true, completed
		if !actor {
			claims.ActorID = ""
		}
		return signed(t, claims)
	}
	at := func(ago time.Duration) *string {
		text := w.clock.Now().Add(-ago).Format("2006-01-02T15:04:05.000Z")
		return &text
	}
	const unauthorized = "Unauthorized"
	const mfaRequired = "MFA verification is required to complete this request"
	tests := map[string]struct {
		path, token string
		status      int
		message     string
		known       bool
	}{
		"any, no credentials":            {"any", "", 401, unauthorized, false},
		"any, registration token":        {"any", registration, 200, "", true},
		"any, second factor pending":     {"any", mfa(nil, false), 200, "", true},
		"any with MFA, pending":          {"any-mfa", mfa(nil, false), 401, mfaRequired, false},
		"any with MFA, completed":        {"any-mfa", mfa(at(time.Hour), true), 200, "", true},
		"optional, no credentials":       {"optional", "", 200, "", false},
		"optional, customer":             {"optional", customer, 200, "", true},
		"optional, registration token":   {"optional", registration, 200, "", false},
		"optional, second factor due":    {"optional", mfa(nil, true), 200, "", true},
		"optional, garbage":              {"optional", "garbage", 200, "", false},
		"one of two actor types":         {"vendor-or-customer", customer, 200, "", true},
		"another actor type":             {"vendor", customer, 401, unauthorized, false},
		"unregistered":                   {"vendor-or-customer", registration, 401, unauthorized, false},
		"fresh factor, none enabled":     {"fresh-mfa", customer, 200, "", true},
		"fresh factor, just now":         {"fresh-mfa", mfa(at(time.Second), true), 200, "", true},
		"fresh factor, too long ago":     {"fresh-mfa", mfa(at(time.Hour), true), 401, "MFA was verified too long ago to complete this request", false},
		"fresh factor, unreadable time":  {"fresh-mfa", mfa(new(string), true), 401, mfaRequired, false},
		"paths ignore case here as well": {"VENDOR-or-Customer/", customer, 200, "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var headers []header
			if tt.token != "" {
				headers = append(headers, bearer(tt.token))
			}
			r := w.send(w.raw, "GET", "/probe/"+tt.path, nil, headers...)
			require.Equal(t, tt.status, r.StatusCode, r.body)
			if tt.status != 200 {
				require.JSONEq(t, `{"message":"`+tt.message+`"}`, r.body)
				return
			}
			require.Equal(t, tt.known, r.value(t, "known"))
		})
	}
}

func TestBadTokens(t *testing.T) {
	t.Parallel()

	w := setup(t)
	good := w.claims(w.customer("a@example.com"))
	change := func(fn func(*tokens.Claims)) string {
		c := good
		fn(&c)
		return signed(t, c)
	}
	for name, token := range map[string]string{
		"not a token":      "a.b.c",
		"expired":          change(func(c *tokens.Claims) { c.ExpiresAt = c.IssuedAt - 1 }),
		"not yet valid":    change(func(c *tokens.Claims) { c.NotBefore = c.IssuedAt + 60 }),
		"no actor type":    change(func(c *tokens.Claims) { c.ActorType = "" }),
		"no actor":         change(func(c *tokens.Claims) { c.ActorID = "" }),
		"unknown actor":    change(func(c *tokens.Claims) { c.ActorID = "cus_ghost" }),
		"no identity":      change(func(c *tokens.Claims) { c.AuthIdentityID = "" }),
		"an older version": change(func(c *tokens.Claims) { c.CredentialVersion = 0 }), // docs/weak-spots.md#w31: 0 counts as the first
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", "/store/customers/me", nil, bearer(token))
			if name == "an older version" {
				require.Equal(t, 200, r.StatusCode)
				return
			}
			require.Equal(t, 401, r.StatusCode)
			r.is(t, `{"message":"Unauthorized"}`)
		})
	}
}

// TestTokensOfMedusa go on working when configured, as long as nothing has
// ended the first credentials of their identity (docs/weak-spots.md#w36).
func TestTokensOfMedusa(t *testing.T) {
	t.Parallel()

	w := setup(t, func(_ *api.Options, c *tokens.Config) { c.AcceptUntyped = true })
	good := w.claims(w.customer("a@example.com"))
	untyped := signed(t, object{
		"actor_id": good.ActorID, "actor_type": "customer", "auth_identity_id": good.AuthIdentityID,
		"auth_provider": "emailpass", "iat": good.IssuedAt, "exp": good.ExpiresAt,
	})
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(untyped)).StatusCode)
	require.Equal(t, 200, w.do("POST", "/auth/token/refresh", nil, bearer(untyped)).StatusCode)
	require.NoError(t, w.store.EndCredentials(t.Context(), good.AuthIdentityID))
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(untyped)).StatusCode)
}

func TestAuthenticateElsewhere(t *testing.T) {
	t.Parallel()

	e := echo.New()
	e.GET("/x", func(c echo.Context) error { return c.NoContent(http.StatusOK) },
		api.Authenticate([]string{"*"}, []api.Method{api.MethodBearer}, api.AuthOptions{AllowUnauthenticated: true}))
	recorder := httptest.NewRecorder()
	e.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/x", nil))
	require.Equal(t, 500, recorder.Code, "a forgotten server must not open the route")
	_, ok := api.AuthContext(e.NewContext(httptest.NewRequest(http.MethodGet, "/x", nil), recorder))
	require.False(t, ok)
	require.Empty(t, api.Body(e.NewContext(httptest.NewRequest(http.MethodGet, "/x", nil), recorder)))
}
