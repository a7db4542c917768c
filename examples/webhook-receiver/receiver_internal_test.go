package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/subscribers"
)

const (
	secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	other  = "whsec_OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="
)

// openShop is a receiver that listens, and the channel on which it tells what it
// handles.
func openShop(t *testing.T, file string) (url string, handled <-chan event) {
	t.Helper()
	webhook, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	box, err := openInbox(t.Context(), file)
	require.NoError(t, err)
	server := httptest.NewServer(receiver{webhook, box})
	ctx, stop := context.WithCancel(t.Context())
	events, done := make(chan event, 9), make(chan error, 1)
	go func() {
		done <- box.work(ctx, func(_ context.Context, e event) error { events <- e; return nil })
	}()
	t.Cleanup(func() {
		server.Close()
		stop()
		require.NoError(t, <-done)
		require.NoError(t, box.Close())
	})
	return server.URL, events
}

// deliver is what Everlatch does.
func deliver(t *testing.T, url, id string, secrets ...string) error {
	t.Helper()
	hook, err := subscribers.NewWebhook(subscribers.WebhookOptions{URL: url, Secrets: secrets, AllowPrivate: true})
	require.NoError(t, err)
	return hook.Deliver(t.Context(), subscribers.Delivery{
		Event: everlatch.Event{ID: id, Name: everlatch.EventCustomerCreated, Data: everlatch.Metadata{"id": "cus_" + id}},
		At:    time.Now(),
	})
}

func TestEventsAreHandledOnceAndInOrder(t *testing.T) {
	t.Parallel()

	url, handled := openShop(t, filepath.Join(t.TempDir(), "inbox.db"))

	require.NoError(t, deliver(t, url, "1", secret))
	require.NoError(t, deliver(t, url, "1", secret))        // its answer was lost
	require.NoError(t, deliver(t, url, "2", other, secret)) // while secrets change
	require.NoError(t, deliver(t, url, "1", secret))
	require.NoError(t, deliver(t, url, "3", secret))

	for _, id := range []string{"1", "2", "3"} {
		e := <-handled
		require.Equal(t, event{ID: id, Type: "customer.created", Timestamp: e.Timestamp, Data: map[string]any{"id": "cus_" + id}}, e)
	}
	require.Empty(t, handled)
}

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()

	url, handled := openShop(t, filepath.Join(t.TempDir(), "inbox.db"))

	require.ErrorContains(t, deliver(t, url, "1", other), "answers 401")

	signer, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	post := func(at time.Time, signed, sent string) int {
		signature, err := signer.Sign("1", at, []byte(signed))
		require.NoError(t, err)
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(sent))
		req.Header.Set(standardwebhooks.HeaderWebhookID, "1")
		req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
		req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
		answer := httptest.NewRecorder()
		receiver{signer, nil}.ServeHTTP(answer, req)
		return answer.Code
	}
	require.Equal(t, http.StatusUnauthorized, post(time.Now(), `{}`, `{"id":"forged"}`))
	require.Equal(t, http.StatusUnauthorized, post(time.Now().Add(-time.Hour), `{}`, `{}`), "a recorded request")
	require.Equal(t, http.StatusBadRequest, post(time.Now(), `{}`, strings.Repeat("x", maxBody+1)))
	require.Empty(t, handled)
}

// The program died between its answers and the work.
func TestWhatWasAnsweredIsDoneAfterARestart(t *testing.T) {
	t.Parallel()

	file := filepath.Join(t.TempDir(), "inbox.db")
	box, err := openInbox(t.Context(), file)
	require.NoError(t, err)
	require.NoError(t, box.keep(t.Context(), "2", []byte(`{"id":"2"}`)))
	require.NoError(t, box.keep(t.Context(), "1", []byte(`{"id":"1"}`)))
	broken := errors.New("the shop is closed")
	require.ErrorIs(t, box.work(t.Context(), func(context.Context, event) error { return broken }), broken)
	require.NoError(t, box.Close())

	_, handled := openShop(t, file)

	require.Equal(t, "2", (<-handled).ID)
	require.Equal(t, "1", (<-handled).ID)
}

func TestWhatCannotBeKeptIsSentAgain(t *testing.T) {
	t.Parallel()

	webhook, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	box, err := openInbox(t.Context(), filepath.Join(t.TempDir(), "inbox.db"))
	require.NoError(t, err)
	require.NoError(t, box.Close())
	server := httptest.NewServer(receiver{webhook, box})
	t.Cleanup(server.Close)

	err = deliver(t, server.URL, "1", secret)

	require.ErrorContains(t, err, "answers 503")
	require.False(t, everlatch.IsPermanent(err))
}

// The program, its settings and what Everlatch sends match.
func TestTheProgramFollowsItsSettings(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{})
	require.NoError(t, err)
	_, err = options("", t.Output())(cfg)
	require.ErrorContains(t, err, "--config examples/webhook-receiver/everlatch.yaml")

	cfg, err = config.Load(config.Sources{File: "everlatch.yaml", Flags: map[string]any{"data.dir": t.TempDir()}})
	require.NoError(t, err)
	require.Equal(t, []string{secret}, cfg.Subscribers[0].Webhook.Secrets.Reveal())
	opts, err := options("closed", t.Output())(cfg)
	require.NoError(t, err)
	require.Empty(t, opts)
	opts, err = options("", t.Output())(cfg)
	require.NoError(t, err)
	require.Len(t, opts, 1)
}
