package api_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
)

func page404(method, path string) string {
	return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot " +
		method + " " + path + "</pre>\n</body>\n</html>\n"
}

func TestPathsThatNothingServes(t *testing.T) {
	t.Parallel()

	w := setup(t)
	for _, line := range [][2]string{
		{"GET", "/"},
		{"POST", "/nope"},
		{"GET", "/auth/customer"},
		{"POST", "/auth/customer/emailpass/nope"},
		{"PATCH", "/auth/customer/emailpass"},
		{"DELETE", "/auth/customer/emailpass"},
		{"GET", "/auth/customer/emailpass/register"},
		{"POST", "/auth//customer/emailpass/register"},
		{"POST", "/auth/customer/emailpass/register//"},
		{"OPTIONS", "/auth/a/b/c/d"},
		{"GET", "/.well-known/jwks.json"}, // the tokens are signed with a secret
		{"GET", "//"},
		{"GET", "/auth/a/b/c/d"},
	} {
		t.Run(line[0]+" "+line[1], func(t *testing.T) {
			t.Parallel()

			r := w.do(line[0], line[1], nil, with("Origin", shopOrigin))
			require.Equal(t, 404, r.StatusCode)
			r.is(t, page404(line[0], line[1]))
			require.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"))
			require.Equal(t, "default-src 'none'", r.Header.Get("Content-Security-Policy"))
			require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
			require.Empty(t, r.Header.Get("X-Powered-By"))
			if line[1] != "/.well-known/jwks.json" {
				require.Empty(t, r.Header.Get("Access-Control-Allow-Origin"))
			}
		})
	}
	t.Run("a path that would be markup", func(t *testing.T) {
		t.Parallel()

		r := w.do("GET", "/%3Cscript%3E'", nil)
		r.is(t, page404("GET", "/%3Cscript%3E&#39;"))
	})
	t.Run("HEAD has no body", func(t *testing.T) {
		t.Parallel()

		r := w.do("HEAD", "/auth/nothing", nil)
		require.Equal(t, 404, r.StatusCode)
		require.Empty(t, r.body)
	})
}

// TestTheChainComesFirst: under /admin and /store the refusals of the prefix
// come before "not found", and a malformed body comes before everything.
func TestTheChainComesFirst(t *testing.T) {
	t.Parallel()

	w := setup(t, options(func(o *api.Options) { o.PublishableKey = api.KeysRequired }))
	const noKey = `{"type":"not_allowed","message":"Publishable API key required in the request header: x-publishable-api-key. You can manage your keys in settings in the dashboard."}`
	unauthorized := `{"message":"Unauthorized"}`
	tests := map[string]struct {
		method, path string
		body         any
		status       int
		want         string
	}{
		"unknown under /admin":               {"GET", "/admin/nope", nil, 401, unauthorized},
		"unknown under /store":               {"GET", "/store/nope", nil, 400, noKey},
		"preflight of an unknown admin path": {"OPTIONS", "/admin/nope", nil, 401, unauthorized},
		"preflight of an unknown store path": {"OPTIONS", "/store/nope", nil, 400, noKey},
		"malformed before unknown":           {"POST", "/admin/invites", "{", 400, `{"message":"Expected property name or '}' in JSON at position 1","type":"invalid_data"}`},
		"malformed before not allowed":       {"POST", "/auth/unlisted/emailpass/register", "{", 400, `{"message":"Expected property name or '}' in JSON at position 1","type":"invalid_data"}`},
		"key before authentication":          {"GET", "/store/customers/me", nil, 400, noKey},
		"case does not matter":               {"GET", "/ADMIN/Nope", nil, 401, unauthorized},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.do(tt.method, tt.path, tt.body)
			require.Equal(t, tt.status, r.StatusCode)
			r.is(t, tt.want)
		})
	}
	t.Run("an administrator learns what does not exist", func(t *testing.T) {
		t.Parallel()

		r := w.do("GET", "/admin/nope", nil, bearer(w.admin("root@example.com")))
		require.Equal(t, 404, r.StatusCode)
		r.is(t, page404("GET", "/admin/nope"))
	})
}

