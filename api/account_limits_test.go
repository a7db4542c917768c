package api_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
)

// The right password is refused as well while the account is locked, nothing is
// asked of a flow, and the event says so once.
func TestLockedAccounts(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{})
	identity := w.claims(w.registered("customer", "ada@example.com")).AuthIdentityID
	w.lockOut(" ADA@example.com ") // however it is written
	requireLimited(t, w.signIn("ada@example.com", "supersecret"), "884")
	requireLimited(t, w.do("POST", "/auth/vendor/emailpass", object{"email": "ada@example.com", "password": "supersecret"}), "884")

	events, count, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInLocked}, store.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, count)
	locked := everlatch.Metadata{
		"provider": "emailpass", "actor_type": "customer", "auth_identity_id": identity, "failures": 10.0, "locked_for": 900.0,
		"email": "ada@example.com",
	}
	require.Equal(t, locked, events[0].Data)
	w.clock.Advance(15 * time.Minute)
	require.Equal(t, 200, w.signIn("ada@example.com", "supersecret").StatusCode)

	for _, want := range []any{nil, "ada@example.com"} { // the same day, and the next
		w.clock.Advance(12 * time.Hour)
		w.lockOut("ada@example.com")
		events, _, err = w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInLocked}, store.Page{})
		require.NoError(t, err)
		latest := slices.MaxFunc(events, func(a, b everlatch.Event) int { return a.CreatedAt.Compare(b.CreatedAt) })
		require.Equal(t, want, latest.Data["email"])
		w.clock.Advance(15 * time.Minute)
		require.Equal(t, 200, w.signIn("ada@example.com", "supersecret").StatusCode)
	}
	w.lockOut("nobody@example.com")
	events, _, err = w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInLocked}, store.Page{})
	require.NoError(t, err)
	for _, e := range events {
		if e.AuthIdentityID == "" {
			require.NotContains(t, e.Data, "email", "an address without an account gets no mail")
		}
	}
}

// A registration with the password of an identity without an actor succeeds, so refused
// ones are guesses. After a hundred, from wherever, even the right one is refused before a
// flow is asked; the owner still signs in.
func TestRegistrationsAreNoGuesses(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{})
	w.registered("customer", "ada@example.com")
	register := func(i int, email, password string) reply {
		return w.do("POST", registerPath, object{"email": email, "password": password}, from("198.51."+strconv.Itoa(i)+".1"))
	}
	for i := range 100 {
		r := register(i, "ada@example.com", "a wrong guess")
		require.Equal(t, 401, r.StatusCode, "%d: %s", i, r.body)
	}
	calls := len(w.flows.asked)
	requireLimited(t, register(200, "ada@example.com", "supersecret"), "900")
	require.Len(t, w.flows.asked, calls)
	require.Equal(t, 200, w.signIn("ada@example.com", "supersecret").StatusCode)

	events, _, err := w.store.Events(t.Context(), store.EventFilter{}, store.Page{Limit: 1000})
	require.NoError(t, err)
	names := map[string]int{}
	for _, e := range events {
		names[e.Name]++
	}
	require.Equal(t, 1, names[everlatch.EventLimitReached])
	require.Zero(t, names[everlatch.EventSignInLocked], "sign-ins are not locked")
	w.clock.Advance(15 * time.Minute)
	require.Equal(t, 401, register(201, "ada@example.com", "supersecret").StatusCode, "it has an account meanwhile")
}

// A device that has signed in before is not locked out by a stranger, with a
// cookie or with a header.
func TestKnownDevicesStayIn(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{})
	w.registered("customer", "ada@example.com")
	r := w.signIn("ada@example.com", "supersecret")
	require.Equal(t, 200, r.StatusCode)
	require.Len(t, r.Cookies(), 1)
	cookie := r.Cookies()[0]
	require.Equal(t, "everlatch.device", cookie.Name)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, "/auth", cookie.Path)
	app := w.signIn("ada@example.com", "supersecret", with("X-Everlatch-Device", "new"))
	require.Empty(t, app.Cookies())
	require.Equal(t, "X-Everlatch-Device", app.Header.Get("Access-Control-Expose-Headers"))
	token := app.Header.Get("X-Everlatch-Device")
	require.NotEmpty(t, token)

	w.lockOut("ada@example.com")
	require.Equal(t, 200, w.signIn("ada@example.com", "supersecret", with("Cookie", "everlatch.device="+cookie.Value)).StatusCode)
	require.Equal(t, 200, w.signIn("ada@example.com", "supersecret", with("X-Everlatch-Device", token)).StatusCode)
	for _, forged := range []string{"", "new", token + "x", strings.Replace(token, "v1.", "v1.A", 1)} {
		requireLimited(t, w.signIn("ada@example.com", "supersecret", with("X-Everlatch-Device", forged)), "884")
	}
	w.registered("customer", "bob@example.com")
	w.lockOut("bob@example.com")
	requireLimited(t, w.signIn("bob@example.com", "supersecret", with("X-Everlatch-Device", token)), "884")
}

// The link of a password reset lifts the lock: its reader owns the account.
func TestAResetLiftsTheLock(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{})
	w.registered("customer", "ada@example.com")
	w.lockOut("ada@example.com")
	token := w.mailedReset("ada@example.com")
	requireLimited(t, w.signIn("ada@example.com", "supersecret"), "884")
	r := w.do("POST", "/auth/customer/emailpass/update", object{"password": "another secret"}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, 200, w.signIn("ada@example.com", "supersecret").StatusCode)
}
