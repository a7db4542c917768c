package cli_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/embedded"
)

// docs/weak-spots.md#w35: nothing that serves people starts without secrets, and one start tells
// all that is missing.
func TestServeRefuses(t *testing.T) {
	t.Parallel()

	weak := []string{"JWT_SECRET=supersecret", "COOKIE_SECRET=supersecret", "EVERLATCH_ENCRYPTION_KEYS=k1:short", "EVERLATCH_HTTP_BODYLIMIT=1mb"}
	for _, command := range []string{"serve", "api", "worker"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()

			_, _, err := execute(t, nil, "", command)
			for _, key := range []string{
				"http.jwt_secret (JWT_SECRET): missing", "http.cookie_secret (COOKIE_SECRET): missing",
				"encryption.keys (EVERLATCH_ENCRYPTION_KEYS): missing", "database.url (DATABASE_URL): missing",
			} {
				require.ErrorContains(t, err, key)
			}

			_, _, err = execute(t, weak, "", command)
			for _, key := range []string{
				"http.jwt_secret (JWT_SECRET): weak", "http.cookie_secret (COOKIE_SECRET): weak",
				"encryption.keys (EVERLATCH_ENCRYPTION_KEYS): ", "EVERLATCH_HTTP_BODYLIMIT: unknown variable; did you mean EVERLATCH_HTTP_BODY_LIMIT?",
			} {
				require.ErrorContains(t, err, key)
			}
			require.NotContains(t, err.Error(), "k1:short")
		})
	}
}

// production returns the environment of an installation: a database without a
// schema and a Temporal server.
func production(t *testing.T) []string {
	t.Helper()
	server, err := embedded.Start(t.Context(), embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	var cfg config.Config
	require.NoError(t, cfg.Generate(""))
	return []string{
		"DATABASE_URL=sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "TEMPORAL_ADDRESS=" + server.Address(),
		"JWT_SECRET=" + cfg.HTTP.JWTSecret.Reveal(), "COOKIE_SECRET=" + cfg.HTTP.CookieSecret.Reveal(),
		"EVERLATCH_ENCRYPTION_KEYS=" + cfg.Encryption.Keys.Reveal(),
		"EVERLATCH_HTTP_ADDRESS=127.0.0.1:0", "EVERLATCH_WORKER_HEALTH_ADDRESS=127.0.0.1:0",
	}
}

const running = `"msg":"everlatch is running".*"address":"([^"]+)"`

func TestApiAndWorkerApart(t *testing.T) {
	t.Parallel()

	environ := production(t)
	_, _, err := execute(t, environ, "", "serve")
	require.ErrorContains(t, err, "run `everlatch migrate up` first")
	_, _, err = execute(t, environ, "", "migrate", "up")
	require.NoError(t, err)

	api := begin(t, environ, "api")
	url := "http://" + api.stderr.await(t, api.ended, running)
	worker := begin(t, environ, "worker")
	health := "http://" + worker.stderr.await(t, worker.ended, running)
	worker.stderr.await(t, worker.ended, "worker started")

	registered := post(t, url+"/auth/customer/emailpass/register", map[string]any{"email": "ada@example.com", "password": password})
	require.Equal(t, http.StatusOK, registered.status, registered.body)
	out, _, err := execute(t, environ, "", "user", "create", "-e", "root@example.com", "-p", password)
	require.NoError(t, err)
	require.Contains(t, out, "Created administrator root@example.com")

	require.Equal(t, http.StatusOK, get(t, health+"/health", "").status)
	ready := get(t, health+"/ready", "")
	require.Equal(t, answer{http.StatusOK, map[string]any{"ready": true, "missing": []any{}}}, ready)
	out, _, err = execute(t, environ, "", "health", "--url", url+"/ready")
	require.NoError(t, err)
	require.Contains(t, out, "true")

	require.NoError(t, api.stop())
	require.NoError(t, worker.stop())
	_, _, err = execute(t, environ, "", "health", "--url", url+"/ready")
	require.Error(t, err)
}

func TestServe(t *testing.T) {
	t.Parallel()

	environ := production(t)
	_, _, err := execute(t, environ, "", "migrate", "up")
	require.NoError(t, err)

	serve := begin(t, environ, "serve")
	url := "http://" + serve.stderr.await(t, serve.ended, running)
	serve.stderr.await(t, serve.ended, "worker started")
	registered := post(t, url+"/auth/customer/emailpass/register", map[string]any{"email": "ada@example.com", "password": password})
	require.Equal(t, http.StatusOK, registered.status, registered.body)

	require.NoError(t, serve.stop())
}
