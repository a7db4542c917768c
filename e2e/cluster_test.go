package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database of these tests
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/ids"
)

// postgres returns the URL of a database of this test's own, or skips. CI
// always has one: .ci/run fails without it.
func postgres(t *testing.T) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES_URL")
	if server == "" {
		fmt.Fprintln(os.Stderr, "*** SKIPPED: "+t.Name()+" needs PostgreSQL; set TEST_POSTGRES_URL to run it.")
		t.Skip("TEST_POSTGRES_URL is not set")
	}
	db, err := sql.Open("pgx", server)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	name := "e2e_" + strings.ToLower(ids.New("", time.Now()))
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
		require.NoError(t, err)
	})
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

// runToEnd runs a command of the program and returns what it printed.
func runToEnd(t *testing.T, env []string, args ...string) string {
	t.Helper()
	out, err := run(t, env, args...)
	require.NoError(t, err, "%v: %s", args, out)
	return out
}

// run is runToEnd for a command that may fail.
func run(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestCluster runs what docker-compose.yml starts, as processes: a Temporal
// server, PostgreSQL, two APIs and two workers. One worker is killed with -9
// under load, then one API. Every registration is answered, and a repetition
// under an Idempotency-Key gets the first answer from the other API.
func TestCluster(t *testing.T) {
	t.Parallel()
	database := postgres(t)
	server := temporalServer(t, filepath.Join(t.TempDir(), "temporal"), "")
	env := production(database, server.Address())
	runToEnd(t, env, "migrate", "up")
	require.Contains(t, runToEnd(t, env, "migrate", "status"), "00001")
	apis := []*process{startCommand(t, "api", env), startCommand(t, "api", env)}
	workers := []*process{startCommand(t, "worker", env), startCommand(t, "worker", env)}

	const people = 60
	var once sync.Once
	answers := parallel(t, people, func(i int) (answer, error) {
		if i == people/2 {
			once.Do(workers[0].kill)
		}
		return apis[i%2].try(t.Context(), "POST", "/auth/customer/emailpass/register",
			object{"email": fmt.Sprintf("p%d@example.com", i), "password": password}, "Idempotency-Key", fmt.Sprint(i))
	})
	require.Equal(t, people, count(answers, 200), "every registration outlives a worker")

	apis[0].kill()
	for i := range 10 {
		again := apis[1].call(t, "POST", "/auth/customer/emailpass/register",
			object{"email": fmt.Sprintf("p%d@example.com", i), "password": password}, "Idempotency-Key", fmt.Sprint(i))
		require.Equal(t, string(answers[i].raw), string(again.raw))
	}
	out := runToEnd(t, env, "user", "create", "-e", "root@example.com", "-p", password)
	require.Contains(t, out, "root@example.com")
	a := apis[1].call(t, "POST", "/auth/user/emailpass", object{"email": "root@example.com", "password": password})
	require.Equal(t, 200, a.status)
	for _, p := range []*process{apis[1], workers[1]} {
		p.stop(t)
	}
}

// TestDatabaseIsAway cuts the connection to PostgreSQL: every request that
// needs it is answered 503 within 3 s, and the first after its return works.
func TestDatabaseIsAway(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(postgres(t))
	require.NoError(t, err)
	wire := newWire(t, u.Host)
	u.Host = wire.listener.Addr().String()
	server := temporalServer(t, "", "")
	env := production(u.String(), server.Address())
	runToEnd(t, env, "migrate", "up")
	p := startCommand(t, "serve", env)
	token := p.signUp(t)

	wire.cut()

	for name, call := range map[string]func() answer{
		"login": func() answer {
			return p.call(t, "POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": password})
		},
		"me": func() answer { return p.call(t, "GET", "/store/customers/me", nil, bearer(token)...) },
	} {
		begun := time.Now()
		a := call()
		require.Equal(t, http.StatusServiceUnavailable, a.status, "%s: %s", name, a.raw)
		require.NotEmpty(t, a.header.Get("Retry-After"))
		require.Less(t, time.Since(begun), 3*time.Second+500*time.Millisecond, name)
	}
	ready := p.call(t, "GET", "/ready", nil)
	require.Equal(t, http.StatusServiceUnavailable, ready.status)
	require.Contains(t, string(ready.raw), "database")

	wire.mend()
	p.waitReady(t)
	require.Equal(t, 200, p.call(t, "GET", "/store/customers/me", nil, bearer(token)...).status)
	p.login(t, "ada@example.com", password)
}

// wire is a TCP connection between two hosts that can be cut.
type wire struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	broken   bool
	open     map[net.Conn]bool
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{listener: l, target: target, open: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = l.Close(); w.cut() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(conn)
		}
	}()
	return w
}

func (w *wire) carry(conn net.Conn) {
	defer conn.Close()
	far, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	defer far.Close()
	w.mu.Lock()
	if w.broken {
		w.mu.Unlock()
		return
	}
	w.open[conn], w.open[far] = true, true
	w.mu.Unlock()
	go func() { _, _ = io.Copy(far, conn); _ = far.Close() }()
	_, _ = io.Copy(conn, far)
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = true
	for conn := range w.open {
		_ = conn.Close()
	}
	w.open = map[net.Conn]bool{}
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = false
}
