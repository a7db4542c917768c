//go:build linux

package crash_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database of the installation
	"github.com/stretchr/testify/require"
	sdkclient "go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch/internal/freeport"
	"github.com/everlatch/everlatch/internal/mailtest"
	"github.com/everlatch/everlatch/internal/oidctest"
)

// The names of what fails.
const (
	thePostgres = "postgres"
	theTemporal = "temporal"
	theProxy    = "proxy"
	theMail     = "mail"
)

var (
	apiNames    = []string{"api-1", "api-2"}
	workerNames = []string{"worker-1", "worker-2"}
)

// cast is a whole installation: processes, the connections between them, and the
// outside world, which is a mail server and an OpenID provider that never fail.
type cast struct {
	processes map[string]*process
	wires     map[string]*wire
	proxy     *balancer
	mails     *mailtest.Server
	openid    *oidctest.Provider

	db         *sql.DB          // Everlatch's database, without a wire
	temporal   sdkclient.Client // likewise
	temporalAt string
}

// callbackURL is where the OpenID provider sends browsers.
const callbackURL = "http://localhost:8000/cb"

// newCast starts an installation, or skips the test where there is no PostgreSQL
// server to start.
func newCast(t *testing.T) *cast {
	t.Helper()
	return newCastOf(t, build(t))
}

// newCastOf is newCast with other programs.
func newCastOf(t *testing.T, programs map[string]string) *cast {
	t.Helper()
	c := &cast{
		processes: map[string]*process{}, wires: map[string]*wire{},
		mails:  mailtest.Start(t, mailtest.Options{}),
		openid: oidctest.Start(t, oidctest.Options{RedirectURIs: []string{callbackURL}}),
	}
	postgres := newPostgres(t)
	c.add(t, postgres.process)
	for _, name := range []string{"everlatch", "temporal", "temporal_visibility"} {
		postgres.create(t, name)
	}
	var err error
	c.db, err = sql.Open("pgx", postgres.url(postgres.address, "everlatch"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.db.Close() })
	c.addTemporal(t, programs["temporalserver"], postgres)
	c.addEverlatch(t, programs["everlatch"], postgres)
	return c
}

// add starts a process and waits until it serves.
func (c *cast) add(t *testing.T, p *process) {
	t.Helper()
	c.processes[p.name] = p
	p.start(t)
	require.NoError(t, p.awaitReady(t.Context()), "log: %s", p.tail())
}

// connect makes the wire from a process to a server.
func (c *cast) connect(t *testing.T, from, to, address string) string {
	t.Helper()
	w := newWire(t, address)
	c.wires[from+wireArrow+to] = w
	return w.address()
}

// addTemporal starts a Temporal server, configured as docker-compose.yml does it.
func (c *cast) addTemporal(t *testing.T, path string, postgres *postgresServer) {
	t.Helper()
	ports := freeport.Addresses(t, 5)
	environment := func(postgres string) []string {
		return []string{
			"DB=postgres12_pgx", "POSTGRES_SEEDS=127.0.0.1", "DB_PORT=" + portOf(t, postgres), "POSTGRES_USER=postgres",
			"BIND_ON_IP=127.0.0.1", "NUM_HISTORY_SHARDS=4", "LOG_LEVEL=fatal", "DYNAMIC_CONFIG_FILE_PATH=" + repository(t, "deploy/temporal-dynamic.yaml"),
			"FRONTEND_GRPC_PORT=" + portOf(t, ports[0]), "FRONTEND_HTTP_PORT=" + portOf(t, ports[1]),
			"MATCHING_GRPC_PORT=" + portOf(t, ports[2]), "HISTORY_GRPC_PORT=" + portOf(t, ports[3]), "WORKER_GRPC_PORT=" + portOf(t, ports[4]),
		}
	}
	runToEnd(t, path, environment(postgres.address), "schema")
	var err error
	c.temporal, err = sdkclient.NewLazyClient(sdkclient.Options{HostPort: ports[0], Namespace: "default", Logger: silent{}})
	require.NoError(t, err)
	t.Cleanup(c.temporal.Close)
	c.add(t, &process{
		name: theTemporal, path: path, args: []string{"start"},
		env: environment(c.connect(t, theTemporal, thePostgres, postgres.address)),
		ready: func(ctx context.Context) bool {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := c.temporal.CheckHealth(ctx, nil)
			return err == nil
		},
	})
	c.temporalAt = ports[0]
}

