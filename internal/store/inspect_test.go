package store_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func TestInspectSQLite(t *testing.T) {
	t.Parallel()
	got, err := store.Inspect(t.Context(), storetest.URL(t), time.Now)
	require.NoError(t, err)
	require.Equal(t, "SQLite", got.Engine)
	require.Equal(t, 3, got.Major)
	require.Zero(t, got.Clock)

	missing := t.TempDir() + "/missing.db"
	_, err = store.Inspect(t.Context(), "sqlite://"+missing, time.Now)
	_, ok := errors.AsType[*store.NoDatabaseError](err)
	require.True(t, ok, err)
	require.NoFileExists(t, missing)
	_, err = store.Inspect(t.Context(), "mysql://ada@db/shop", time.Now)
	require.ErrorContains(t, err, "postgres:// or sqlite://")
}

func TestInspectPostgres(t *testing.T) {
	t.Parallel()
	if postgresMissing() {
		t.Skip("needs PostgreSQL")
	}
	clock := clocktest.At(start)
	got, err := store.Inspect(t.Context(), postgresURL(t), clock.Now, store.WithMaxConnections(7))
	require.NoError(t, err)
	require.Equal(t, "PostgreSQL", got.Engine)
	require.GreaterOrEqual(t, got.Major, 14)
	require.Equal(t, "UTF8", got.Encoding)
	require.NoError(t, got.Unfit)
	require.Equal(t, 7, got.PoolSize)
	require.Positive(t, got.Connections)
	require.Greater(t, got.MaxConnections, got.Connections)
	require.False(t, got.ReadOnly)
	require.Equal(t, start, got.At)
	require.True(t, got.Clock.After(start))

	server := postgresDatabase(t, "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
	got, err = store.Inspect(t.Context(), server.String(), clock.Now)
	require.NoError(t, err, "what Open refuses can be looked at")
	require.EqualError(t, got.Unfit, "the database has the encoding LATIN1, which cannot hold every name: create it with ENCODING 'UTF8' TEMPLATE template0")
}

func TestFaultKind(t *testing.T) {
	t.Parallel()
	kind := func(url string) store.FaultKind {
		_, err := store.Open(t.Context(), url, clocktest.At(start).Now)
		fault, ok := errors.AsType[*store.FaultError](err)
		require.True(t, ok, err)
		return fault.Kind()
	}
	require.Equal(t, store.FaultRefused, kind("postgres://ada:hunter2@127.0.0.1:1/shop"))
	require.Equal(t, store.FaultUnknownHost, kind("postgres://ada:hunter2@nowhere.invalid/shop"))
	require.Equal(t, store.FaultOther, kind("sqlite://"+t.TempDir()+"/no/such.db"))
	if postgresMissing() {
		return
	}
	with := func(change func(u *url.URL)) string {
		u, err := url.Parse(postgresURL(t))
		require.NoError(t, err)
		change(u)
		return u.String()
	}
	require.Equal(t, store.FaultNoDatabase, kind(with(func(u *url.URL) { u.Path = "/no_such_database" })))
	require.Equal(t, store.FaultCredentials, kind(with(func(u *url.URL) { u.User = url.User("no_such_role") })))
	require.Equal(t, store.FaultTLS, kind(with(func(u *url.URL) { u.RawQuery = "sslmode=require" })))
}