func TestPreflights(t *testing.T) {
	t.Parallel()

	w := setup(t)
	tests := map[string]struct {
		path, origin, method, headers string
		allowed                       bool
	}{
		"shop on /auth (both lists by default)": {"/auth/customer/emailpass", shopOrigin, "POST", "content-type,authorization", true},
		"headers of a client without cookies": {
			"/auth/customer/emailpass", shopOrigin, "POST", "content-type,everlatch-browser,x-everlatch-device", true,
		},
		"dashboard on /auth":                   {"/auth/session", adminOrigin, "DELETE", "", true},
		"foreign origin":                       {"/auth/customer/emailpass", "http://evil.example", "POST", "content-type", false},
		"dashboard on /store":                  {"/store/customers/me", adminOrigin, "GET", "", false},
		"shop on /store (blanks are trimmed)":  {"/store/customers/me/", shopOrigin, "GET", "", true},
		"an origin that an expression matches": {"/store/customers/me", "https://pr-1.PREVIEW.example", "POST", "", true},
		"an origin that it does not":           {"/store/customers/me", "https://pr-1.preview.example.evil", "POST", "", false},
		"dashboard on /admin":                  {"/admin/users/me", adminOrigin, "GET", "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			headers := []header{with("Origin", tt.origin), with("Access-Control-Request-Method", tt.method)}
			if tt.headers != "" {
				headers = append(headers, with("Access-Control-Request-Headers", tt.headers))
			}
			r := w.do("OPTIONS", tt.path, nil, headers...)
			require.Equal(t, 204, r.StatusCode)
			require.Empty(t, r.body)
			require.Equal(t, "Origin, Access-Control-Request-Headers", r.Header.Get("Vary"))
			require.Equal(t, "true", r.Header.Get("Access-Control-Allow-Credentials"))
			require.Equal(t, "GET,HEAD,PUT,PATCH,POST,DELETE", r.Header.Get("Access-Control-Allow-Methods"))
			require.Equal(t, tt.headers, r.Header.Get("Access-Control-Allow-Headers"))
			want := ""
			if tt.allowed {
				want = tt.origin
			}
			require.Equal(t, want, r.Header.Get("Access-Control-Allow-Origin"))
		})
	}
}

func TestOptionsWithoutPreflight(t *testing.T) {
	t.Parallel()

	w := setup(t)
	for path, want := range map[string]string{
		"/auth/session":            "POST,DELETE",
		"/auth/customer/emailpass": "GET,HEAD,POST",
		"/auth/token/refresh":      "POST,GET,HEAD",
		"/store/customers/me":      "GET,HEAD,POST,DELETE",
		"/health/":                 "GET,HEAD",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			r := w.do("OPTIONS", path, nil, with("Origin", shopOrigin), with("Access-Control-Request-Method", "PUT"))
			require.Equal(t, 200, r.StatusCode)
			r.is(t, want)
			require.Equal(t, want, r.Header.Get("Allow"))
			require.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"))
			require.Empty(t, r.Header.Get("Access-Control-Allow-Credentials"))
		})
	}
}

func TestCORSNeverBlocks(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.registered("customer", "a@example.com")
	r := w.do("POST", "/auth/customer/emailpass", object{"email": "a@example.com", "password": "supersecret"}, with("Origin", "http://evil.example"))
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "Origin", r.Header.Get("Vary"))
	require.Equal(t, "true", r.Header.Get("Access-Control-Allow-Credentials"))
	require.Empty(t, r.Header.Get("Access-Control-Allow-Origin"))

	r = w.do("GET", "/store/customers/me", nil, with("Origin", shopOrigin))
	require.Equal(t, 401, r.StatusCode)
	require.Equal(t, shopOrigin, r.Header.Get("Access-Control-Allow-Origin"))
}

