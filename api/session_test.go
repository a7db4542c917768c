package api_test

import (
	"io"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

var cookieFormat = regexp.MustCompile(`^connect\.sid=s%3A[\w-]{32}\.(?:[A-Za-z0-9]|%2B|%2F){43}; Path=/; ` +
	`Expires=Mon, 23 Nov 2026 23:47:46 GMT; HttpOnly(; Secure)?; SameSite=Lax$`)

func TestCreatingASession(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	r := w.do("POST", "/auth/session", nil, bearer(token))
	require.Equal(t, 200, r.StatusCode)
	require.Regexp(t, cookieFormat, r.Header.Get("Set-Cookie")) // docs/weak-spots.md#w40: SameSite always
	claims := w.claims(token)
	r.is(t, `{"user":{"actor_id":"`+claims.ActorID+`","actor_type":"customer","auth_identity_id":"`+claims.AuthIdentityID+
		`","auth_provider":"emailpass","mfa_enabled":false,"mfa_challenge_completed_at":null,"app_metadata":{"customer_id":"`+
		claims.ActorID+`"},"user_metadata":{},"iat":1795441666,"exp":1795528066}}`)
	cookie := with("Cookie", r.cookie(t))

	t.Run("the cookie signs in", func(t *testing.T) {
		t.Parallel()

		require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, cookie).StatusCode)
	})
	t.Run("also when it is not percent-encoded", func(t *testing.T) {
		t.Parallel()

		value := regexp.MustCompile("%3A").ReplaceAllString(r.cookie(t), ":")
		value = regexp.MustCompile("%2B").ReplaceAllString(value, "+")
		value = regexp.MustCompile("%2F").ReplaceAllString(value, "/")
		require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, with("Cookie", "x=1; "+value)).StatusCode)
	})
	t.Run("the store has only its hash", func(t *testing.T) {
		t.Parallel()

		id := regexp.MustCompile(`s%3A([\w-]+)`).FindStringSubmatch(r.cookie(t))[1]
		var n int
		require.NoError(t, w.store.DB().QueryRow(`SELECT COUNT(*) FROM session WHERE secret_hash = $1 OR id = $1`, id).Scan(&n))
		require.Zero(t, n)
		require.NotContains(t, w.logs.String(), id)
	})
	t.Run("not from a cookie, not without a token", func(t *testing.T) {
		t.Parallel()

		for _, h := range []header{cookie, bearer("garbage"), with("X-None", "")} {
			r := w.do("POST", "/auth/session", nil, h)
			require.Equal(t, 401, r.StatusCode)
			r.is(t, `{"message":"Unauthorized"}`)
			require.Empty(t, r.Cookies())
		}
	})
	t.Run("without an actor", func(t *testing.T) {
		t.Parallel()

		r := w.do("POST", "/auth/session", nil, bearer(w.registered("customer", "b@example.com")))
		require.Empty(t, r.text(t, "user.actor_id"))
		cookie := with("Cookie", r.cookie(t))
		require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, cookie).StatusCode)
		require.Equal(t, 200, w.do("POST", "/store/customers", object{"email": "b@example.com"}, cookie).StatusCode)
		// The session keeps the actor of its token, which had none.
		require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, cookie).StatusCode)
	})
}

// TestForgedCookies: recorded cookies have a good signature here, and still
// nothing but a session in the store signs in.
func TestForgedCookies(t *testing.T) {
	t.Parallel()

	w := setup(t)
	for name, cookie := range map[string]string{
		"signed, unknown":   "connect.sid=s%3Axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.YDebxLRP4kptkAZVh9zAihHsWi%2FJmusEI1yPAdQYcX0",
		"recorded":          "connect.sid=s%3AE81HqRjU26pygvMpGyzSFkSZVKGBqoO8.hMAu3vhlipTyp%2BKeWUkYf1C9rjiubV7K%2FE8v5SmGN80",
		"another signature": "connect.sid=s%3AE81HqRjU26pygvMpGyzSFkSZVKGBqoO8.hMAu3vhlipTyp%2BKeWUkYf1C9rjiubV7K%2FE8v5SmGAAA",
		"no signature":      "connect.sid=s%3AE81HqRjU26pygvMpGyzSFkSZVKGBqoO8",
		"no prefix":         "connect.sid=E81HqRjU26pygvMpGyzSFkSZVKGBqoO8.hMAu3vhlipTyp",
		"empty":             "connect.sid=",
		"another name":      "other.sid=s%3Ax.y",
		"broken escape":     "connect.sid=s%3",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, with("Cookie", cookie)).StatusCode)
			require.Equal(t, 401, w.do("DELETE", "/auth/session", nil, with("Cookie", cookie)).StatusCode)
		})
	}
}

