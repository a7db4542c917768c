package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/providers"
)

const unknownProvider = "\nUnable to retrieve the auth provider with id: %s\nPlease make sure that the provider is " +
	"registered in the container and it is configured correctly in your project configuration file."

func TestSigningIn(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.registered("customer", "login1@example.com")
	good := object{"email": "login1@example.com", "password": "supersecret"}
	allowed := func(actor, provider string) string {
		return "The actor type " + actor + " is not allowed to use the auth provider " + provider
	}
	tests := map[string]struct {
		method, path string
		body         any
		status       int
		kind         string
		message      string
	}{
		"no body":                            {"POST", "/auth/customer/emailpass", nil, 401, "unauthorized", "Password should be a string"},
		"no password":                        {"POST", "/auth/customer/emailpass", object{"email": "login1@example.com"}, 401, "unauthorized", "Password should be a string"},
		"e-mail is an array":                 {"POST", "/auth/customer/emailpass", object{"email": []string{"a"}, "password": "x"}, 401, "unauthorized", "Email should be a string"},
		"wrong password":                     {"POST", "/auth/customer/emailpass", object{"email": "login1@example.com", "password": "no"}, 401, "unauthorized", "Invalid email or password"},
		"a JSON array counts as empty":       {"POST", "/auth/customer/emailpass", "[1,2]", 401, "unauthorized", "Password should be a string"},
		"the query is not read":              {"GET", "/auth/customer/emailpass?email=login1@example.com&password=supersecret", nil, 401, "unauthorized", "Password should be a string"},
		"GET does not sign in":               {"GET", "/auth/customer/emailpass", good, 401, "unauthorized", "Password should be a string"},
		"provider not allowed":               {"POST", "/auth/customer/nope", object{}, 400, "not_allowed", allowed("customer", "nope")},
		"actor type with an empty list":      {"POST", "/auth/unlisted/emailpass", good, 400, "not_allowed", allowed("unlisted", "emailpass")},
		"users may use emailpass only":       {"POST", "/auth/user/login-only", good, 400, "not_allowed", allowed("user", "login-only")},
		"unknown provider, any allowed":      {"POST", "/auth/shopper/nope", object{}, 401, "unauthorized", strings.ReplaceAll(unknownProvider, "%s", "nope")},
		"GET on refresh is a login":          {"GET", "/auth/token/refresh", nil, 401, "unauthorized", strings.ReplaceAll(unknownProvider, "%s", "refresh")},
		"POST on providers is a login":       {"POST", "/auth/shopper/providers", object{}, 401, "unauthorized", strings.ReplaceAll(unknownProvider, "%s", "providers")},
		"the provider keeps its case":        {"POST", "/auth/customer/EMAILPASS", good, 400, "not_allowed", allowed("customer", "EMAILPASS")},
		"the prototype is an actor type too": {"POST", "/auth/__proto__/nope", object{}, 401, "unauthorized", strings.ReplaceAll(unknownProvider, "%s", "nope")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.do(tt.method, tt.path, tt.body)
			require.Equal(t, tt.status, r.StatusCode, r.body)
			require.Equal(t, "application/json; charset=utf-8", r.Header.Get("Content-Type"))
			require.Equal(t, tt.kind, r.text(t, "type"))
			require.Equal(t, tt.message, r.text(t, "message"))
		})
	}
}

func TestTokenOfASignIn(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.customer("a@example.com")
	r := w.do("POST", "/auth/customer/emailpass", object{"email": "a@example.com", "password": "supersecret", "remember": true})
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	claims := w.claims(r.text(t, "token"))
	require.Equal(t, "customer", claims.ActorType)
	require.Equal(t, "emailpass", claims.AuthProvider)
	require.True(t, strings.HasPrefix(claims.ActorID, "cus_"))
	require.Equal(t, everlatch.Metadata{"customer_id": claims.ActorID}, claims.AppMetadata)
	require.NotEmpty(t, claims.ID)

	// docs/weak-spots.md#w38: a token of another actor type does not tell who the customer is.
	other := w.claims(w.login("vendor", "a@example.com"))
	require.Empty(t, other.ActorID)
	require.Empty(t, other.AppMetadata)
}

func TestLoginByGETWhenAskedFor(t *testing.T) {
	t.Parallel()

	w := setup(t, options(func(o *api.Options) { o.LoginByGET = true })) // docs/weak-spots.md#w42
	w.registered("customer", "a@example.com")
	r := w.send(w.raw, "GET", "/auth/customer/emailpass", object{"email": "a@example.com", "password": "supersecret"})
	require.Equal(t, 200, r.StatusCode, r.body)
}

func TestHeadOfALogin(t *testing.T) {
	t.Parallel()

	r := setup(t).do("HEAD", "/auth/customer/emailpass", nil)
	require.Equal(t, 401, r.StatusCode)
	require.Empty(t, r.body)
	require.Empty(t, r.Header.Get("Vary"))
}

