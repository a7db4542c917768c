package main

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/store"
)

// newLetters returns letters to a database with one customer, Ada.
func newLetters(t *testing.T, out io.Writer) *Letters {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "everlatch.db"), time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	_, err = s.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_ada", Email: new("ada@example.com")}, everlatch.Event{})
	require.NoError(t, err)
	return &Letters{Store: s, Out: out}
}

func created(id any) everlatch.Event {
	return everlatch.Event{ID: "evt_1", Name: everlatch.EventCustomerCreated, Data: everlatch.Metadata{"id": id}}
}

func TestWelcome(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.RegisterActivity(newLetters(t, &out))
	begun := env.Now()
	env.RegisterDelayedCallback(func() {
		require.Equal(t, "To: ada@example.com\n\nWelcome!\n\n", out.String())
	}, askAfter-time.Minute)

	env.ExecuteWorkflow(WelcomeCustomer, created("cus_ada"))

	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, "To: ada@example.com\n\nWelcome!\n\nTo: ada@example.com\n\nHow do you like it here?\n\n", out.String())
	require.GreaterOrEqual(t, env.Now().Sub(begun), askAfter) // of the environment's time, which is skipped
}

func TestNobodyIsWrittenToWhoIsGone(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.RegisterActivity(newLetters(t, &out))

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
	env.RegisterActivity(newLetters(t, &flaky{&out, 5}))

	env.ExecuteWorkflow(WelcomeCustomer, created("cus_ada"))

	require.NoError(t, env.GetWorkflowError())
	require.Contains(t, out.String(), "Welcome!")
}

func TestTheServiceAssembles(t *testing.T) {
	t.Parallel()

	a, err := newApp(t.Context(), settings(t, ""), nil, io.Discard)

	require.NoError(t, err)
	require.NoError(t, a.Close())
}

// The configuration of the guide's second part, with the flow and the input
// that it names.
func TestTheConfigurationOfTheGuide(t *testing.T) {
	t.Parallel()

	cfg := settings(t, "everlatch.yaml")
	require.Len(t, cfg.Subscribers, 1)
	require.Equal(t, []string{everlatch.EventCustomerDeleted}, cfg.Subscribers[0].Events)
	require.Equal(t, "outside", cfg.Subscribers[0].Source)

	a, err := newApp(t.Context(), cfg, nil, io.Discard) // knows the flow and its input
	require.NoError(t, err)
	require.NoError(t, a.Close())

	cfg.Subscribers[0].Flow.Input = map[string]any{"actor": "$.data.id"}
	_, err = newApp(t.Context(), cfg, nil, io.Discard)
	require.ErrorContains(t, err, `flow "RemoveCustomerAccount" has no input "actor"`)
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
