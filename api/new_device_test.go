package api_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

// newDevices are the events about sign-ins from new devices.
func (w *world) newDevices() []everlatch.Event {
	w.t.Helper()
	events, _, err := w.store.Events(w.t.Context(), store.EventFilter{Name: everlatch.EventSignInFromNewDevice}, store.Page{})
	require.NoError(w.t, err)
	return events
}

func TestSignInFromNewDevice(t *testing.T) {
	t.Parallel()

	w := setup(t, options(proxied))
	r := w.do("POST", "/auth/customer/emailpass/register", object{"email": "a@example.com", "password": "supersecret"},
		with("User-Agent", firefox), with("X-Forwarded-For", "192.0.2.17"))
	require.Equal(t, 200, r.StatusCode)
	w.loginFrom(firefox, "192.0.2.200")
	require.Empty(t, w.newDevices(), "the first one is the registration; then device and network are known")

	w.clock.Advance(time.Second)
	for _, from := range []struct{ agent, addr string }{{iphone, "192.0.2.17"}, {firefox, "198.51.100.1"}, {iphone, "192.0.2.17"}} {
		w.loginFrom(from.agent, from.addr)
		w.clock.Advance(time.Second)
	}
	events := w.newDevices()
	require.Len(t, events, 2)
	list := w.sessionsOf(bearer(w.loginFrom(firefox, "192.0.2.17")))
	require.Contains(t, []string{list[0].ID, list[1].ID, list[2].ID, list[3].ID}, events[0].Data["sign_in_id"])
	require.Equal(t, "Safari on iPhone", events[0].Data["device"])
	require.Equal(t, "192.0.2.0/24", events[0].Data["network"])
	require.Equal(t, "emailpass", events[0].Data["provider"])
	require.Equal(t, "198.51.100.0/24", events[1].Data["network"])
	require.NotNil(t, events[0].ReleasedAt)
	require.Empty(t, w.flows.noticed, "mails are off")
}

// TestAnIdentityOlderThanTheRecords: after an upgrade nothing is recorded about its
// devices, and the first sign-in may be anyone's.
func TestAnIdentityOlderThanTheRecords(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.registered("customer", "a@example.com")
	_, err := w.store.DB().ExecContext(t.Context(), `DELETE FROM sign_in`)
	require.NoError(t, err)
	w.clock.Advance(time.Hour)
	w.login("customer", "a@example.com")
	require.Len(t, w.newDevices(), 1)
	w.login("customer", "a@example.com")
	require.Len(t, w.newDevices(), 1)
}

// TestAKnownBrowserIsNoNewDevice: a browser that kept its cookie may change networks.
func TestAKnownBrowserIsNoNewDevice(t *testing.T) {
	t.Parallel()

	w := limited(t, limits.Options{})
	r := w.do("POST", "/auth/customer/emailpass/register", object{"email": "a@example.com", "password": "supersecret"}, from("192.0.2.1"))
	require.Equal(t, 200, r.StatusCode, r.body)
	cookie := r.Cookies()[0]
	require.Equal(t, "everlatch.device", cookie.Name, "a registration signs in too")
	w.clock.Advance(24 * time.Hour)

	r = w.signIn("a@example.com", "supersecret", from("198.51.100.1"), with("Cookie", cookie.Name+"="+cookie.Value))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Empty(t, w.newDevices())
	require.Len(t, strings.Split(r.Cookies()[0].Value, "."), 4, "the device has two entries: by address and by identity")

	require.Equal(t, 200, w.signIn("a@example.com", "supersecret", from("203.0.113.1")).StatusCode)
	require.Len(t, w.newDevices(), 1, "without the cookie it is new")
}

func TestMailAboutNewDevice(t *testing.T) {
	t.Parallel()

	w := setup(t, options(proxied), options(func(o *api.Options) { o.NewDeviceMail = true }))
	w.registered("customer", "a@example.com")
	token := w.loginFrom(firefox, "192.0.2.17")
	require.Empty(t, w.newDevices(), "the flow records the event, with the token")
	require.Len(t, w.flows.noticed, 1)
	told := w.flows.noticed[0]
	require.Equal(t, w.claims(token).SignInID, told.SignIn.ID)
	require.Equal(t, "Firefox on Windows", told.SignIn.Device)
	require.Equal(t, w.tokens.AbsoluteEnd(w.clock.Now()), told.Until)

	// Temporal is away: the sign-in goes on, and the event is recorded without a link.
	w.flows.fakeSignIns.fail = errors.New("away")
	w.loginFrom(iphone, "192.0.2.17")
	require.Len(t, w.newDevices(), 1)
	require.Contains(t, w.logs.String(), "no mail about a new device")
}

func TestDisown(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.registered("customer", "a@example.com")
	thief, owner := w.login("customer", "a@example.com"), w.login("customer", "a@example.com")
	issue := func(id string, ttl time.Duration) string {
		raw, err := w.tokens.IssueSignIn(tokens.SignIn{
			SignInID: w.claims(thief).SignInID, ActorType: "customer", ID: id, IssuedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(ttl),
		})
		require.NoError(t, err)
		return raw
	}
	for name, token := range map[string]string{"another": issue("bad", time.Hour), "expired": issue("good", -time.Hour), "a token that signs in": owner, "text": "x"} {
		r := w.do("POST", "/auth/sessions/disown", object{"token": token})
		require.Equal(t, 401, r.StatusCode, name)
		r.is(t, `{"type":"unauthorized","message":"Invalid token"}`)
	}
	require.Equal(t, 400, w.do("POST", "/auth/sessions/disown", object{}).StatusCode)
	require.Equal(t, 200, w.do("GET", "/auth/identities", nil, bearer(thief)).StatusCode)

	for range 2 {
		r := w.do("POST", "/auth/sessions/disown", object{"token": issue("good", time.Hour)})
		require.Equal(t, 200, r.StatusCode, r.body)
	}
	require.Equal(t, 401, w.do("GET", "/auth/identities", nil, bearer(thief)).StatusCode)
	require.Equal(t, 200, w.do("GET", "/auth/identities", nil, bearer(owner)).StatusCode)
}
