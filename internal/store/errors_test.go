package store_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/store"
)

// calls are methods of every kind: reads, single writes, transactions.
func calls(f fixture) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"ping":     f.Ping,
		"migrate":  f.Migrate,
		"pending":  func(ctx context.Context) error { _, err := f.Pending(ctx); return err },
		"find":     func(ctx context.Context) error { _, err := f.FindCredential(ctx, "emailpass", "ada"); return err },
		"standing": func(ctx context.Context) error { _, err := f.Standing(ctx, "authid_1", "customer", ""); return err },
		"account":  func(ctx context.Context) error { _, _, err := f.StandingWithCustomer(ctx, "authid_1", ""); return err },
		"session":  func(ctx context.Context) error { _, _, err := f.Session(ctx, "hash"); return err },
		"customer": func(ctx context.Context) error { _, err := f.Customer(ctx, "cus_1"); return err },
		"list":     func(ctx context.Context) error { _, _, err := f.Users(ctx, store.UserFilter{}); return err },
		"put":      func(ctx context.Context) error { return f.PutSealed(ctx, store.Sealed{ID: "sec_1", Data: []byte("x")}) },
		"register": func(ctx context.Context) error { _, err := f.RegisterIdentity(ctx, newIdentity("ada")); return err },
		"link":     func(ctx context.Context) error { return f.LinkActor(ctx, link("authid_1", "customer", "cus_1")) },
		"sweep":    func(ctx context.Context) error { _, err := f.Sweep(ctx, 1); return err },
	}
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		require.NoError(t, f.Close())
		require.NoError(t, f.Close(), "twice")
		for name, call := range calls(f) {
			err := call(t.Context())
			require.ErrorIs(t, err, everlatch.ErrUnavailable, name)
			require.NotContains(t, err.Error(), "sql", name)
		}
	})
}

func TestDeadlineIsUnavailable(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		for name, call := range calls(f) {
			require.Equal(t, everlatch.CodeUnavailable, everlatch.ErrorCode(call(ctx)), name)
		}
	})
}

// A cancelled context is not an outage.
func TestCancelledCallIsInternal(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for name, call := range calls(f) {
			err := call(ctx)
			require.ErrorIs(t, err, context.Canceled, name)
			require.Equal(t, everlatch.CodeInternal, everlatch.ErrorCode(err), name)
		}
	})
}

// While another connection holds the write lock, a writer waits until its
// context ends, and readers do not wait.
func TestWriterWaitsAsLongAsItsCaller(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		holder, err := f.DB().BeginTx(t.Context(), nil)
		require.NoError(t, err)
		defer func() { _ = holder.Rollback() }()
		_, err = holder.ExecContext(t.Context(), `UPDATE auth_identity SET updated_at = updated_at`)
		require.NoError(t, err)

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err = f.LinkActor(ctx, link(identity.ID, "manager", "manager_1"))

		require.Equal(t, everlatch.CodeUnavailable, everlatch.ErrorCode(err))
		require.Empty(t, f.standing(t, identity.ID, "manager").ActorID)
		_, err = f.FindCredential(t.Context(), "emailpass", "ada@example.com")
		require.NoError(t, err)
		require.NoError(t, holder.Rollback())
		f.link(t, identity.ID, "manager", "manager_1")
	})
}

// PostgreSQL cannot hold such text, so SQLite does not either.
func TestTextThatNoDatabaseHolds(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		for name, text := range map[string]string{"zero": "a\x00b", "not UTF-8": "a\xffb"} {
			_, err := f.CreateCustomer(t.Context(), newCustomer(text), everlatch.Event{})
			require.Equal(t, everlatch.CodeInvalidData, everlatch.ErrorCode(err), name)
			_, err = f.Customer(t.Context(), text)
			require.Equal(t, everlatch.CodeInvalidData, everlatch.ErrorCode(err), name)
			_, _, err = f.Users(t.Context(), store.UserFilter{IDs: []string{text}})
			require.Equal(t, everlatch.CodeInvalidData, everlatch.ErrorCode(err), name)
		}
		require.Zero(t, f.rows(t, "customer"))
	})
}

