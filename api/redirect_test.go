package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
)

const awayPath = "/auth/customer/elsewhere"

// browserCookie returns the cookie that tells browsers apart, nil for none.
func browserCookie(r reply) *http.Cookie {
	for _, c := range r.Cookies() {
		if c.Name == "everlatch.browser" {
			return c
		}
	}
	return nil
}

func TestRedirectToProvider(t *testing.T) {
	t.Parallel()
	w := setup(t)

	first := w.do("POST", awayPath, object{})
	require.Equal(t, 200, first.StatusCode, first.body)
	require.Equal(t, "https://elsewhere.example/authorize?state=s1", first.text(t, "location"))
	require.Equal(t, "no-store", first.Header.Get("Cache-Control"))
	cookie := browserCookie(first)
	require.NotNil(t, cookie)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Equal(t, "/auth", cookie.Path)
	require.Equal(t, cookie.Value, w.flows.away[0].Browser)
	require.False(t, w.flows.away[0].Bound)
	require.Equal(t, "https://shop.example/cb", w.flows.away[0].CallbackURL)
	require.Equal(t, time.Minute, w.flows.away[0].TTL, "the provider's limit")

	second := w.do("GET", awayPath, nil, with("Cookie", "everlatch.browser="+cookie.Value))
	require.Equal(t, 200, second.StatusCode, second.body)
	require.Equal(t, cookie.Value, browserCookie(second).Value, "it doesn't expire on the way")
	require.False(t, w.flows.away[1].Bound, "the second time as the first time")
	require.Equal(t, cookie.Value, w.flows.away[1].Browser)

	other := w.do("POST", awayPath, object{"callback_url": "https://shop.example/other"})
	require.Equal(t, 200, other.StatusCode)
	require.Equal(t, "https://shop.example/other", w.flows.away[2].CallbackURL)
	evil := w.do("POST", awayPath, object{"callback_url": "https://evil.example/cb"})
	require.Equal(t, 401, evil.StatusCode)
	require.Equal(t, "The provided callback URL is not allowed", evil.text(t, "message"))
	require.Len(t, w.flows.away, 3)

	said := w.do("GET", awayPath+"?error=access_denied&error_description=Denied&error_uri=http%3A%2F%2Fdocs", nil)
	require.Equal(t, 401, said.StatusCode)
	require.Equal(t, "Denied, read more at: http://docs", said.text(t, "message"))
	require.Equal(t, 400, w.do("POST", "/auth/vendor/elsewhere", object{}).StatusCode, "not on the vendors' list")
	registered := w.do("POST", awayPath+"/register", object{})
	require.Equal(t, 401, registered.StatusCode)
	require.Equal(t, "Elsewhere does not support registration. Use method `authenticate` instead.", registered.text(t, "message"))
	require.Contains(t, w.do("GET", "/auth/customer/providers", nil).body, `"id":"elsewhere","identifier":"elsewhere","display_name":"Elsewhere Authentication","flow":"redirect"`)
}

// docs/weak-spots.md#w44.
func TestCallbacksNeedTheBrowserThatBegan(t *testing.T) {
	t.Parallel()
	const chosen = "a-value-of-the-client"
	w := setup(t, options(func(o *api.Options) { o.RequireBrowser = true }))

	require.NotNil(t, browserCookie(w.do("POST", awayPath, object{})))
	require.True(t, w.flows.away[0].Bound)

	r := w.do("POST", awayPath, object{}, with("Everlatch-Browser", chosen))
	require.Nil(t, browserCookie(r), "it is known by the header")
	require.Equal(t, chosen, w.flows.away[1].Browser)
	cookie := with("Cookie", "everlatch.browser=b")
	for want, headers := range map[string][]header{"b": {cookie}, chosen: {cookie, with("Everlatch-Browser", chosen)}} {
		r := w.do("GET", awayPath+"/callback?code=c&state=good&Everlatch-Browser=of-the-attacker-1", nil, headers...)
		require.Equal(t, 200, r.StatusCode, r.body)
		require.Equal(t, want, w.flows.back[len(w.flows.back)-1].Browser)
	}
	// One that a neighbouring host has planted comes second and changes nothing.
	planted := with("Cookie", "everlatch.browser=b; everlatch.browser=planted")
	require.Equal(t, "b", browserCookie(w.do("POST", awayPath, object{}, planted)).Value)
	require.Equal(t, 200, w.do("GET", awayPath+"/callback?code=c&state=good", nil, planted).StatusCode)
	require.Equal(t, "b", w.flows.back[len(w.flows.back)-1].Browser)
	for _, bad := range []string{"short", strings.Repeat("x", 129)} {
		for _, path := range []string{awayPath, awayPath + "/callback?code=c&state=good"} {
			r := w.do("GET", path, nil, with("Everlatch-Browser", bad))
			require.Equal(t, 400, r.StatusCode, r.body)
			require.Equal(t, "Everlatch-Browser must be one value of 16 to 128 characters.", r.text(t, "message"))
		}
	}

	off := setup(t)
	off.do("POST", awayPath, object{}, with("Everlatch-Browser", chosen))
	require.True(t, off.flows.away[0].Bound, "who names a browser wants it to be required")
}

