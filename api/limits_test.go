package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/apitest"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// named is a provider that reads the e-mail of the body, as emailpass does.
type named struct{ registrar }

func (named) Identify(in providers.Input) (providers.Subject, error) {
	email, ok := in.Body["email"].(string)
	if !ok {
		return providers.Subject{}, refuse("Email should be a string")
	}
	return registrar{}.Subject(email), nil
}

// limited is a world whose server has limits. It trusts one proxy, so that a test
// chooses where a request comes from.
func limited(t *testing.T, o limits.Options, change ...func(*api.Options)) *world {
	t.Helper()
	w := setup(t)
	o.Hash = func(parts ...string) string {
		sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
		return hex.EncodeToString(sum[:])
	}
	o.Now, o.Proxies.Hops = w.clock.Now, 1
	l, err := limits.New(w.store, o)
	require.NoError(t, err)
	registry := providers.NewRegistry()
	require.NoError(t, registry.Add("emailpass", named{}))
	require.NoError(t, registry.Add("elsewhere", elsewhere{}))
	w.parts.Limits, w.parts.Providers = l, registry
	opts := api.Options{CookieSecrets: []string{cookieSecret}}
	for _, f := range change {
		f(&opts)
	}
	w.server, err = api.New(w.parts, opts)
	require.NoError(t, err)
	base := apitest.Handler(w.server.Handler())
	w.client = &http.Client{Transport: apitest.NewTransport(t, base)}
	w.raw = &http.Client{Transport: base}
	return w
}

func from(address string) header { return with("X-Forwarded-For", address) }

// signIn tries a password and returns the answer.
func (w *world) signIn(email, password string, headers ...header) reply {
	w.t.Helper()
	return w.do("POST", "/auth/customer/emailpass", object{"email": email, "password": password}, headers...)
}

// lockOut fails until the account is locked, as a stranger.
func (w *world) lockOut(email string) {
	w.t.Helper()
	for i := range 10 {
		r := w.signIn(email, "wrong", from("198.51.100."+strconv.Itoa(i)))
		require.Equal(w.t, 401, r.StatusCode, r.body)
		w.clock.Advance(16 * time.Second)
	}
}

const tooMany = `{"type":"too_many_requests","message":"Too many requests. Wait a while, then try again."}`

func requireLimited(t *testing.T, r reply, retryAfter string) {
	t.Helper()
	require.Equal(t, 429, r.StatusCode, r.body)
	require.Equal(t, retryAfter, r.Header.Get("Retry-After"))
	r.is(t, tooMany)
}

// A locked account answers like a locked address without an account, byte for byte
// at each attempt.
func TestKnownAndUnknownAreLimitedAlike(t *testing.T) {
	t.Parallel()
	answers := map[string][]string{}
	for _, known := range []string{"ada@example.com", "nobody@example.com"} {
		w := limited(t, limits.Options{})
		w.registered("customer", "ada@example.com")
		for i := range 14 {
			r := w.signIn(known, "wrong", from("198.51.100."+strconv.Itoa(i)))
			r.Header.Del("X-Request-Id")
			answers[known] = append(answers[known], strconv.Itoa(r.StatusCode)+r.body+strings.Join(r.Header["Retry-After"], ","))
			require.Empty(t, r.Cookies())
			w.clock.Advance(2 * time.Second)
		}
	}
	require.Equal(t, answers["ada@example.com"], answers["nobody@example.com"])
	require.Contains(t, answers["ada@example.com"][13], "429")
}

// mailedReset returns the token in the mail that resets a password.
func (w *world) mailedReset(email string) string {
	w.t.Helper()
	grant, err := w.flows.IssuePasswordReset(w.t.Context(), flows.ResetRequest{ActorType: "customer", EntityKey: email}, everlatch.Principal{})
	require.NoError(w.t, err)
	token, err := w.tokens.IssueReset(tokens.Reset{
		EntityID: email, Provider: "emailpass", ActorType: "customer",
		ID: grant.Grant.TokenID, IssuedAt: grant.Grant.IssuedAt, ExpiresAt: grant.Grant.ExpiresAt,
	})
	require.NoError(w.t, err)
	return token
}

