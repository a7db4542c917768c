package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/apitest"
	"github.com/everlatch/everlatch/internal/limits"
)

// unread is a body that fails a test that reads it.
type unread struct{ t *testing.T }

func (b unread) Read([]byte) (int, error) {
	b.t.Error("the body was read")
	return 0, io.EOF
}

// A network that has used up what it may do is refused before its request is read,
// with everything that a browser needs to see the answer.
func TestRefusalsAreEarly(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{Rates: map[limits.Op]limits.Rate{limits.SignIn: {Count: 1, Per: time.Minute}}})
	server, err := api.New(w.parts, api.Options{CookieSecrets: []string{cookieSecret}, StoreCORS: "https://shop.example"})
	require.NoError(t, err)
	send := func(path string, body io.Reader) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "POST", path, body)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", "https://shop.example")
		r.Header.Set("X-Request-Id", "asked-for")
		r.Header.Set("X-Forwarded-For", "203.0.113.1")
		out := httptest.NewRecorder()
		server.Handler().ServeHTTP(out, r)
		return out
	}
	wrong := `{"email":"x@example.com","password":"no"}`
	require.Equal(t, 401, send("/auth/customer/emailpass", strings.NewReader(wrong)).Code)

	r := send("/Auth/customer/emailpass/", unread{t})
	require.Equal(t, 429, r.Code)
	require.JSONEq(t, tooMany, r.Body.String())
	require.Equal(t, http.Header{
		"Content-Type": {"application/json; charset=utf-8"}, "Content-Length": {"89"}, "Retry-After": {"60"}, "Everlatch-Reason": {"too_many_requests"},
		"Cache-Control": {"no-store"}, "X-Request-Id": {"asked-for"}, "X-Content-Type-Options": {"nosniff"},
		"Access-Control-Allow-Origin": {"https://shop.example"}, "Access-Control-Allow-Credentials": {"true"}, "Vary": {"Origin"},
	}, r.Header())
	require.Equal(t, 200, send("/auth/customer/elsewhere", strings.NewReader(`{}`)).Code, "a provider elsewhere has a limit of its own")
}

// That the queue is full is one line in a while and no error, and a device that has
// signed in before has a place in it.
func TestCrowdedQueue(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{Queue: 2, AtOnce: 1})
	w.registered("customer", "ada@example.com")
	device := w.signIn("ada@example.com", "supersecret", with("X-Everlatch-Device", "new")).Header.Get("X-Everlatch-Device")
	require.NotEmpty(t, device)

	held := waiting{Flows: w.flows, entered: make(chan struct{}), leave: make(chan struct{})}
	w.parts.Flows = held
	server, err := api.New(w.parts, api.Options{CookieSecrets: []string{cookieSecret}})
	require.NoError(t, err)
	w.client = &http.Client{Transport: apitest.Handler(server.Handler())}

	var done sync.WaitGroup
	done.Go(func() { // has its turn
		require.Equal(t, 200, w.signIn("ada@example.com", "supersecret", from("203.0.113.1")).StatusCode)
	})
	<-held.entered
	lost := make(chan reply, 1)
	go func() { lost <- w.signIn("ada@example.com", "supersecret", from("203.0.113.1")) }() // waits
	require.Eventually(t, func() bool {
		return w.parts.Limits.Crowded(w.parts.Limits.Client(httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)))
	},
		10*time.Second, time.Millisecond)
	for i := range 2 {
		r := w.signIn("ada@example.com", "supersecret", from("198.51.100.1"))
		require.Equal(t, 503, r.StatusCode, i)
		require.Equal(t, "2", r.Header.Get("Retry-After"))
	}
	done.Go(func() {
		require.Equal(t, 200, w.signIn("ada@example.com", "supersecret", from("198.51.100.1"), with("X-Everlatch-Device", device)).StatusCode)
	})
	require.Equal(t, 503, (<-lost).StatusCode, "a stranger gives up the last place")
	held.leave <- struct{}{}
	<-held.entered
	held.leave <- struct{}{}
	done.Wait()

	require.Equal(t, 1, strings.Count(w.logs.String(), "level=WARN"), w.logs)
	require.Contains(t, w.logs.String(), `msg="sign-ins are refused: too many wait for a password hash" refused=1`)
	require.NotContains(t, w.logs.String(), "level=ERROR")
}
