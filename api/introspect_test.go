package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

// rawKey is a new secret API key of an administrator.
func (w *world) rawKey(token string) string {
	w.t.Helper()
	r := w.do("POST", "/admin/api-keys", object{"title": "a service", "type": "secret"}, bearer(token))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return r.text(w.t, "api_key.token")
}

func TestIntrospect(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin := w.admin("root@example.com")
	key := basic(w.rawKey(admin))
	token := w.customer("a@example.com")
	ask := func(token string) reply {
		r := w.do("POST", "/auth/token/introspect", object{"token": token}, key)
		require.Equal(t, 200, r.StatusCode, r.body)
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		return r
	}
	r := ask(token)
	require.Equal(t, true, r.value(t, "active"))
	require.Equal(t, "Bearer", r.value(t, "token_type"))
	require.Equal(t, w.claims(token).ActorID, r.value(t, "actor_id"))
	for _, wrong := range []string{"", "forged", token + "x", w.rawKey(admin)} {
		ask(wrong).is(t, `{"active":false}`)
	}
	for name, headers := range map[string][]header{"no credential": nil, "an administrator": {bearer(admin)}, "a customer": {bearer(token)}} {
		r := w.do("POST", "/auth/token/introspect", object{"token": token}, headers...)
		require.Equal(t, 401, r.StatusCode, name)
	}
	r = w.do("POST", "/auth/token/introspect", object{}, key)
	require.Equal(t, 400, r.StatusCode)

	require.Equal(t, 200, w.do("DELETE", "/auth/token", nil, bearer(token)).StatusCode)
	ask(token).is(t, `{"active":false}`)
}

// TestIntrospectionVerifier: the verifier sees what has ended, and remembers for seconds.
func TestIntrospectionVerifier(t *testing.T) {
	t.Parallel()
	w := setup(t)
	key := w.rawKey(w.admin("root@example.com"))
	token, other := w.customer("a@example.com"), w.customer("b@example.com")
	calls := 0
	client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		calls++
		return w.client.Transport.RoundTrip(r)
	})}
	verifier := func(change func(*auth.IntrospectionOptions)) *auth.Introspection {
		o := auth.IntrospectionOptions{URL: "http://everlatch.test/", APIKey: key, HTTP: client, Now: w.clock.Now}
		if change != nil {
			change(&o)
		}
		v, err := auth.NewIntrospection(o)
		require.NoError(t, err)
		return v
	}
	v := verifier(nil)
	for range 10 {
		claims, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, w.claims(token), claims)
		_, err = v.Verify(t.Context(), "forged")
		require.ErrorIs(t, err, everlatch.ErrUnauthorized)
	}
	require.Equal(t, 2, calls, "remembered")

	require.Equal(t, 200, w.do("DELETE", "/auth/token", nil, bearer(token)).StatusCode)
	_, err := verifier(func(o *auth.IntrospectionOptions) { o.Cache = -1 }).Verify(t.Context(), token)
	require.ErrorIs(t, err, everlatch.ErrUnauthorized)
	_, err = v.Verify(t.Context(), token)
	require.NoError(t, err, "it is remembered")
	w.clock.Advance(6 * time.Second)
	_, err = v.Verify(t.Context(), token)
	require.ErrorIs(t, err, everlatch.ErrUnauthorized)

	_, err = verifier(func(o *auth.IntrospectionOptions) { o.APIKey = "sk_wrong" }).Verify(t.Context(), other)
	require.Equal(t, everlatch.CodeUnavailable, everlatch.ErrorCode(err), "a wrong key says nothing about the token")
	for _, bad := range []auth.IntrospectionOptions{{}, {URL: "http://everlatch.test"}} {
		_, err := auth.NewIntrospection(bad)
		require.Error(t, err)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
