package api_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

const (
	firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)

// ownSession is a session in an answer.
type ownSession struct {
	ID         string    `json:"id"`
	Current    bool      `json:"current"`
	Provider   string    `json:"auth_provider"`
	ActorType  string    `json:"actor_type"`
	Device     *string   `json:"device"`
	Network    *string   `json:"network"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// sessionsOf are the sessions that a caller sees.
func (w *world) sessionsOf(headers ...header) []ownSession {
	w.t.Helper()
	r := w.do("GET", "/auth/sessions", nil, headers...)
	require.Equal(w.t, 200, r.StatusCode, r.body)
	require.Equal(w.t, "no-store", r.Header.Get("Cache-Control"))
	var out struct {
		Sessions []ownSession `json:"sessions"`
	}
	require.NoError(w.t, json.Unmarshal([]byte(r.body), &out))
	return out.Sessions
}

// loginFrom signs a@example.com in with a browser, behind a proxy.
func (w *world) loginFrom(agent, addr string) string {
	w.t.Helper()
	r := w.do("POST", "/auth/customer/emailpass", object{"email": "a@example.com", "password": "supersecret"},
		with("User-Agent", agent), with("X-Forwarded-For", addr))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return r.text(w.t, "token")
}

func proxied(o *api.Options) { o.TrustProxy = 1 }

func TestSessions(t *testing.T) {
	t.Parallel()

	w := setup(t, options(proxied))
	w.registered("customer", "a@example.com")
	w.registered("customer", "b@example.com")
	w.clock.Advance(time.Minute)
	began := w.clock.Now()
	laptop := w.loginFrom(firefox, "192.0.2.17")
	w.clock.Advance(time.Minute)
	phone := w.loginFrom(iphone, "2001:db8:1:2::3")

	list := w.sessionsOf(bearer(phone))
	require.Len(t, list, 3, "the registration signed in too")
	require.Equal(t, ownSession{
		ID: w.claims(phone).SignInID, Current: true, Provider: "emailpass", ActorType: "customer",
		Device: new("Safari on iPhone"), Network: new("2001:db8:1::/48"),
		CreatedAt: w.clock.Now(), LastUsedAt: w.clock.Now(), ExpiresAt: time.Unix(w.claims(phone).ExpiresAt, 0).UTC(),
	}, list[0])
	require.Equal(t, "Firefox on Windows", *list[1].Device)
	require.Equal(t, "192.0.2.0/24", *list[1].Network)
	require.False(t, list[1].Current)

	cookie := w.session(laptop)
	list = w.sessionsOf(with("Cookie", cookie))
	require.Equal(t, w.claims(laptop).SignInID, list[1].ID)
	require.True(t, list[1].Current, "a cookie belongs to the sign-in of its token")

	w.clock.Advance(61 * time.Minute)
	w.do("GET", "/auth/identities", nil, bearer(laptop))
	list = w.sessionsOf(bearer(laptop))
	require.Equal(t, w.clock.Now(), list[0].LastUsedAt, "use is noted once an hour")
	require.Equal(t, began, list[0].CreatedAt)
	require.True(t, list[0].Current)

	r := w.send(w.raw, "GET", "/auth/sessions?fields=id", nil, bearer(laptop))
	require.Contains(t, r.body, `{"sessions":[{"id":"`)
	require.NotContains(t, r.body, "device")
	require.Equal(t, 401, w.do("GET", "/auth/sessions", nil).StatusCode)
}

// TestARenewedSessionStaysListed: as long as a token is accepted, its session is shown.
func TestARenewedSessionStaysListed(t *testing.T) {
	t.Parallel()

	w := setup(t, func(o *api.Options, c *tokens.Config) { c.ExpiresIn = 10 * time.Minute })
	token := w.registered("customer", "a@example.com")
	for range 40 {
		w.clock.Advance(9 * time.Minute)
		token = w.do("POST", "/auth/token/refresh", nil, bearer(token)).text(t, "token")
		require.Len(t, w.sessionsOf(bearer(token)), 1)
	}
	// A session in use lives on without its token.
	cookie := w.session(token)
	for range 10 {
		w.clock.Advance(9 * time.Hour)
		list := w.sessionsOf(with("Cookie", cookie))
		require.Len(t, list, 1)
		require.True(t, list[0].Current)
	}
}

func TestEndingASessionByID(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.registered("customer", "a@example.com")
	thief := w.login("customer", "a@example.com")
	stolen := w.session(thief)
	w.clock.Advance(time.Hour)
	owner := w.login("customer", "a@example.com")
	thiefs := w.claims(thief).SignInID
	foreign := w.claims(w.registered("customer", "b@example.com")).SignInID

	r := w.do("DELETE", "/auth/sessions/"+w.claims(owner).SignInID, nil, bearer(thief))
	require.Equal(t, 401, r.StatusCode, "an old token ends no other session")
	require.Equal(t, 401, w.do("DELETE", "/auth/sessions", nil, bearer(thief)).StatusCode)

	for range 2 {
		r = w.do("DELETE", "/auth/sessions/"+thiefs, nil, bearer(owner))
		require.Equal(t, 200, r.StatusCode, r.body)
		r.is(t, `{"id":"`+thiefs+`","object":"session","deleted":true}`)
	}
	for _, h := range []header{bearer(thief), with("Cookie", stolen)} {
		require.Equal(t, 401, w.do("GET", "/auth/identities", nil, h).StatusCode)
		require.Equal(t, 401, w.do("POST", "/auth/token/refresh", nil, h).StatusCode)
	}
	events, count, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInEnded}, store.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, count)
	require.Equal(t, store.EndedByOwner, events[0].Data["reason"])
	require.NotNil(t, events[0].ReleasedAt)

	for _, id := range []string{foreign, "unknown"} {
		r = w.do("DELETE", "/auth/sessions/"+id, nil, bearer(owner))
		require.Equal(t, 404, r.StatusCode)
		r.is(t, `{"type":"not_found","message":"Session with id: `+id+` was not found"}`)
	}

	// The current one ends without a recent sign-in, and again.
	w.clock.Advance(time.Hour)
	for range 2 {
		require.Equal(t, 200, w.do("DELETE", "/auth/sessions/"+w.claims(owner).SignInID, nil, bearer(owner)).StatusCode)
	}
	require.Equal(t, 401, w.do("DELETE", "/auth/sessions/"+thiefs, nil, bearer(owner)).StatusCode, "by a token that has ended")
	require.Equal(t, 401, w.do("GET", "/auth/sessions", nil, bearer(owner)).StatusCode)
}

func TestEndingTheOwnSessionClearsItsCookie(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	cookie := w.session(token)
	r := w.do("DELETE", "/auth/sessions/"+w.claims(token).SignInID, nil, with("Cookie", cookie))
	require.Equal(t, 200, r.StatusCode)
	require.Empty(t, r.Cookies()[0].Value)
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(token)).StatusCode)
}