func TestEntityTags(t *testing.T) {
	t.Parallel()

	const tag = `W/"7f-5nKqwZxvpY4IBPQK0puLGfMuYww"` // recorded
	w := setup(t)
	r := w.do("GET", "/auth/vendor/providers", nil)
	require.Equal(t, tag, r.Header.Get("ETag"))
	for name, have := range map[string]string{"the tag": tag, "without W": tag[2:], "a list": `"x", ` + tag, "any": "*"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", "/auth/vendor/providers", nil, with("If-None-Match", have))
			require.Equal(t, 304, r.StatusCode)
			require.Empty(t, r.body)
			require.Equal(t, tag, r.Header.Get("ETag"))
			r = w.do("GET", "/auth/vendor/providers", nil, with("If-None-Match", have), with("Cache-Control", "no-cache"))
			require.Equal(t, 200, r.StatusCode)
		})
	}
	t.Run("another tag", func(t *testing.T) {
		t.Parallel()

		require.Equal(t, 200, w.do("GET", "/auth/vendor/providers", nil, with("If-None-Match", `"x"`)).StatusCode)
	})
	t.Run("an error has one and is repeated", func(t *testing.T) {
		t.Parallel()

		r := w.do("GET", "/admin/users", nil, with("If-None-Match", `W/"1a-pljHtlo127JYJR4E/RYOPb6ucbw"`))
		require.Equal(t, 401, r.StatusCode)
		require.Equal(t, `W/"1a-pljHtlo127JYJR4E/RYOPb6ucbw"`, r.Header.Get("ETag"))
	})
	t.Run("HEAD", func(t *testing.T) {
		t.Parallel()

		r := w.do("HEAD", "/auth/vendor/providers", nil)
		require.Equal(t, 200, r.StatusCode)
		require.Equal(t, tag, r.Header.Get("ETag"))
		require.Equal(t, "127", r.Header.Get("Content-Length"))
		require.Empty(t, r.body)
	})
}

func TestPathParameters(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	for path, want := range map[string]string{
		"/admin/users/user_%6eope": "User with id: user_nope was not found",
		"/admin/users/a%2Fb":       "User with id: a/b was not found",
		"/admin/users/%2541":       "User with id: %41 was not found",
		"/Admin/users/%2541":       "User with id: %41 was not found",
		"/admin/users/a%25%2F":     "User with id: a%/ was not found",
		"/Admin/USERS/A%20b/":      "User with id: A b was not found",
		"/admin/users/%00":         "The path is not valid.",
		"/admin/users/%ff":         "The path is not valid.",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			require.Equal(t, want, w.do("GET", path, nil, bearer(token)).text(t, "message"))
		})
	}
}

// TestCustomRoutes: custom routes get the same treatment as the built-in ones.
func TestCustomRoutes(t *testing.T) {
	t.Parallel()

	w := setup(t)
	e := w.server.Echo()
	echoed := func(c echo.Context) error {
		claims, ok := api.AuthContext(c)
		return c.JSON(http.StatusOK, object{"id": c.Param("id"), "body": api.Body(c), "actor": claims.ActorID, "known": ok})
	}
	e.POST("/probe/:id/echo", echoed)
	e.GET("/probe/:id/echo", echoed)
	e.GET("/store/hello", echoed)
	e.GET("/admin/hello", echoed)
	e.GET("/files/*", echoed)
	group := e.Group("/grouped")
	group.Use(func(next echo.HandlerFunc) echo.HandlerFunc { return next })
	group.GET("/x", func(echo.Context) error { return echo.NewHTTPError(http.StatusTeapot, "short and stout") })
	token := w.customer("a@example.com")

	r := w.send(w.raw, "POST", "/PROBE/Some%20Id/echo/", `{"a":1}`)
	require.JSONEq(t, `{"id":"Some Id","body":{"a":1},"actor":"","known":false}`, r.body)
	r = w.send(w.raw, "HEAD", "/probe/x/echo", nil)
	require.Equal(t, 200, r.StatusCode)
	require.Empty(t, r.body)
	require.Equal(t, 401, w.send(w.raw, "GET", "/admin/hello", nil).StatusCode)
	r = w.send(w.raw, "GET", "/store/hello", nil, bearer(token), with("Origin", shopOrigin))
	require.Equal(t, true, r.value(t, "known"))
	require.Equal(t, shopOrigin, r.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, false, w.send(w.raw, "GET", "/store/hello", nil, bearer("garbage")).value(t, "known"))
	require.Equal(t, 200, w.send(w.raw, "GET", "/Files/a//b", nil).StatusCode)
	require.Equal(t, 404, w.send(w.raw, "GET", "/probe/a/b/echo", nil).StatusCode)
	r = w.send(w.raw, "GET", "/grouped/x", nil)
	require.Equal(t, 418, r.StatusCode)
	require.Equal(t, "short and stout", r.text(t, "message"))
	require.Equal(t, 404, w.send(w.raw, "GET", "/grouped/y", nil).StatusCode)
}