// Each route that strangers can reach has a limit by network, before a flow is
// asked. A forged X-Forwarded-For does not get around it.
func TestRoutesAreLimitedByNetwork(t *testing.T) {
	t.Parallel()
	rate := limits.Rate{Count: 3, Per: time.Minute}
	tests := map[string]struct {
		op     limits.Op
		path   string
		body   object
		status int
	}{
		"sign-in":       {limits.SignIn, "/auth/customer/emailpass", object{"email": "x@example.com", "password": "no"}, 401},
		"registration":  {limits.Register, "/auth/customer/emailpass/register", object{"email": "x@example.com"}, 401},
		"redirect":      {limits.Redirect, "/auth/customer/elsewhere", object{}, 200},
		"callback":      {limits.Callback, "/auth/customer/elsewhere/callback", object{}, 401},
		"reset":         {limits.Reset, "/auth/customer/emailpass/reset-password", object{"identifier": "x@example.com"}, 201},
		"new password":  {limits.Token, "/auth/customer/emailpass/update", object{"password": "another secret"}, 401},
		"invite":        {limits.Token, "/admin/invites/accept", object{"token": "x"}, 401},
		"undone e-mail": {limits.Token, "/store/customers/me/email/undo", object{"token": "x"}, 401},
		"refresh":       {limits.Refresh, "/auth/token/refresh", object{}, 401},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := limited(t, limits.Options{Rates: map[limits.Op]limits.Rate{tt.op: rate}})
			for i := range 3 {
				r := w.do("POST", tt.path, tt.body, from("10.9.8."+strconv.Itoa(i)+", 203.0.113.1"))
				require.Equal(t, tt.status, r.StatusCode, r.body)
			}
			calls := len(w.flows.asked)
			requireLimited(t, w.do("POST", tt.path, tt.body, from("10.9.8.99, 203.0.113.1")), "20")
			require.Len(t, w.flows.asked, calls)
			require.Equal(t, tt.status, w.do("POST", tt.path, tt.body, from("203.0.114.1")).StatusCode)

			events, count, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventLimitReached}, store.Page{})
			require.NoError(t, err)
			require.Equal(t, 1, count)
			require.Equal(t, everlatch.Metadata{
				"request": string(tt.op), "scope": "address", "retry_after": 20.0, "network": "203.0.113.1/32",
			}, events[0].Data)
		})
	}
}

// Mails to one address are limited for all callers together, from wherever, for whatever.
func TestMailsAreLimitedByRecipient(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{Mail: []limits.Rate{{Count: 3, Per: time.Hour}}})
	first, second := w.customer("a@example.com"), w.customer("b@example.com")
	admin := w.admin("root@example.com")
	victim := object{"email": "victim@example.com"}
	require.Equal(t, 202, w.do("POST", "/store/customers/me/email", victim, bearer(first)).StatusCode)
	require.Equal(t, 202, w.do("POST", "/store/customers/me/email", victim, bearer(second)).StatusCode)
	require.Equal(t, 200, w.do("POST", "/admin/invites", victim, bearer(admin)).StatusCode)
	requireLimited(t, w.do("POST", "/admin/invites", victim, bearer(admin)), "1200")
	requireLimited(t, w.do("POST", "/store/customers/me/email", object{"email": "Victim+1@example.com"}, bearer(second)), "1200")
	requireLimited(t, w.do("POST", "/auth/customer/emailpass/reset-password", object{"identifier": "victim@example.com"}, from("192.0.2.7")), "1200")
	require.Equal(t, 201, w.do("POST", "/auth/customer/emailpass/reset-password", object{"identifier": "c@example.com"}).StatusCode)
}

// The callers of a limit who are signed in are counted by their identity.
func TestRefreshIsLimitedByIdentity(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{Rates: map[limits.Op]limits.Rate{limits.Refresh: {Count: 2, Per: time.Minute}}})
	token, other := w.registered("customer", "a@example.com"), w.registered("customer", "b@example.com")
	for i := range 2 {
		require.Equal(t, 200, w.do("POST", "/auth/token/refresh", nil, bearer(token), from("192.0.2."+strconv.Itoa(i))).StatusCode)
	}
	requireLimited(t, w.do("POST", "/auth/token/refresh", nil, bearer(token), from("192.0.2.9")), "30")
	require.Equal(t, 200, w.do("POST", "/auth/token/refresh", nil, bearer(other)).StatusCode)
}

// waiting holds sign-ins until it is told to let them go.
type waiting struct {
	api.Flows

	entered chan struct{}
	leave   chan struct{}
}

func (f waiting) Authenticate(ctx context.Context, r flows.AuthRequest) (workflows.Login, error) {
	f.entered <- struct{}{}
	<-f.leave
	return f.Flows.Authenticate(ctx, r)
}

// What would wait too long for its hash is refused at once, before a flow starts.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{Queue: 4})
	w.registered("customer", "ada@example.com")
	held := waiting{Flows: w.flows, entered: make(chan struct{}), leave: make(chan struct{})}
	w.parts.Flows = held
	server, err := api.New(w.parts, api.Options{CookieSecrets: []string{cookieSecret}})
	require.NoError(t, err)
	w.client = &http.Client{Transport: apitest.Handler(server.Handler())}

	var done sync.WaitGroup
	for i := range 4 {
		done.Go(func() {
			require.Equal(t, 200, w.signIn("ada@example.com", "supersecret", from("192.0."+strconv.Itoa(i)+".1")).StatusCode)
		})
	}
	for range 4 {
		<-held.entered
	}
	r := w.signIn("ada@example.com", "supersecret", from("203.0.113.1"))
	require.Equal(t, 503, r.StatusCode)
	require.Equal(t, "2", r.Header.Get("Retry-After"))
	r.is(t, `{"type":"unavailable","message":"The service is not available. Try again shortly."}`)
	close(held.leave)
	done.Wait()
	go func() { <-held.entered }()
	require.Equal(t, 200, w.signIn("ada@example.com", "supersecret", from("203.0.113.1")).StatusCode)
}