func TestEndingOtherSessions(t *testing.T) {
	t.Parallel()

	w := setup(t)
	mine := w.customer("a@example.com")
	myCookie := w.session(mine)
	others := []header{bearer(w.login("customer", "a@example.com")), with("Cookie", w.session(w.login("customer", "a@example.com")))}
	stranger := w.customer("b@example.com")

	for range 2 {
		r := w.do("DELETE", "/auth/sessions", nil, bearer(mine))
		require.Equal(t, 200, r.StatusCode)
		r.is(t, `{"success":true}`)
	}
	for _, h := range others {
		require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, h).StatusCode)
	}
	for _, h := range []header{bearer(mine), with("Cookie", myCookie), bearer(stranger)} {
		require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, h).StatusCode)
	}
	require.Len(t, w.sessionsOf(bearer(mine)), 1)
}

// TestSessionsThatEndOtherwise: a password change and the like leave nothing in the list
// that isn't accepted.
func TestSessionsThatEndOtherwise(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.customer("a@example.com")
	identity := w.claims(w.login("customer", "a@example.com")).AuthIdentityID
	require.NoError(t, w.store.EndCredentials(t.Context(), identity))
	token := w.login("customer", "a@example.com")
	require.Len(t, w.sessionsOf(bearer(token)), 1)

	// A caller whose request ends all tokens gets a new one, which is listed.
	require.NoError(t, w.store.AddCredential(t.Context(), store.NewCredential{
		ID: "pi_2", IdentityID: identity, Provider: "elsewhere", EntityID: "ada", EntityKey: "ada",
		Event: everlatch.Event{ID: "evt_linked", Name: everlatch.EventIdentityLinked},
	}))
	r := w.do("DELETE", "/auth/identities/pi_2", nil, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	list := w.sessionsOf(bearer(r.text(t, "token")))
	require.Len(t, list, 1)
	require.True(t, list[0].Current)
}

// TestTokensMadeElsewhere: a token whose sign-in isn't recorded, because it is older than
// the table, is recorded when it is used.
func TestTokensMadeElsewhere(t *testing.T) {
	t.Parallel()

	w := setup(t)
	p := w.claims(w.customer("a@example.com")).Principal()
	p.SignInID = ""
	token, _, err := w.tokens.Issue(p, w.clock.Now(), "another")
	require.NoError(t, err)
	list := w.sessionsOf(bearer(token))
	require.Len(t, list, 3)
	current := 0
	for _, one := range list {
		if one.Current {
			current++
			require.Equal(t, "another", one.ID)
		}
	}
	require.Equal(t, 1, current)
	require.Equal(t, http.StatusOK, w.do("DELETE", "/auth/sessions/another", nil, bearer(token)).StatusCode)
}
