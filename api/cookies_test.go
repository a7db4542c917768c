package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
)

// A browser sends every cookie of one name that it has for a host, in an order that
// says nothing: the first that names a live session counts, and signing out ends
// all of them.
func TestSeveralCookiesOfOneName(t *testing.T) {
	t.Parallel()

	w := setup(t)
	ended := w.session(w.customer("former@example.com"))
	require.Equal(t, 200, w.do("DELETE", "/auth/session", nil, with("Cookie", ended)).StatusCode)
	const foreign = "connect.sid=s%3AE81HqRjU26pygvMpGyzSFkSZVKGBqoO8.hMAu3vhlipTyp"
	live := w.session(w.customer("a@example.com"))
	for name, cookies := range map[string]string{
		"an ended one first":       ended + "; " + live,
		"a foreign one first":      foreign + "; " + live,
		"an unsigned one first":    "connect.sid=x; " + live,
		"an empty one first":       "connect.sid=; " + live,
		"all of them, live last":   strings.Join([]string{foreign, ended, "connect.sid=x", live}, "; "),
		"live first":               live + "; " + ended,
		"the same one twice":       live + "; " + live,
		"others of another name":   "other.sid=1; " + live + "; x=2",
		"more than are looked at?": strings.Repeat("connect.sid=x; ", 7) + live,
	} {
		require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, with("Cookie", cookies)).StatusCode, name)
	}
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, with("Cookie", strings.Repeat("connect.sid=x; ", 8)+live)).StatusCode,
		"how many are looked at is bounded")

	second := w.session(w.customer("b@example.com"))
	require.Equal(t, 200, w.do("DELETE", "/auth/session", nil, with("Cookie", ended+"; "+live+"; "+second)).StatusCode)
	for _, cookie := range []string{live, second} {
		require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, with("Cookie", cookie)).StatusCode, "signed out of both")
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()

	w := setup(t, options(func(o *api.Options) { o.HSTS, o.TrustProxy = 365*24*time.Hour, 1 }))
	token := w.customer("a@example.com")
	byHTTPS := with("X-Forwarded-Proto", "https")
	for path, call := range map[string]func(h ...header) reply{
		"/health":             func(h ...header) reply { return w.do("GET", "/health", nil, h...) },
		"/store/customers/me": func(h ...header) reply { return w.do("GET", "/store/customers/me", nil, append(h, bearer(token))...) },
		"refused":             func(h ...header) reply { return w.do("GET", "/admin/users", nil, h...) },
		"malformed":           func(h ...header) reply { return w.do("POST", "/store/customers", "{", h...) },
		"/nowhere":            func(h ...header) reply { return w.do("GET", "/nowhere", nil, h...) },
		"preflight":           func(h ...header) reply { return w.do("OPTIONS", "/store/customers", nil, h...) },
	} {
		r := call(byHTTPS)
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "max-age=31536000", r.Header.Get("Strict-Transport-Security"), path)
		require.Empty(t, call().Header.Get("Strict-Transport-Security"), path)
	}
	r := w.do("POST", "/auth/token/refresh", nil, bearer(token))
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Equal(t, "no-store", w.do("POST", "/auth/token/refresh", nil).Header.Get("Cache-Control"), "refused")
	require.Empty(t, setup(t).do("GET", "/health", nil, byHTTPS).Header.Get("Strict-Transport-Security"), "off by default")
}
