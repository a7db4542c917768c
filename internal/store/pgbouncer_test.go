package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/freeport"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// onServer runs one statement on the server of the suite.
func onServer(tb testing.TB, statement string) {
	tb.Helper()
	storetest.OnPostgres(tb, os.Getenv(storetest.PostgresVariable), statement)
}

// postgresDatabase makes a database that is dropped after the test, and returns its
// URL. with follows CREATE DATABASE name.
func postgresDatabase(tb testing.TB, with string) *url.URL {
	tb.Helper()
	if postgresMissing() {
		tb.Skip("needs PostgreSQL")
	}
	return storetest.PostgresDatabase(tb, with)
}

// behindPgbouncer starts a pgbouncer in transaction mode before a server and
// returns the URL of the same database through it.
func behindPgbouncer(tb testing.TB, server *url.URL) string {
	tb.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/pgbouncer") // not on the path of every user
	}
	if err != nil {
		require.NotEqual(tb, "true", os.Getenv("CI"), "pgbouncer is missing; .ci/run installs it")
		tb.Skip("needs pgbouncer")
	}
	address, err := net.ResolveTCPAddr("tcp", freeport.Addresses(tb, 1)[0])
	require.NoError(tb, err)
	login := "user=" + server.User.Username()
	if password, set := server.User.Password(); set {
		login += " password=" + password
	}
	file := filepath.Join(tb.TempDir(), "pgbouncer.ini")
	config := fmt.Sprintf("[databases]\n* = host=%s port=%s %s\n[pgbouncer]\n"+
		"listen_addr=127.0.0.1\nlisten_port=%d\nunix_socket_dir=\nauth_type=any\npool_mode=transaction\n"+
		"default_pool_size=8\nserver_reset_query_always=0\n", server.Hostname(), server.Port(), login, address.Port)
	if os.Getuid() == 0 {
		config += "user=daemon\n" // it refuses to run as root
	}
	require.NoError(tb, os.WriteFile(file, []byte(config), 0o600))
	var output bytes.Buffer
	command := exec.CommandContext(context.WithoutCancel(tb.Context()), program, file)
	command.Stdout, command.Stderr = &output, &output
	require.NoError(tb, command.Start())
	tb.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if tb.Failed() {
			tb.Log(output.String())
		}
	})
	through := *server
	through.Host = address.String()
	require.Eventually(tb, func() bool {
		conn, err := net.Dial("tcp", address.String())
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 10*time.Second, 20*time.Millisecond)
	return through.String()
}

