//go:build !noembedded

package app_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/embedded"
)

// logged is what a process has logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestEventsDoNotWaitForSchedules: a schedule that can't be written is named in the
// log, and subscribers are told about events all the same. The log also says that
// deliveries are retried for longer than the namespace remembers them.
func TestEventsDoNotWaitForSchedules(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start(t.Context(), embedded.Options{Retention: 24 * time.Hour})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	cfg := settings(t)
	cfg.Temporal.Address, cfg.Temporal.Namespace = server.Address(), server.Namespace()
	told := make(chan string, 10)
	log := &logged{}
	opts := []app.Option{
		app.WithMigrations(), app.WithLogger(slog.New(slog.NewTextHandler(log, nil))),
		app.WithWorkflow("Greet", greet), app.WithSchedule(app.Schedule{ID: "taken", Flow: "Greet", Every: time.Hour}),
		app.WithSubscriber("shop", []string{"order.placed"}, func(_ context.Context, e everlatch.Event) error {
			told <- e.ID
			return nil
		}),
	}
	take(t, cfg, server, "taken")

	a, err := app.New(t.Context(), cfg, opts...)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
		require.NoError(t, a.Close())
	})
	_, _, err = a.Store().PublishEvent(t.Context(), everlatch.Event{ID: "order-1", Name: "order.placed", Source: "apk_1"})
	require.NoError(t, err)
	require.Equal(t, "order-1", <-told)
	for _, want := range []string{"schedule taken: ", "belongs to another program", "events.retry_for", "retry_for=72h0m0s", "retention=24h0m0s"} {
		require.Eventually(t, func() bool { return bytes.Contains([]byte(log.String()), []byte(want)) }, time.Minute, 10*time.Millisecond, want)
	}
}

// take gives the id that a schedule of the installation will have to another program.
func take(t *testing.T, cfg config.Config, server *embedded.Server, id string) {
	t.Helper()
	a, err := app.New(t.Context(), cfg, app.WithParts(0), app.WithMigrations())
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()
	installation, err := a.Store().Installation(t.Context())
	require.NoError(t, err)
	c, err := client.Dial(client.Options{HostPort: server.Address(), Namespace: server.Namespace()})
	require.NoError(t, err)
	defer c.Close()
	id += "/" + installation
	_, err = c.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: id, Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: id, Workflow: "Theirs", TaskQueue: "theirs"},
	})
	require.NoError(t, err)
}
