package subscribers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/subscribers"
)

const (
	newSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	oldSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

// received is a request with its body.
type received struct {
	*http.Request

	body []byte
}

// receiver keeps the last request, and answers with a status.
func receiver(t *testing.T, status int) (base string, last func() received) {
	t.Helper()
	var kept atomic.Pointer[received]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		kept.Store(&received{r, body})
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() received {
		require.NotNil(t, kept.Load(), "nothing was received")
		return *kept.Load()
	}
}

func newWebhook(t *testing.T, o subscribers.WebhookOptions) *subscribers.Webhook {
	t.Helper()
	if o.Secrets == nil {
		o.Secrets = []string{newSecret}
	}
	w, err := subscribers.NewWebhook(o)
	require.NoError(t, err)
	return w
}

func someDelivery() subscribers.Delivery {
	return subscribers.Delivery{Event: someEvent(), Subscriber: "shop", Attempt: 3, At: time.Now()}
}

func TestWebhookSendsTheEvent(t *testing.T) {
	t.Parallel()

	base, last := receiver(t, http.StatusNoContent)
	webhook := newWebhook(t, subscribers.WebhookOptions{URL: base + "/hook?token=x", AllowPrivate: true})
	d := someDelivery()
	d.Event.CreatedAt = d.Event.CreatedAt.In(time.FixedZone("elsewhere", 3600))
	d.Event.Data = everlatch.Metadata{"id": "order_1", "html": "<&>"}

	require.NoError(t, webhook.Deliver(t.Context(), d))

	got := last()
	require.Equal(t, http.MethodPost, got.Method)
	require.Equal(t, "/hook?token=x", got.URL.String())
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	require.Contains(t, got.UserAgent(), "Everlatch")
	require.Equal(t, "evt_1", got.Header.Get("Webhook-Id"))
	require.Equal(t, fmt.Sprint(d.At.Unix()), got.Header.Get("Webhook-Timestamp"))
	require.JSONEq(t, `{
		"id": "evt_1", "type": "order.placed", "name": "order.placed", "timestamp": "2026-03-01T12:00:00Z",
		"data": {"id": "order_1", "html": "<&>"},
		"metadata": {
			"eventGroupId": "g", "created_at": "2026-03-01T12:00:00Z", "published_at": "2026-03-01T12:00:00Z",
			"source": "apk_1", "auth_identity_id": "authid_1"
		}
	}`, string(got.body))
}

func TestWebhookSendsAnEventWithoutData(t *testing.T) {
	t.Parallel()

	base, last := receiver(t, http.StatusOK)
	webhook := newWebhook(t, subscribers.WebhookOptions{URL: base, AllowPrivate: true})

	require.NoError(t, webhook.Deliver(t.Context(), subscribers.Delivery{Event: everlatch.Event{ID: "evt_2", Name: "a", Source: "everlatch"}, At: time.Now()}))

	require.JSONEq(t, `{
		"id": "evt_2", "type": "a", "name": "a", "timestamp": "0001-01-01T00:00:00Z", "data": {},
		"metadata": {"created_at": "0001-01-01T00:00:00Z", "source": "everlatch"}
	}`, string(last().body))
}

func TestWebhookIsSignedByEverySecret(t *testing.T) {
	t.Parallel()

	base, last := receiver(t, http.StatusOK)
	webhook := newWebhook(t, subscribers.WebhookOptions{URL: base, AllowPrivate: true, Secrets: []string{newSecret, oldSecret}})

	require.NoError(t, webhook.Deliver(t.Context(), someDelivery()))

	got := last()
	for _, secret := range []string{newSecret, oldSecret} {
		verifier, err := webhooks.NewWebhook(secret)
		require.NoError(t, err)
		require.NoError(t, verifier.Verify(got.body, got.Header))
		require.Error(t, verifier.Verify(append(got.body, ' '), got.Header))
	}
	signatures := strings.Split(got.Header.Get("Webhook-Signature"), " ")
	require.Len(t, signatures, 2)
	verifier, err := webhooks.NewWebhook(newSecret)
	require.NoError(t, err)
	got.Header.Set("Webhook-Signature", signatures[0])
	require.NoError(t, verifier.Verify(got.body, got.Header), "the first secret signs first")

	stranger, err := webhooks.NewWebhook("whsec_" + strings.Repeat("A", 32))
	require.NoError(t, err)
	require.ErrorIs(t, stranger.Verify(got.body, got.Header), webhooks.ErrNoMatchingSignature)
}

// An attempt has the time of the attempt and the id of the event: receivers
// tell repetitions by the id, and refuse old timestamps.
func TestWebhookSaysTheSameIDAgain(t *testing.T) {
	t.Parallel()

	base, last := receiver(t, http.StatusOK)
	d := someDelivery()
	for range 2 {
		d.At = d.At.Add(time.Second)
		webhook := newWebhook(t, subscribers.WebhookOptions{URL: base, AllowPrivate: true})

		require.NoError(t, webhook.Deliver(t.Context(), d))

		require.Equal(t, "evt_1", last().Header.Get("Webhook-Id"))
		require.Equal(t, fmt.Sprint(d.At.Unix()), last().Header.Get("Webhook-Timestamp"))
	}
}

func TestWebhookAnswers(t *testing.T) {
	t.Parallel()

	tests := map[int]struct{ fails, permanent bool }{
		http.StatusOK:                  {},
		http.StatusAccepted:            {},
		http.StatusNoContent:           {},
		http.StatusNotModified:         {fails: true},
		http.StatusBadRequest:          {fails: true},
		http.StatusUnauthorized:        {fails: true},
		http.StatusNotFound:            {fails: true},
		http.StatusRequestTimeout:      {fails: true},
		http.StatusConflict:            {fails: true},
		http.StatusGone:                {fails: true, permanent: true},
		http.StatusTooManyRequests:     {fails: true},
		http.StatusInternalServerError: {fails: true},
		http.StatusServiceUnavailable:  {fails: true},
	}
	for status, tt := range tests {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()

			base, _ := receiver(t, status)
			webhook := newWebhook(t, subscribers.WebhookOptions{URL: base + "/?token=topsecret", AllowPrivate: true})

			err := webhook.Deliver(t.Context(), someDelivery())

			require.Equal(t, tt.fails, err != nil)
			require.Equal(t, tt.permanent, everlatch.IsPermanent(err))
			if err != nil {
				require.ErrorContains(t, err, strings.TrimPrefix(base, "http://")+" answers "+fmt.Sprint(status))
				require.NotContains(t, err.Error(), "topsecret")
			}
		})
	}
}

