package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

const webhookSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// hook is a webhook receiver that answers 500 to the first attempts of each
// message.
type hook struct {
	*httptest.Server

	mu       sync.Mutex
	failures int // of each message
	attempts map[string]int
	accepted []object
	bad      []error
}

func newHook(t *testing.T, failures int) *hook {
	t.Helper()
	h := &hook{failures: failures, attempts: map[string]int{}}
	verifier, err := webhooks.NewWebhook(webhookSecret)
	require.NoError(t, err)
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err == nil {
			err = verifier.Verify(raw, r.Header)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		var body object
		if err != nil || json.Unmarshal(raw, &body) != nil {
			h.bad = append(h.bad, err)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		id := r.Header.Get(webhooks.HeaderWebhookID)
		if h.attempts[id]++; h.attempts[id] <= h.failures {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		h.accepted = append(h.accepted, body)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) names() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []string{}
	for _, body := range h.accepted {
		out = append(out, text(body, "name"))
	}
	return out
}

func (h *hook) config(more string) string {
	return fmt.Sprintf(`%s
events: {retry_initial: 20ms, retry_max: 100ms, retry_for: 1m}
subscribers:
  - name: shop
    events: ["*"]
    webhook: {url: %q, secrets: [%q], allow_private: true}
%s`, cheapHashes, h.URL, webhookSecret, more)
}

// TestWebhookFlow signs a customer up, changes the password and deletes the
// account: a webhook that fails twice on each message receives every event of that
// identity, signed, in order, once.
func TestWebhookFlow(t *testing.T) {
	t.Parallel()
	h := newHook(t, 2)
	p := startDev(t, devOptions{config: h.config("")})
	token := p.signUp(t)
	session := p.call(t, "POST", "/auth/session", nil, bearer(token)...)
	require.Equal(t, 200, p.call(t, "DELETE", "/auth/session", nil, "Cookie", "connect.sid="+cookieValue(session)).status)
	p.forgot(t, "customer", "ada@example.com")
	reset := p.resetToken(t, "ada@example.com", 1)
	require.Equal(t, 200, p.call(t, "POST", "/auth/customer/emailpass/update", object{"password": "another good horse"}, bearer(reset)...).status)

	want := []string{
		"auth.identity_registered", "customer.created", "auth.actor_linked", "auth.session_ended", "auth.sign_in_ended",
		"auth.password_reset", "auth.password_changed",
	}
	require.Eventually(t, func() bool { return len(h.names()) == len(want) }, waitFor, tick, "%v", h.names())
	require.Equal(t, want, h.names())
	require.Empty(t, h.bad)
	for id, n := range h.attempts {
		require.Equal(t, 3, n, id)
	}
	for _, body := range h.accepted {
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		require.NotContains(t, string(raw), reset, "a webhook gets no secrets unless it shall")
	}
}

// TestShopFlow runs the shipped example: a shop publishes twice that it deleted a
// customer, and the account is deleted once.
func TestShopFlow(t *testing.T) {
	t.Parallel()
	h := newHook(t, 0)
	p := startDev(t, devOptions{config: h.config(`  - name: shop-removals
    events: [customer.deleted]
    flow: {name: RemoveCustomerAccount, input: {actor_id: $.data.id}}
`)})
	token := p.signUp(t)
	customer := text(claims(t, token), "actor_id")
	key := regexp.MustCompile(`sk_[0-9a-f]{64}`).FindString(p.command(t, "key", "create", "--type", "secret", "--title", "shop"))
	event := object{"id": "shop-42", "name": "customer.deleted", "data": object{"id": customer}}
	answers := parallel(t, 50, func(int) (answer, error) {
		return p.try(t.Context(), "POST", "/admin/events", event, "Authorization", "Basic "+key)
	})
	require.Equal(t, 50, count(answers, 200))

	require.Eventually(t, func() bool {
		return p.call(t, "GET", "/store/customers/me", nil, bearer(token)...).status == 401
	}, waitFor, tick)
	require.Eventually(t, func() bool { return slices.Contains(h.names(), "auth.account_deleted") }, waitFor, tick, "%v", h.names())
	deleted := func() int {
		return len(slices.DeleteFunc(h.names(), func(name string) bool { return name != "customer.deleted" }))
	}
	require.Eventually(t, func() bool { return deleted() >= 2 }, waitFor, tick, "%v", h.names())
	require.Equal(t, 2, deleted(), "the shop's word and ours; ours starts nothing")
	require.Equal(t, 401, p.call(t, "POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": password}).status)
}

// TestSchedulesFlow lists, pauses and triggers scheduled jobs. A job of the
// configuration is removed when the configuration no longer has it.
func TestSchedulesFlow(t *testing.T) {
	t.Parallel()
	config := cheapHashes + "schedules:\n  - {id: nightly, flow: RemoveOrphans, input: {grace: 1000000000}, cron: \"0 3 * * *\"}\n"
	p := startDev(t, devOptions{config: config})
	listed := func(p *process) string { return p.command(t, "schedule", "list") }
	require.Eventually(t, func() bool { return regexp.MustCompile(`nightly +RemoveOrphans`).MatchString(listed(p)) }, waitFor, tick)
	p.command(t, "schedule", "pause", "nightly", "--note", "holidays")
	require.Eventually(t, func() bool { return regexp.MustCompile(`nightly.*holidays`).MatchString(listed(p)) }, waitFor, tick)

	p.kill()
	p = startDev(t, devOptions{dir: p.dir, config: config})
	require.Eventually(t, func() bool { return regexp.MustCompile(`nightly.*holidays`).MatchString(listed(p)) }, waitFor, tick, "a pause by hand stays")
	p.command(t, "schedule", "resume", "nightly")
	p.command(t, "schedule", "trigger", "nightly")
	require.Eventually(t, func() bool {
		return regexp.MustCompile(`nightly +RemoveOrphans +at 03:00 every day, UTC +20`).MatchString(listed(p))
	}, waitFor, tick)

	p.kill()
	p = startDev(t, devOptions{dir: p.dir, config: cheapHashes})
	require.Eventually(t, func() bool { return !regexp.MustCompile(`nightly`).MatchString(listed(p)) }, waitFor, tick)
}