func TestSessionIDRotates(t *testing.T) {
	t.Parallel()

	w := setup(t) // docs/weak-spots.md#w33
	token := w.customer("a@example.com")
	first := w.session(token)
	r := w.do("POST", "/auth/session", nil, bearer(token), with("Cookie", first))
	second := r.cookie(t)
	require.NotEqual(t, first, second)
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, with("Cookie", first)).StatusCode, "the former one has ended")
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, with("Cookie", second)).StatusCode)
}

func TestEndingASession(t *testing.T) {
	t.Parallel()

	w := setup(t)
	cookie := with("Cookie", w.session(w.customer("a@example.com")))
	r := w.do("DELETE", "/auth/session", nil, cookie)
	require.Equal(t, 200, r.StatusCode)
	r.is(t, `{"success":true}`)
	require.Equal(t, "connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax", r.Header.Get("Set-Cookie"))
	r = w.do("DELETE", "/auth/session", nil, cookie)
	require.Equal(t, 401, r.StatusCode)
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, cookie).StatusCode)
}

func TestSessionsEndByTime(t *testing.T) {
	t.Parallel()

	w := setup(t, options(func(o *api.Options) { // docs/weak-spots.md#w32
		o.SessionIdle, o.SessionAbsolute = time.Hour, 3*time.Hour
	}), func(_ *api.Options, c *tokens.Config) { c.ExpiresIn = 2 * time.Second })
	token := w.customer("a@example.com")
	idle, used := with("Cookie", w.session(token)), with("Cookie", w.session(token))
	me := func(h header) int { return w.do("GET", "/store/customers/me", nil, h).StatusCode }

	w.clock.Advance(50 * time.Minute)
	require.Equal(t, 401, me(bearer(token)), "the token has expired")
	require.Equal(t, 200, me(used), "its session goes on")
	w.clock.Advance(20 * time.Minute)
	require.Equal(t, 401, me(idle), "it was not used for an hour")
	for range 3 {
		require.Equal(t, 200, me(used))
		w.clock.Advance(36 * time.Minute)
	}
	require.Equal(t, 200, me(used), "2 h 58 min old")
	w.clock.Advance(2 * time.Minute)
	require.Equal(t, 401, me(used), "use does not carry it past its absolute end")
}

// TestRevokedCredentials: what was issued counts only while the store agrees
// (docs/weak-spots.md#w14, #w31, #w32).
func TestRevokedCredentials(t *testing.T) {
	t.Parallel()

	for name, revoke := range map[string]func(*world, tokens.Claims) error{
		"credentials ended": func(w *world, c tokens.Claims) error {
			return w.store.EndCredentials(w.t.Context(), c.AuthIdentityID)
		},
		"identity removed": func(w *world, c tokens.Claims) error {
			return w.store.RemoveIdentity(w.t.Context(), c.AuthIdentityID, "g")
		},
		"customer removed": func(w *world, c tokens.Claims) error {
			return w.store.RemoveCustomer(w.t.Context(), c.ActorID, everlatch.Event{ID: "evt_1", Name: "customer.deleted", GroupID: "g"})
		},
		"actor unlinked": func(w *world, c tokens.Claims) error {
			return w.store.UnlinkActor(w.t.Context(), store.Link{IdentityID: c.AuthIdentityID, ActorType: "customer", ActorID: c.ActorID})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := setup(t)
			token := w.customer("a@example.com")
			cookie := with("Cookie", w.session(token))
			require.NoError(t, revoke(w, w.claims(token)))
			for _, h := range []header{bearer(token), cookie} {
				require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, h).StatusCode)
				require.Equal(t, 401, w.do("POST", "/store/customers/me", object{"first_name": "x"}, h).StatusCode)
				require.Equal(t, 401, w.do("POST", "/auth/session", nil, h).StatusCode)
				require.Contains(t, []int{401, 404}, w.do("POST", "/auth/token/refresh", nil, h).StatusCode)
			}
		})
	}
}