// The answer of a provider with response_mode=form_post is a POST from its own site,
// which a browser sends no Lax cookie with.
func TestFormPost(t *testing.T) {
	t.Parallel()
	w := setup(t, options(func(o *api.Options) { o.TrustProxy, o.RequireBrowser = 1, true }))

	begun := w.do("POST", awayPath, object{}, with("X-Forwarded-Proto", "https"))
	cookie := browserCookie(begun)
	require.NotNil(t, cookie)
	require.Equal(t, http.SameSiteNoneMode, cookie.SameSite)
	require.True(t, cookie.Secure)

	r := w.do("POST", awayPath+"/callback", "code=c&state=good", with("Content-Type", "application/x-www-form-urlencoded"),
		with("Origin", "https://elsewhere.example"), with("Sec-Fetch-Site", "cross-site"), with("Sec-Fetch-Mode", "navigate"),
		with("X-Forwarded-Proto", "https"), with("Cookie", cookie.Name+"="+cookie.Value))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, map[string]string{"code": "c", "state": "good"}, w.flows.back[0].Params)
	require.Equal(t, cookie.Value, w.flows.back[0].Browser)
}

func TestCallback(t *testing.T) {
	t.Parallel()
	w := setup(t)

	r := w.do("GET", awayPath+"/callback?code=c&state=good&extra=x", nil, with("Cookie", "everlatch.browser=b"))
	require.Equal(t, 200, r.StatusCode, r.body)
	claims := w.claims(r.text(t, "token"))
	require.Equal(t, "elsewhere", claims.AuthProvider)
	require.Equal(t, "Ada", claims.UserMetadata["name"])
	require.Equal(t, map[string]string{"code": "c", "state": "good", "extra": "x"}, w.flows.back[0].Params)
	require.Equal(t, "b", w.flows.back[0].Browser)

	r = w.do("POST", awayPath+"/callback?code=of-the-query", object{"code": "of the body", "state": "good", "n": 5})
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, map[string]string{"code": "of-the-query", "state": "good"}, w.flows.back[1].Params)

	refused := map[string]string{
		awayPath + "/callback?state=good":                 "No code provided",
		awayPath + "/callback?code=c":                     "No state provided, or session expired",
		awayPath + "/callback?code=c&state=nope":          "No state provided, or session expired",
		awayPath + "/callback?code=c&state[a]=b":          "No state provided, or session expired",
		awayPath + "/callback?error=denied&state=good":    "undefined, read more at: undefined",
		"/auth/customer/emailpass/callback?code=1":        "Callback authentication not implemented for provider emailpass",
		"/auth/shopper/nope/callback?code=1":              "\nUnable to retrieve the auth provider with id: nope\nPlease make sure",
		"/auth/customer/elsewhere/callback?error=x&code=": "undefined, read more at: undefined",
	}
	for path, message := range refused {
		r := w.do("GET", path, nil)
		require.Equal(t, 401, r.StatusCode, path)
		require.True(t, strings.HasPrefix(r.text(t, "message"), message), "%s: %s", path, r.body)
	}
	require.Equal(t, 400, w.do("GET", "/auth/vendor/elsewhere/callback?code=1", nil).StatusCode)

	w.flows.failWith(everlatch.Unavailable("The service", nil))
	require.Equal(t, 503, w.do("GET", awayPath+"/callback?code=c&state=good", nil).StatusCode)
}
