package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/apitest"
	"github.com/everlatch/everlatch/internal/tokens"
)

func TestHealth(t *testing.T) {
	t.Parallel()

	r := setup(t).do("GET", "/health", nil)
	require.Equal(t, "OK", r.body)
	require.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"))
	require.Equal(t, `W/"2-nOO9QiTIwXgNtWtBJezz8kv3SLc"`, r.Header.Get("ETag")) // recorded
}

func TestReady(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.do("GET", "/ready", nil).is(t, `{"ready":true,"missing":[]}`)
	w.flows.failWith(everlatch.Unavailable("Temporal", errors.New("dial tcp 10.0.0.1: refused")))
	r := w.do("GET", "/ready", nil)
	require.Equal(t, 503, r.StatusCode)
	r.is(t, `{"ready":false,"missing":["temporal"]}`)
	require.Equal(t, "2", r.Header.Get("Retry-After"))
	require.Contains(t, w.logs.String(), "10.0.0.1", "the log says why")
	require.NoError(t, w.store.Close())
	w.do("GET", "/ready", nil).is(t, `{"ready":false,"missing":["database","temporal"]}`)
	w.do("GET", "/ready?for=reads", nil).is(t, `{"ready":false,"missing":["database"]}`)
}

// A balancer that asks about reads keeps an API that answers them while Temporal, or
// every worker, is away. The backlog of other queues makes no API unready.
func TestReadyFor(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		flows  func(*fakeFlows)
		status int
		body   string
	}{
		"no worker": {
			flows:  func(f *fakeFlows) { f.unserved = []string{"interactive", "deliveries"} },
			status: 503, body: `{"ready":false,"missing":["worker"],"unserved":["deliveries"]}`,
		},
		"no worker for deliveries": {
			flows:  func(f *fakeFlows) { f.unserved = []string{"slow", "deliveries"} },
			status: 200, body: `{"ready":true,"missing":[],"unserved":["slow","deliveries"]}`,
		},
		"no namespace": {
			flows:  func(f *fakeFlows) { f.noNamespace = everlatch.Unavailable("The namespace", errors.New("not found")) },
			status: 503, body: `{"ready":false,"missing":["namespace"]}`,
		},
		"no Temporal": {
			flows:  func(f *fakeFlows) { f.fail = everlatch.Unavailable("Temporal", errors.New("refused")) },
			status: 503, body: `{"ready":false,"missing":["temporal"]}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			tt.flows(w.flows)

			r := w.do("GET", "/ready", nil)
			require.Equal(t, tt.status, r.StatusCode)
			r.is(t, tt.body)
			reads := w.do("GET", "/ready?for=reads", nil)
			require.Equal(t, 200, reads.StatusCode)
			reads.is(t, `{"ready":true,"missing":[]}`)
			require.Equal(t, 400, w.do("GET", "/ready?for=writes", nil).StatusCode)
		})
	}
}

func TestHome(t *testing.T) {
	t.Parallel()

	w := setup(t, options(func(o *api.Options) {
		o.Home = api.HomeInfo{Title: "Everlatch", Lines: []string{"It runs."}, Links: []api.Link{{Name: "UI <1>", URL: "http://localhost:8233", Note: "histories"}}}
	}))
	r := w.do("GET", "/", nil)
	require.Equal(t, 200, r.StatusCode)
	require.Contains(t, r.body, `<a href="http://localhost:8233">UI &lt;1&gt;</a>`)
	require.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'")
}

func TestSmallRoutes(t *testing.T) {
	t.Parallel()

	setup(t).do("GET", "/cloud/auth", nil).is(t, `{"enabled":false}`)
	w := setup(t, func(_ *api.Options, c *tokens.Config) {
		*c = tokens.Config{Algorithm: "EdDSA", PrivateKeyPEM: ed25519Key}
	})
	r := w.do("GET", "/.well-known/jwks.json", nil)
	require.Equal(t, 200, r.StatusCode)
	require.Contains(t, r.body, `"kty":"OKP"`)
	require.NotContains(t, r.body, `"d":`, "the private half stays here")
}

const ed25519Key = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`

func TestRequestIDs(t *testing.T) {
	t.Parallel()

	w := setup(t)
	require.Equal(t, "abc", w.do("GET", "/health", nil, with("X-Request-Id", "abc")).Header.Get("X-Request-Id"))
	for _, bad := range []string{"", "a b", "a\"b", "ż", strings.Repeat("x", 129)} {
		require.Regexp(t, `^req_\w{26}$`, w.do("GET", "/health", nil, with("X-Request-Id", bad)).Header.Get("X-Request-Id"))
	}
	require.NotEmpty(t, w.do("GET", "/nope", nil).Header.Get("X-Request-Id"))
}

// TestNothingLeaks: whatever goes wrong inside, a caller learns the same
// nothing, and the log has the cause under the request id (docs/weak-spots.md#w52). The words
// that may not appear are checked for every answer of every test, in send.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()

	w := setup(t)
	e := w.server.Echo()
	e.GET("/boom/panic", func(echo.Context) error { panic("goroutine of secret.go:12") })
	e.GET("/boom/error", func(echo.Context) error { return errors.New("sql: no rows, main.go:7") })
	e.GET("/boom/wrapped", func(echo.Context) error {
		return fmt.Errorf("temporal: %w", &everlatch.Error{Code: everlatch.CodeInternal, Message: "sql: panic"})
	})
	e.GET("/boom/echo", func(echo.Context) error { return echo.NewHTTPError(http.StatusBadGateway, "sql: x.go:1") })
	e.GET("/boom/code", func(echo.Context) error { return &everlatch.Error{Code: "nonsense", Message: "sql: panic"} })
	e.GET("/boom/away", func(echo.Context) error { return everlatch.Unavailable("Temporal", errors.New("sql: bad connection")) })
	for path, status := range map[string]int{
		"panic": 500, "error": 500, "wrapped": 500, "echo": 500, "code": 500, "away": 503,
	} {
		r := w.send(w.raw, "GET", "/boom/"+path, nil, with("X-Request-Id", "id-of-"+path))
		require.Equal(t, status, r.StatusCode)
		if status == 500 {
			r.is(t, `{"code":"unknown_error","type":"unknown_error","message":"An unknown error occurred."}`)
		}
		require.Regexp(t, `level=ERROR msg=request request_id=id-of-`+path+` method=GET route=/boom/`+path+` .*cause=`, w.logs.String())
	}
	require.Contains(t, w.logs.String(), "sql: bad connection")
	w.flows.failWith(errors.New("temporal: workflow.go:1: sql: deadlock"))
	require.Equal(t, 500, w.do("POST", registerPath, object{"email": "a@b.cc", "password": "very secret words"}).StatusCode)
	w.flows.failWith(nil)
	token := w.customer("a@example.com")
	cookie := w.session(token)
	require.Equal(t, 200, w.do("GET", "/store/customers/me?fields=id", nil, with("Cookie", cookie)).StatusCode)
	for _, secret := range []string{"very secret words", "supersecret", token, cookie, "fields=id"} {
		require.NotContains(t, w.logs.String(), secret)
	}
}

func TestClientsThatLeave(t *testing.T) {
	t.Parallel()

	w := setup(t)
	r := httptest.NewRequest(http.MethodGet, "/store/customers/me", nil)
	r.Header.Set("Authorization", "Bearer "+w.customer("a@example.com"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	recorder := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(recorder, r.WithContext(ctx))
	require.Equal(t, 499, recorder.Code)
	require.NotContains(t, w.logs.String(), "level=ERROR")
}

// TestClientsThatLeaveAFlow: Temporal's client reports a call that its caller has ended as
// one that failed.
func TestClientsThatLeaveAFlow(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.flows.failWith(everlatch.Unavailable("Temporal", serviceerror.NewCanceled("context canceled")))
	register := func(ctx context.Context) int {
		r := httptest.NewRequest(http.MethodPost, registerPath, strings.NewReader(`{"email":"a@example.com","password":"very secret words"}`))
		r.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		w.server.Handler().ServeHTTP(recorder, r.WithContext(ctx))
		return recorder.Code
	}
	left, leave := context.WithCancel(t.Context())
	w.flows.whenAsked(leave)
	require.Equal(t, 499, register(left))
	require.NotContains(t, w.logs.String(), "level=ERROR")
	require.Equal(t, 503, register(t.Context()), "a client that waits is told of the outage")
	require.Contains(t, w.logs.String(), "level=ERROR")
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()

	_, err := api.New(api.Deps{}, api.Options{
		AdminCORS: "/(/", PublishableKey: "maybe", BodyLimit: -1, SessionIdle: 2, SessionAbsolute: 1,
		Cookie: api.CookieOptions{Name: "a b", SameSite: "some"}, CookieSecrets: []string{""},
	})
	for _, part := range []string{
		"http.admin_cors", "store.publishable_key", "same_site", "session_options.name", "cookie_secret 1 is empty",
		"absolute_ttl", "body_limit", "a dependency is missing",
	} {
		require.ErrorContains(t, err, part, "all problems at once")
	}
	_, err = api.New(api.Deps{}, api.Options{})
	require.ErrorContains(t, err, "http.cookie_secret is missing") // docs/weak-spots.md#w35
}

// TestEveryRouteIsDescribed compares the router with openapi.yaml, both ways.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()

	spec, err := apitest.LoadSpec()
	require.NoError(t, err)
	var routes []string
	for _, r := range withRBAC(t).server.Echo().Routes() {
		parts := strings.Split(r.Path, "/")
		for i, part := range parts {
			if name, ok := strings.CutPrefix(part, ":"); ok {
				parts[i] = "{" + name + "}"
			}
		}
		routes = append(routes, r.Method+" "+strings.Join(parts, "/"))
	}
	require.ElementsMatch(t, apitest.Operations(spec), routes)
}
