package api_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers/emailcode"
)

// limitedEmailCodes is a world with limits in which a browser has asked for a code.
func limitedEmailCodes(t *testing.T, o limits.Options) *world {
	t.Helper()
	w := limited(t, o)
	provider, err := emailcode.New(emailcode.Options{Register: true})
	require.NoError(t, err)
	require.NoError(t, w.parts.Providers.Add("emailcode", provider))
	w.askForCode("ada@example.com", 200, from("192.0.2.1"))
	return w
}

var inTheBrowser = with("Everlatch-Browser", anyBrowser)

func (w *world) askForCode(email string, status int, h ...header) reply {
	w.t.Helper()
	r := w.do("POST", "/auth/customer/emailcode", object{"email": email}, append(h, inTheBrowser)...)
	require.Equal(w.t, status, r.StatusCode, r.body)
	return r
}

func (w *world) enterCode(code string, h ...header) reply {
	w.t.Helper()
	return w.do("POST", "/auth/customer/emailcode/callback", object{"email": "Ada@example.com", "code": code}, h...)
}

func (w *world) lockEvents() []everlatch.Event {
	w.t.Helper()
	events, _, err := w.store.Events(w.t.Context(), store.EventFilter{Name: everlatch.EventSignInLocked}, store.Page{})
	require.NoError(w.t, err)
	return events
}

// Wrong codes are failed sign-ins of the account: first they are delayed, then it is
// locked. The link can't be guessed, so it signs in meanwhile, and lifts the lock.
func TestWrongEmailCodesLockTheAccount(t *testing.T) {
	t.Parallel()
	w := limitedEmailCodes(t, limits.Options{})
	for i := range 10 {
		r := w.enterCode("000000", inTheBrowser, from("198.51.100."+strconv.Itoa(i)))
		require.Equal(t, 401, r.StatusCode, "%d: %s", i, r.body)
		if i >= 6 {
			early := w.enterCode("000000", inTheBrowser, from("198.51.100."+strconv.Itoa(i)))
			require.Equal(t, 429, early.StatusCode, "%d: the next try has to wait", i)
			require.NotEmpty(t, early.Header.Get("Retry-After"))
		}
		w.clock.Advance(16 * time.Second)
	}
	require.Len(t, w.lockEvents(), 1)
	require.Equal(t, "emailcode", w.lockEvents()[0].Data["provider"])
	require.EqualValues(t, 10, w.lockEvents()[0].Data["failures"])

	asked := len(w.flows.codesTyped)
	requireLimited(t, w.enterCode("123456", inTheBrowser), "884")
	require.Len(t, w.flows.codesTyped, asked, "no flow is asked")

	link := w.do("POST", "/auth/customer/emailcode/callback", object{"token": "flow.token"}, inTheBrowser)
	require.Equal(t, 200, link.StatusCode, link.body)
	require.Equal(t, 401, w.enterCode("000000", inTheBrowser).StatusCode, "the lock is lifted")
}

// Codes from another browser than the one that asked are not compared, so a stranger
// does not lock the owner out with them.
func TestCodesFromElsewhereLockNothing(t *testing.T) {
	t.Parallel()
	w := limitedEmailCodes(t, limits.Options{})
	for i := range 30 {
		r := w.enterCode("123456", with("Everlatch-Browser", "a browser of a stranger"), from("198.51.100."+strconv.Itoa(i)))
		require.Equal(t, 401, r.StatusCode, r.body)
	}
	require.Empty(t, w.lockEvents())
	require.Equal(t, 200, w.enterCode("123456", inTheBrowser).StatusCode)
}

// Code mails count like all mails with links, for all callers together, and before a flow
// is asked. The answer is the same for an address without an account.
func TestCodeMailsAreLimitedByRecipient(t *testing.T) {
	t.Parallel()
	w := limitedEmailCodes(t, limits.Options{Mail: []limits.Rate{{Count: 3, Per: time.Hour}}})
	w.registered("customer", "ada@example.com")
	w.askForCode("Ada+1@example.com", 200, from("192.0.2.2"))
	require.Equal(t, 201, w.do("POST", "/auth/customer/emailpass/reset-password", object{"identifier": "ada@example.com"}).StatusCode)
	asked := len(w.flows.codesAsked)
	known := w.askForCode("ada@example.com", 429, from("192.0.2.3"))
	requireLimited(t, known, "1200")
	require.Len(t, w.flows.codesAsked, asked)
	for range 3 {
		w.askForCode("nobody@example.com", 200)
	}
	unknown := w.askForCode("nobody@example.com", 429, from("192.0.2.4"))
	require.Equal(t, known.body, unknown.body)
	require.Equal(t, known.Header.Get("Retry-After"), unknown.Header.Get("Retry-After"))
}
