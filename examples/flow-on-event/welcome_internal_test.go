package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

// newLetters returns letters to one customer, Ada.
func newLetters(out io.Writer) *Letters {
	return &Letters{Out: out, Customer: func(_ context.Context, id string) (everlatch.Customer, error) {
		if id != "cus_ada" {
			return everlatch.Customer{}, everlatch.ErrNotFound
		}
		return everlatch.Customer{ID: id, Email: new("ada@example.com")}, nil
	}}
}

func created(id any) everlatch.Event {
	return everlatch.Event{ID: "evt_1", Name: everlatch.EventCustomerCreated, Data: everlatch.Metadata{"id": id}}
}

func TestWelcome(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.RegisterActivity(newLetters(&out))
	begun := env.Now()
	env.RegisterDelayedCallback(func() {
		require.Equal(t, "To: ada@example.com\n\nWelcome!\n\n", out.String())
	}, askAfter-time.Minute)

	env.ExecuteWorkflow(WelcomeCustomer, created("cus_ada"))

	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, "To: ada@example.com\n\nWelcome!\n\nTo: ada@example.com\n\nHow do you like it here?\n\n", out.String())
	require.GreaterOrEqual(t, env.Now().Sub(begun), askAfter) // of the environment's time, which is skipped
}

func TestADeletedCustomerGetsNoLetter(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.RegisterActivity(newLetters(&out))

	env.ExecuteWorkflow(WelcomeCustomer, created("cus_gone"))

	require.NoError(t, env.GetWorkflowError())
	require.Empty(t, out.String())
}

// flaky fails a few times before it writes.
type flaky struct {
	io.Writer

	left int
}

func (f *flaky) Write(p []byte) (int, error) {
	if f.left--; f.left >= 0 {
		return 0, errors.New("the mail provider is down")
	}
	return f.Writer.Write(p)
}

func TestALetterIsTriedUntilItIsSent(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.RegisterActivity(newLetters(&flaky{&out, 5}))

	env.ExecuteWorkflow(WelcomeCustomer, created("cus_ada"))

	require.NoError(t, env.GetWorkflowError())
	require.Contains(t, out.String(), "Welcome!")
}

func TestTheServiceAssembles(t *testing.T) {
	t.Parallel()

	a, err := newApp(t, settings(t, ""))

	require.NoError(t, err)
	require.NoError(t, a.Close())
}

// The configuration of the guide's second part, with the workflow and the input
// that it names.
func TestTheConfigurationOfTheGuide(t *testing.T) {
	t.Parallel()

	cfg := settings(t, "everlatch.yaml")
	require.Len(t, cfg.Subscribers, 1)
	require.Equal(t, []string{everlatch.EventCustomerDeleted}, cfg.Subscribers[0].Events)
	require.Equal(t, "outside", cfg.Subscribers[0].Source)

	a, err := newApp(t, cfg) // knows the workflow and its input
	require.NoError(t, err)
	require.NoError(t, a.Close())

	cfg.Subscribers[0].Flow.Input = map[string]any{"actor": "$.data.id"}
	_, err = newApp(t, cfg)
	require.ErrorContains(t, err, `flow "RemoveCustomerAccount" has no input "actor"`)
}

func newApp(t *testing.T, cfg config.Config) (*app.App, error) {
	t.Helper()
	return app.New(t.Context(), cfg, append(options(io.Discard), app.WithMigrations())...)
}

func settings(t *testing.T, file string) config.Config {
	t.Helper()
	cfg, err := config.Load(config.Sources{File: file, Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	return cfg
}