func TestBearerWinsOverSession(t *testing.T) {
	t.Parallel()

	w := setup(t) // docs/weak-spots.md#w34
	cookie := with("Cookie", w.session(w.customer("cookie@example.com")))
	email := func(h ...header) any {
		return w.do("GET", "/store/customers/me", nil, append(h, cookie)...).value(t, "customer.email")
	}
	require.Equal(t, "bearer@example.com", email(bearer(w.customer("bearer@example.com"))))
	require.Equal(t, "cookie@example.com", email(bearer("garbage")), "an invalid one falls through")
	require.Equal(t, "cookie@example.com", email(bearer(w.admin("root@example.com"))), "and one of another actor type")

	// An open session does not get in the way of a registration token.
	r := w.do("POST", "/store/customers", object{"email": "new@example.com"}, bearer(w.registered("customer", "new@example.com")), cookie)
	require.Equal(t, 200, r.StatusCode, r.body)
	// On refresh Medusa lets the session win.
	r = w.do("POST", "/auth/token/refresh", nil, bearer(w.admin("root2@example.com")), cookie)
	require.Equal(t, "user", w.claims(r.text(t, "token")).ActorType)
}

// TestCrossSiteRequests: docs/weak-spots.md#w40. Only changes that a cookie authenticates are
// guarded.
func TestCrossSiteRequests(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	cookie := with("Cookie", w.session(token))
	origin := func(o string) header { return with("Origin", o) }
	site := func(s string) header { return with("Sec-Fetch-Site", s) }
	tests := map[string]struct {
		headers []header
		status  int
	}{
		"from a foreign page":               {[]header{cookie, origin("http://evil.example")}, 403},
		"from the shop":                     {[]header{cookie, origin(shopOrigin)}, 200},
		"from the dashboard, on /store":     {[]header{cookie, origin(adminOrigin)}, 403},
		"from this host":                    {[]header{cookie, origin("https://everlatch.test")}, 200},
		"from this host, another port":      {[]header{cookie, origin("https://everlatch.test:444")}, 403},
		"from a sandbox":                    {[]header{cookie, origin("null")}, 403},
		"without Origin, cross-site":        {[]header{cookie, site("cross-site")}, 403},
		"without Origin, from a sibling":    {[]header{cookie, site("same-site")}, 403},
		"without Origin, from this origin":  {[]header{cookie, site("same-origin")}, 200},
		"without Origin, typed by a person": {[]header{cookie, site("none")}, 200},
		"by no browser":                     {[]header{cookie}, 200},
		"with a bearer token":               {[]header{bearer(token), cookie, origin("http://evil.example")}, 200},
		"a forwarded host without proxies":  {[]header{cookie, origin("https://shop.example"), with("X-Forwarded-Host", "shop.example")}, 403},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.do("POST", "/store/customers/me", object{"phone": "1"}, tt.headers...)
			require.Equal(t, tt.status, r.StatusCode, r.body)
			if tt.status == 403 {
				require.Equal(t, "forbidden", r.text(t, "type"))
				require.NotEmpty(t, r.text(t, "message"))
			}
			require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, tt.headers...).StatusCode, "reading is free")
		})
	}
	require.Equal(t, 403, w.do("DELETE", "/auth/session", nil, cookie, origin("http://evil.example")).StatusCode)
	require.Equal(t, 403, w.do("POST", "/auth/token/refresh", nil, cookie, origin("http://evil.example")).StatusCode)
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, cookie).StatusCode, "the session has survived")
}