// Everything works behind a pgbouncer that gives each transaction another
// connection: several processes migrate at once, nothing stays locked, and no
// statement is prepared on one connection and executed on another.
func TestBehindPgbouncer(t *testing.T) {
	t.Parallel()
	server := postgresDatabase(t, "")
	through := behindPgbouncer(t, server)
	c := clocktest.At(start)
	stores := make([]*store.Store, 4)
	for i := range stores {
		s, err := store.Open(t.Context(), through, c.Now)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		stores[i] = s
	}
	require.NoError(t, errors.Join(storetest.InParallel(t.Context(), len(stores), func(ctx context.Context, i int) error {
		return stores[i].Migrate(ctx)
	})...))

	errs := storetest.InParallel(t.Context(), 64, func(ctx context.Context, i int) error {
		f := fixture{Store: stores[i%len(stores)], clock: c}
		email := fmt.Sprintf("ada%d@example.com", i/2) // each address twice
		identity, err := f.RegisterIdentity(ctx, newIdentity(email))
		if err != nil {
			return err
		}
		customer, err := f.CreateCustomer(ctx, newCustomer(email), everlatch.Event{})
		if err != nil {
			return err
		}
		if err := f.LinkActor(ctx, link(identity.ID, everlatch.ActorCustomer, customer.ID)); err != nil {
			return err
		}
		_, _, err = f.Customers(ctx, store.CustomerFilter{Q: email}, store.Page{Limit: 5})
		return err
	})
	for _, err := range errs {
		if err != nil {
			require.ErrorIs(t, err, everlatch.ErrDuplicate)
		}
	}
	require.Equal(t, 32, succeeded(errs), "each address once")

	direct, err := sql.Open("pgx", server.String())
	require.NoError(t, err)
	defer func() { require.NoError(t, direct.Close()) }()
	var locks int
	require.NoError(t, direct.QueryRowContext(t.Context(),
		`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&locks))
	require.Zero(t, locks, "no lock stays with a connection")
}

// A process that finds the schema locked says so, and gives up in time.
func TestMigrationThatAnotherProcessBlocks(t *testing.T) {
	t.Parallel()
	server := postgresDatabase(t, "").String()
	holder, err := sql.Open("pgx", server)
	require.NoError(t, err)
	defer func() { require.NoError(t, holder.Close()) }()
	held, err := holder.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = held.ExecContext(t.Context(), `SELECT pg_advisory_xact_lock(hashtext('everlatch migrations of public'))`)
	require.NoError(t, err)

	var log syncBuffer
	s, err := store.Open(t.Context(), server, clocktest.At(start).Now,
		store.WithMigrationWait(400*time.Millisecond), store.WithLog(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()

	err = s.Migrate(t.Context())

	require.ErrorContains(t, err, "another process is migrating the database")
	require.Contains(t, log.String(), "waiting for another process that migrates the database")
	require.NoError(t, held.Rollback())
	require.NoError(t, s.Migrate(t.Context()))
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestSizeOfThePool(t *testing.T) {
	t.Parallel()
	base := postgresDatabase(t, "")
	for query, tt := range map[string]struct {
		options []store.Option
		want    int
	}{
		"":                 {want: 20},
		"?":                {options: []store.Option{store.WithMaxConnections(7)}, want: 7},
		"pool_max_conns=3": {options: []store.Option{store.WithMaxConnections(7)}, want: 3},
		"pool_max_conns=4&pool_min_conns=1&pool_max_conn_lifetime=1h&pool_max_conn_idle_time=30m&pool_health_check_period=1m": {want: 4},
	} {
		u := *base
		q, err := url.ParseQuery(strings.TrimPrefix(query, "?") + "&" + base.RawQuery)
		require.NoError(t, err)
		u.RawQuery = q.Encode()
		s, err := store.Open(t.Context(), u.String(), clocktest.At(start).Now, tt.options...)
		require.NoError(t, err, query)
		require.Equal(t, tt.want, s.DB().Stats().MaxOpenConnections, query)
		require.NoError(t, s.Close())
	}
	for query, want := range map[string]string{"pool_max_conns=1": "at least 2", "pool_max_conns=many": "pool_max_conns in the database URL cannot be read"} {
		u := *base
		u.RawQuery += "&" + query
		_, err := store.Open(t.Context(), u.String(), clocktest.At(start).Now)
		require.ErrorContains(t, err, want)
	}
}

// Statements run as they were written for, whatever the default of the database.
func TestSerializableByDefault(t *testing.T) {
	t.Parallel()
	server := postgresDatabase(t, "")
	onServer(t, "ALTER DATABASE "+server.Path[1:]+" SET default_transaction_isolation = 'serializable'")
	s := open(t, server.String())
	for _, query := range []string{`SHOW transaction_isolation`, `SHOW default_transaction_isolation`} {
		var level string
		require.NoError(t, s.DB().QueryRowContext(t.Context(), query).Scan(&level))
		require.Equal(t, "read committed", level, query)
	}
	errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
		_, err := s.RegisterIdentity(ctx, newIdentity(fmt.Sprintf("ada%d@example.com", i)))
		return err
	})
	require.NoError(t, errors.Join(errs...))

	_, err := store.Open(t.Context(), behindPgbouncer(t, server), clocktest.At(start).Now)
	require.ErrorContains(t, err, "serializable by default", "a pooler would lose the setting")
}

func TestDatabaseThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	server := postgresDatabase(t, "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
	_, err := store.Open(t.Context(), server.String(), clocktest.At(start).Now)
	require.ErrorContains(t, err, "the database has the encoding LATIN1")
}
