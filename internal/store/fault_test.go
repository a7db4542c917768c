package store_test

import (
	"errors"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// openFails returns the cause of a database that cannot be opened.
func openFails(tb testing.TB, url string) string {
	tb.Helper()
	_, err := store.Open(tb.Context(), url, clocktest.At(time.Time{}).Now)
	require.ErrorIs(tb, err, everlatch.ErrUnavailable)
	fault, ok := errors.AsType[*store.FaultError](err)
	require.True(tb, ok, "the cause of %v", err)
	require.NotContains(tb, fault.Error(), "hunter2")
	require.NotContains(tb, fault.Error(), "\n")
	require.NotContains(tb, err.Error(), fault.Error(), "a client of the API is not told the cause")
	return fault.Error()
}

func TestFaultNamesTheCause(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ping: 127.0.0.1:1: connection refused", openFails(t, "postgres://ada:hunter2@127.0.0.1:1/everlatch"), "once, and not for every attempt")
	require.Contains(t, openFails(t, "postgres://ada:hunter2@host.invalid/everlatch"), "ping: host.invalid: ")
	require.Contains(t, openFails(t, "sqlite://"+t.TempDir()+"/no/such/everlatch.db"), "no such file or directory")
	if postgresMissing() {
		return
	}
	server := os.Getenv(storetest.PostgresVariable)
	with := func(change func(u *url.URL)) string {
		u, err := url.Parse(server)
		require.NoError(t, err)
		change(u)
		return u.String()
	}
	require.Contains(t, openFails(t, with(func(u *url.URL) { u.User = url.UserPassword("ada_missing", "hunter2") })), `role "ada_missing" does not exist`)
	require.Contains(t, openFails(t, with(func(u *url.URL) { u.Path = "/no_such_database" })), `database "no_such_database" does not exist`)
	require.Contains(t, openFails(t, with(func(u *url.URL) { u.RawQuery = "sslmode=require" })), "TLS")
}

// TestUnreadableURLKeepsItsPassword: a password that is not escaped, as operators
// paste it, is cut out of what the driver says about the URL.
func TestUnreadableURLKeepsItsPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://ada:hunter2/x@localhost:5432/everlatch",
		"postgres://ada:p#hunter2@localhost/everlatch",
		"postgres://ada:%hunter2@localhost/everlatch",
		"postgres://ada:p@hunter2@local host/everlatch",
		"postgres://localhost:port/everlatch?user=ada&password=hunter2",
		"postgres://localhost/everlatch?sslpassword=hunter2&sslmode=verify-full&sslcert=/no/such&sslkey=/no/such",
	} {
		_, err := store.Open(t.Context(), url, clocktest.At(time.Time{}).Now)
		require.Error(t, err, url)
		fault, ok := errors.AsType[*store.FaultError](err)
		if ok {
			err = fault
		}
		require.NotContains(t, err.Error(), "hunter2", url)
	}
}