func TestWebhookDoesNotFollowRedirects(t *testing.T) {
	t.Parallel()

	var followed atomic.Bool
	mux := http.NewServeMux()
	for _, status := range []int{301, 302, 303, 307, 308} {
		mux.Handle(fmt.Sprintf("/%d", status), http.RedirectHandler("/there", status))
	}
	mux.HandleFunc("/there", func(http.ResponseWriter, *http.Request) { followed.Store(true) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	for _, status := range []int{301, 302, 303, 307, 308} {
		webhook := newWebhook(t, subscribers.WebhookOptions{URL: fmt.Sprintf("%s/%d", server.URL, status), AllowPrivate: true})
		require.ErrorContains(t, webhook.Deliver(t.Context(), someDelivery()), fmt.Sprintf("answers %d", status))
	}
	require.False(t, followed.Load())
}

// An answer that never ends is not read to its end, and never repeated.
func TestWebhookWithAHugeAnswer(t *testing.T) {
	t.Parallel()

	const most = 64 << 20
	sent := make(chan int, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		chunk, total := []byte(strings.Repeat("topsecret", 1000)), 0
		for total < most {
			n, err := w.Write(chunk)
			if total += n; err != nil {
				break
			}
		}
		sent <- total
	}))
	t.Cleanup(server.Close)
	webhook := newWebhook(t, subscribers.WebhookOptions{URL: server.URL, AllowPrivate: true})

	err := webhook.Deliver(t.Context(), someDelivery())

	require.ErrorContains(t, err, "answers 418")
	require.NotContains(t, err.Error(), "topsecret")
	require.Less(t, <-sent, most)
}