// A bug in the store is an internal error whose text holds no argument.
func TestMissingTableIsInternal(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		_, err := f.DB().ExecContext(t.Context(), `DROP TABLE sealed_secret`)
		require.NoError(t, err)
		err = f.PutSealed(t.Context(), store.Sealed{ID: "sec_1", KeyID: "key-id", Data: []byte("top secret")})
		require.Equal(t, everlatch.CodeInternal, everlatch.ErrorCode(err))
		require.NotContains(t, err.Error(), "top secret")
		require.NotContains(t, err.Error(), "key-id")
	})
}

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("server that is away is unavailable, soon, and the password stays secret", func(t *testing.T) {
		t.Parallel()
		began := time.Now()
		_, err := store.Open(t.Context(), "postgres://ada:hunter2@127.0.0.1:1/everlatch", clocktest.At(time.Time{}).Now)
		require.Less(t, time.Since(began), 3*time.Second)
		away, ok := errors.AsType[*everlatch.Error](err)
		require.True(t, ok)
		require.Equal(t, everlatch.CodeUnavailable, away.Code)
		require.NotContains(t, away.Err.Error(), "hunter2")
	})
	t.Run("directory that is missing is unavailable", func(t *testing.T) {
		t.Parallel()
		_, err := store.Open(t.Context(), "sqlite://"+t.TempDir()+"/no/such/everlatch.db", clocktest.At(time.Time{}).Now)
		require.Equal(t, everlatch.CodeUnavailable, everlatch.ErrorCode(err))
	})
	for name, url := range map[string]string{
		"unknown scheme":    "mysql://ada:hunter2@localhost/everlatch",
		"no scheme":         "ada:hunter2@localhost",
		"parameters":        "sqlite:///tmp/everlatch.db?hunter2=1",
		"no path":           "sqlite://",
		"broken postgres":   "postgres://ada:hunter2@localhost:port/everlatch",
		"unknown parameter": "postgres://ada:hunter2@localhost/everlatch?sslmode=hunter",
	} {
		t.Run(name+" is an error without the password", func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), url, clocktest.At(time.Time{}).Now)
			require.Equal(t, everlatch.CodeInternal, everlatch.ErrorCode(err))
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	t.Run("needs a clock", func(t *testing.T) {
		t.Parallel()
		_, err := store.Open(t.Context(), "sqlite://:memory:", nil)
		require.Error(t, err)
	})
	for name, write := range map[string]func(path string) string{
		"path as it is":       func(path string) string { return path },
		"path with escapes":   func(path string) string { return strings.ReplaceAll(path, " ", "%20") },
		"path with a percent": func(path string) string { return path + "100%" },
		"path that escapes":   func(path string) string { return path + "%3F%23" },
	} {
		t.Run(name+" keeps what was written, for its owner only", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir() + "/data of Ada"
			require.NoError(t, os.Mkdir(dir, 0o700))
			url := "sqlite://" + write(dir+"/ever latch.db")
			f := open(t, url)
			identity := f.identity(t, "ada@example.com")
			files, err := os.ReadDir(dir)
			require.NoError(t, err)
			for _, file := range files {
				info, err := file.Info()
				require.NoError(t, err)
				require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file.Name())
				require.True(t, strings.HasPrefix(file.Name(), "ever latch.db"), file.Name())
			}
			require.NoError(t, f.Close())

			again := open(t, url)

			_, err = again.Identity(t.Context(), identity.ID)
			require.NoError(t, err)
		})
	}
	t.Run("every memory is another one and leaves no trace", func(t *testing.T) {
		t.Parallel()
		one, two := open(t, "sqlite://:memory:"), open(t, "sqlite://:memory:")
		one.identity(t, "ada@example.com")
		require.Zero(t, two.rows(t, "auth_identity"))
		var path string
		row := one.DB().QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`)
		require.NoError(t, row.Scan(&path))
		require.FileExists(t, path)
		require.NoError(t, one.Close())
		require.NoFileExists(t, path)
	})
}

// A store survives the outage of its server: calls are refused soon, and work
// again when the server is back.
func TestOutage(t *testing.T) {
	t.Parallel()
	if postgresMissing() {
		t.Skip("needs PostgreSQL: SQLite has no server")
	}
	between := newProxy(t)
	f := open(t, between.url(t, postgresURL(t)))
	identity := f.identity(t, "ada@example.com")

	between.cut()
	for name, call := range calls(f) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		require.Equal(t, everlatch.CodeUnavailable, everlatch.ErrorCode(call(ctx)), name)
		require.NoError(t, ctx.Err(), "%s took too long", name)
		cancel()
	}
	between.mend()

	_, err := f.Identity(t.Context(), identity.ID)
	require.NoError(t, err)
	f.link(t, identity.ID, "manager", "manager_1")
}

// proxy stands between a store and its server.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	down  bool
	conns []net.Conn
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener}
	t.Cleanup(func() {
		p.cut()
		require.NoError(t, listener.Close())
	})
	return p
}

// url sends the URL of a server through the proxy.
func (p *proxy) url(t *testing.T, server string) string {
	t.Helper()
	u, err := url.Parse(server)
	require.NoError(t, err)
	p.target = u.Host
	u.Host = p.listener.Addr().String()
	go p.serve()
	return u.String()
}

func (p *proxy) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil || !p.keep(conn, server) {
			_ = conn.Close()
			continue
		}
		go func() { _, _ = io.Copy(server, conn) }()
		go func() { _, _ = io.Copy(conn, server) }()
	}
}

func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.down {
		p.conns = append(p.conns, conns...)
	}
	return !p.down
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

// reset ends the connections at once, as the crash of a server does.
func (p *proxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
	p.conns = nil
}

func (p *proxy) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
}