func TestCookieAttributes(t *testing.T) {
	t.Parallel()

	no := false
	https := with("X-Forwarded-Proto", "https, http")
	tests := map[string]struct {
		change func(*api.Options)
		header header
		want   string
	}{
		"https by a trusted proxy": {func(o *api.Options) { o.TrustProxy = 1 }, https, `; HttpOnly; Secure; SameSite=Lax$`},
		"https without a proxy":    {func(*api.Options) {}, https, `; HttpOnly; SameSite=Lax$`},
		"http":                     {func(o *api.Options) { o.TrustProxy = 1 }, with("X-Forwarded-Proto", "http"), `; HttpOnly; SameSite=Lax$`},
		"never secure":             {func(o *api.Options) { o.TrustProxy, o.Cookie.Secure = 1, &no }, https, `; HttpOnly; SameSite=Lax$`},
		"strict, with a domain and names": {func(o *api.Options) {
			o.Cookie = api.CookieOptions{Name: "golden.sid", Domain: "localhost", SameSite: "strict"}
		}, https, `^golden\.sid=s%3A.*; Path=/; Domain=localhost; .*SameSite=Strict$`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := setup(t, options(tt.change))
			r := w.do("POST", "/auth/session", nil, bearer(w.customer("a@example.com")), tt.header)
			require.Equal(t, 200, r.StatusCode)
			require.Regexp(t, tt.want, r.Header.Get("Set-Cookie"))
		})
	}
	t.Run("another name", func(t *testing.T) {
		t.Parallel()

		w := setup(t, options(func(o *api.Options) { o.Cookie.Name = "golden.sid" }))
		cookie := w.session(w.customer("a@example.com"))
		require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, with("Cookie", cookie)).StatusCode)
		require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, with("Cookie", "connect"+cookie[len("golden"):])).StatusCode)
	})
	t.Run("rolling", func(t *testing.T) {
		t.Parallel()

		w := setup(t, options(func(o *api.Options) { o.Cookie.Rolling = true }))
		cookie := w.session(w.customer("a@example.com"))
		w.clock.Advance(time.Hour)
		r := w.do("GET", "/store/customers/me", nil, with("Cookie", cookie))
		require.Equal(t, cookie, r.cookie(t))
		require.Equal(t, time.Date(2026, 11, 24, 0, 47, 46, 0, time.UTC), r.Cookies()[0].Expires)
	})
	t.Run("an older secret still verifies", func(t *testing.T) {
		t.Parallel()

		w := setup(t, options(func(o *api.Options) { o.CookieSecrets = []string{"new", cookieSecret} }))
		recorded := "connect.sid=s%3AE81HqRjU26pygvMpGyzSFkSZVKGBqoO8.hMAu3vhlipTyp%2BKeWUkYf1C9rjiubV7K%2FE8v5SmGN80"
		require.Equal(t, 200, w.do("POST", "/auth/session", nil, bearer(w.customer("a@example.com")), with("Cookie", recorded)).StatusCode)
	})
}

// FuzzCookie: only a real cookie authenticates, and none breaks anything.
func FuzzCookie(f *testing.F) {
	for _, seed := range []string{
		"connect.sid=s%3Ax.y", "connect.sid=s:x.y; a=b", "connect.sid", "=;;=", "connect.sid=%zz", `connect.sid="s%3A"`,
		"connect.sid=s%3AE81HqRjU26pygvMpGyzSFkSZVKGBqoO8.hMAu3vhlipTyp%2BKeWUkYf1C9rjiubV7K%2FE8v5SmGN80", "connect.sid=s:.",
	} {
		f.Add(seed)
	}
	w := setup(f)
	f.Fuzz(func(t *testing.T, cookie string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/store/customers/me", nil)
		require.NoError(t, err)
		r.Header["Cookie"] = []string{cookie}
		resp, err := w.raw.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 401, resp.StatusCode, "%s", body)
	})
}