func TestRegistering(t *testing.T) {
	t.Parallel()

	t.Run("whatever the spelling of the path", func(t *testing.T) {
		t.Parallel()

		w := setup(t)
		for i, path := range []string{"/auth/customer/emailpass/register", "/auth/customer/emailpass/register/", "/AUTH/customer/emailpass/REGISTER"} {
			r := w.do("POST", path, object{"email": string(rune('a'+i)) + "@example.com", "password": "supersecret"})
			require.Equal(t, 200, r.StatusCode, r.body)
			require.Empty(t, w.claims(r.text(t, "token")).ActorID)
		}
	})
	t.Run("as a form, with an Authorization header that is ignored", func(t *testing.T) {
		t.Parallel()

		w := setup(t)
		r := w.do("POST", "/auth/customer/emailpass/register", "email=form%40example.com&password=supersecret",
			with("Content-Type", "application/x-www-form-urlencoded"), bearer("garbage"))
		require.Equal(t, 200, r.StatusCode, r.body)
		require.Equal(t, object{"email": "form@example.com", "password": "supersecret"}, w.flows.seen[0].Input.Body)
	})
	t.Run("twice", func(t *testing.T) {
		t.Parallel()

		w := setup(t)
		w.registered("customer", "a@example.com")
		r := w.do("POST", "/auth/customer/emailpass/register", object{"email": "A@example.com", "password": "other"})
		require.Equal(t, 401, r.StatusCode)
		require.JSONEq(t, `{"type":"unauthorized","message":"Identity with email already exists"}`, r.body)
	})
	t.Run("with a provider that cannot", func(t *testing.T) {
		t.Parallel()

		r := setup(t).do("POST", "/auth/customer/login-only/register", object{})
		require.Equal(t, 401, r.StatusCode)
		require.Equal(t, "Method 'register' not implemented for provider login-only", r.text(t, "message"))
	})
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()

	t.Run("is handed to the flow", func(t *testing.T) {
		t.Parallel()

		w := setup(t)
		r := w.do("POST", "/auth/customer/emailpass/register", object{"email": "a@example.com", "password": "supersecret"}, with("Idempotency-Key", "k-1"))
		require.Equal(t, 200, r.StatusCode)
		r = w.do("POST", "/store/customers", object{"email": "a@example.com"}, bearer(r.text(t, "token")), with("Idempotency-Key", "k-2"))
		require.Equal(t, 200, r.StatusCode)
		require.Equal(t, []string{"k-1", "k-2"}, w.flows.keys)
	})
	t.Run("with another body conflicts", func(t *testing.T) {
		t.Parallel()

		w := setup(t)
		w.flows.failWith(&everlatch.Error{Code: everlatch.CodeConflict})
		r := w.do("POST", "/auth/customer/emailpass/register", object{}, with("Idempotency-Key", "k"))
		require.Equal(t, 409, r.StatusCode)
		r.is(t, `{"code":"invalid_state_error","type":"conflict","message":"The request conflicted with another request. `+
			`You may retry the request with the provided Idempotency-Key."}`)
	})
	for name, headers := range map[string][]header{
		"that is too long is refused":    {with("Idempotency-Key", strings.Repeat("k", 256))},
		"with a blank is refused":        {with("Idempotency-Key", "a b")},
		"that is not ASCII is refused":   {with("Idempotency-Key", "ż")},
		"that comes twice is refused":    {with("Idempotency-Key", "a"), with("Idempotency-Key", "b")},
		"with a control code is refused": {with("Idempotency-Key", "a\x7f")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := setup(t).do("POST", "/auth/customer/emailpass/register", object{}, headers...)
			require.Equal(t, 400, r.StatusCode, r.body)
			require.Equal(t, "invalid_data", r.text(t, "type"))
		})
	}
}

func TestListingProviders(t *testing.T) {
	t.Parallel()

	emailpass := `{"id":"emailpass","identifier":"emailpass","display_name":"Email/Password Authentication","flow":"credentials"}`
	loginOnly := `{"id":"login-only","identifier":"login-only","display_name":"login-only","flow":"credentials"}`
	elsewhere := `{"id":"elsewhere","identifier":"elsewhere","display_name":"Elsewhere Authentication","flow":"redirect"}`
	all := emailpass + "," + loginOnly + "," + elsewhere
	w := setup(t)
	for path, want := range map[string]string{
		"/auth/vendor/providers":   emailpass,
		"/auth/user/providers":     emailpass,
		"/auth/customer/providers": all,
		"/auth/unlisted/providers": "",
		"/auth/shopper/providers":  all,
		"/auth/Vendor/PROVIDERS/":  all, // the actor type keeps its case
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", path, nil)
			require.Equal(t, 200, r.StatusCode)
			r.is(t, `{"providers":[`+want+`]}`)
		})
	}
}

type loginOnly struct{ providers.Credentials }

func (loginOnly) Identify(providers.Input) (providers.Subject, error) {
	return providers.Subject{EntityID: "ada", EntityKey: "ada"}, nil
}

func (loginOnly) Identifier() string  { return "login-only" }
func (loginOnly) DisplayName() string { return "" }