// addEverlatch prepares both databases and starts the APIs, the workers and the proxy.
func (c *cast) addEverlatch(t *testing.T, path string, postgres *postgresServer) {
	t.Helper()
	common := c.settings(t)
	environment := func(postgresAt, temporalAt, mailAt string) []string {
		return append([]string{
			"DATABASE_URL=" + postgres.url(postgresAt, "everlatch"), "TEMPORAL_ADDRESS=" + temporalAt,
			"EVERLATCH_MAIL_SMTP_ADDRESS=" + mailAt,
		}, common...)
	}
	direct := environment(postgres.address, c.temporalAt, c.mails.Address())
	runToEnd(t, path, direct, "temporal", "setup")
	runToEnd(t, path, direct, "migrate", "up")
	of := func(name string) []string {
		mailAt := c.mails.Address()
		if name == workerNames[0] || name == workerNames[1] { // nothing else sends mails
			mailAt = c.connect(t, name, theMail, mailAt)
		}
		return environment(c.connect(t, name, thePostgres, postgres.address), c.connect(t, name, theTemporal, c.temporalAt), mailAt)
	}
	for _, name := range workerNames {
		health := freeport.Addresses(t, 1)[0]
		c.add(t, &process{
			name: name, path: path, args: []string{"worker"},
			env: append(of(name), "EVERLATCH_WORKER_HEALTH_ADDRESS="+health), ready: answers("http://" + health + "/ready"),
		})
	}
	var backends []string
	for _, name := range apiNames {
		address := freeport.Addresses(t, 1)[0]
		backends = append(backends, address)
		c.add(t, &process{
			name: name, path: path, args: []string{"api", "--http", address},
			env: of(name), ready: answers("http://" + address + "/ready"),
		})
	}
	c.proxy = newBalancer(t, backends)
	runToEnd(t, path, direct, "user", "create", "-e", rootEmail, "-p", rootPassword)
}

// rootEmail and rootPassword are those of the administrator who invites the others.
const (
	rootEmail    = "root@example.com"
	rootPassword = "the-Secret-of-root"
)

// deletionGrace is how long after its request an account is removed.
const deletionGrace = 5 * time.Second

// settings are the environment that all processes of Everlatch share. Hashes are
// cheap, because the cores are few, and limits are off, because all clients are one.
func (c *cast) settings(t *testing.T) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "everlatch.yaml")
	text := fmt.Sprintf(`
auth:
  providers:
    - resolve: emailpass
      options: {argon2: {memory_kib: 8, time: 1, parallelism: 1}}
    - resolve: oidc
      id: okta
      options: {issuer: %q, client_id: %q, client_secret: %q, callback_url: %q, allow_private: true}
limits: {enabled: false}
deletion: {grace: %s}
events: {retry_initial: 1s, retry_max: 5s}
mail: {allow_localhost_links: true}
`, c.openid.URL(), c.openid.ClientID(), c.openid.ClientSecret(), callbackURL, deletionGrace)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return []string{
		"EVERLATCH_CONFIG=" + file,
		"JWT_SECRET=Yy3kqL0v7mXh2pTf9sWc4bNj6rGd8aZe1uQo5iKx",
		"COOKIE_SECRET=Hq8wEo2rTy6uIp0aSd4fGh1jKl5zXc9vBn3mQw7e",
		"EVERLATCH_ENCRYPTION_KEYS=e2e:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
		"EVERLATCH_LOG_FORMAT=json",
		"EVERLATCH_MAIL_SMTP_SECURITY=none",
	}
}

// targets are everything that a plan may break.
func (c *cast) targets() []string {
	all := []string{theProxy}
	for name := range c.processes {
		all = append(all, name)
	}
	for name := range c.wires {
		all = append(all, name)
	}
	return all
}

// answers says whether a URL is answered with 200.
func answers(url string) func(context.Context) bool {
	probe := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return func(ctx context.Context) bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return false
		}
		resp, err := probe.Do(req)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}
}

// programsVariable names the folder of the programs, which TestMain makes and removes. Its
// prefix is not that of settings, for unknown ones are refused.
const programsVariable = "CRASH_PROGRAMS"

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "everlatch-crash-programs")
	if err != nil {
		panic(err)
	}
	if err := os.Setenv(programsVariable, folder); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

var builtOnce = sync.OnceValues(func() (map[string]string, error) {
	folder := os.Getenv(programsVariable)
	programs := map[string]string{}
	for name, flags := range map[string][]string{
		"cmd/everlatch": {"-tags", "noembedded"}, "e2e/temporalserver": nil,
	} {
		path := filepath.Join(folder, filepath.Base(name))
		args := append(append([]string{"build", "-o", path}, flags...), "github.com/everlatch/everlatch/"+name)
		if out, err := exec.CommandContext(context.Background(), "go", args...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
		programs[filepath.Base(name)] = path
	}
	return programs, nil
})

// build returns the paths of the programs by name.
func build(t *testing.T) map[string]string {
	t.Helper()
	programs, err := builtOnce()
	require.NoError(t, err)
	return programs
}

// runToEnd runs a program that has to succeed.
func runToEnd(t *testing.T, path string, env []string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%v: %s", args, out)
}

// repository is the path of a file of the repository.
func repository(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../..", name))
	require.NoError(t, err)
	return path
}

// silent logs nothing: that Temporal is away is what this is about.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