func TestWebhookWithHugeHeaders(t *testing.T) {
	t.Parallel()

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("topsecret", 1<<14))
	}))
	t.Cleanup(server.Close)
	webhook := newWebhook(t, subscribers.WebhookOptions{URL: server.URL, AllowPrivate: true})

	err := webhook.Deliver(t.Context(), someDelivery())

	require.ErrorContains(t, err, "gives no answer that can be read")
	require.NotContains(t, err.Error(), "topsecret")
}

func TestWebhookWithASlowServer(t *testing.T) {
	t.Parallel()

	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(stop) })
	webhook := newWebhook(t, subscribers.WebhookOptions{URL: server.URL + "/topsecret", AllowPrivate: true, Timeout: 50 * time.Millisecond})

	require.ErrorContains(t, webhook.Deliver(t.Context(), someDelivery()), "does not answer in time")

	patient := newWebhook(t, subscribers.WebhookOptions{URL: server.URL + "/topsecret", AllowPrivate: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, patient.Deliver(ctx, someDelivery()), "does not answer in time")

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	err := patient.Deliver(ctx, someDelivery())
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), "topsecret")
}

func TestWebhookWithAnEventThatIsNotJSON(t *testing.T) {
	t.Parallel()

	webhook := newWebhook(t, subscribers.WebhookOptions{URL: "https://shop.example"})

	err := webhook.Deliver(t.Context(), subscribers.Delivery{Event: everlatch.Event{Data: everlatch.Metadata{"x": math.Inf(1)}}})

	require.True(t, everlatch.IsPermanent(err))
}

// Resolving references is not for a webhook to do.
func TestWebhookTellsTheSecretsOfAnEventAsGiven(t *testing.T) {
	t.Parallel()

	base, last := receiver(t, http.StatusOK)
	webhook := newWebhook(t, subscribers.WebhookOptions{URL: base, AllowPrivate: true})

	require.NoError(t, webhook.Deliver(t.Context(), someDelivery()))

	var got struct {
		Data map[string]any `json:"data"`
	}
	require.NoError(t, json.Unmarshal(last().body, &got))
	require.Equal(t, map[string]any{"$secret": "sec_1"}, got.Data["token"])
}

// TestWebhookRetryAfter: a receiver that is busy says when to try again.
func TestWebhookRetryAfter(t *testing.T) {
	t.Parallel()
	d := someDelivery()
	at := d.At
	tests := map[string]struct {
		status int
		header string
		want   time.Duration
	}{
		"seconds of a 429":       {http.StatusTooManyRequests, "120", 2 * time.Minute},
		"seconds of a 503":       {http.StatusServiceUnavailable, " 30 ", 30 * time.Second},
		"a date":                 {http.StatusServiceUnavailable, at.Add(time.Hour).UTC().Format(http.TimeFormat), time.Hour},
		"a date that has passed": {http.StatusServiceUnavailable, at.Add(-time.Hour).UTC().Format(http.TimeFormat), 0},
		"none":                   {http.StatusTooManyRequests, "", 0},
		"neither":                {http.StatusTooManyRequests, "soon", 0},
		"a negative number":      {http.StatusTooManyRequests, "-5", 0},
		"a number without end":   {http.StatusTooManyRequests, "99999999999999999999999", 0},
		"another status":         {http.StatusInternalServerError, "120", 0},
		"a success":              {http.StatusOK, "120", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				w.WriteHeader(tt.status)
			}))
			t.Cleanup(server.Close)
			err := newWebhook(t, subscribers.WebhookOptions{URL: server.URL, AllowPrivate: true}).Deliver(t.Context(), d)
			require.Equal(t, tt.status != http.StatusOK, err != nil)
			require.InDelta(t, tt.want, everlatch.RetryDelay(err), float64(time.Second))
		})
	}
}
