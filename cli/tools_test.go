package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersion(t *testing.T) {
	t.Parallel()

	out, _, err := execute(t, nil, "", "version")

	require.NoError(t, err)
	require.Regexp(t, `^everlatch \S+.* \(go1\.\d+.*, \w+/\w+, with(out)? the Temporal server\)\n$`, out)
}

func TestHelpNamesEveryCommand(t *testing.T) {
	t.Parallel()

	out, _, err := execute(t, nil, "")

	require.NoError(t, err)
	for _, command := range []string{"dev", "serve", "api", "worker", "migrate", "user", "invite", "customer", "key", "event", "schedule", "config", "version", "health"} {
		require.Contains(t, out, "\n  "+command)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()

	file := filepath.Join(t.TempDir(), "c.yaml")
	require.NoError(t, os.WriteFile(file, []byte("accounts: {orphan_grace: 1d}\ndata: {dir: /file}\n"), 0o600))

	out, _, err := execute(t, []string{"JWT_SECRET=topsecret", "EVERLATCH_CONFIG=" + file, "EVERLATCH_DATA_DIR=/env"}, "", "config", "--data", "/flag")
	require.NoError(t, err)
	require.Contains(t, out, "orphan_grace: 1d")
	require.Contains(t, out, "dir: /flag")
	require.Contains(t, out, "jwt_secret: '[secret]'")
	require.NotContains(t, out, "topsecret")

	_, _, err = execute(t, []string{"EVERLATCH_HTTP_JWT_SECRETS=x"}, "", "config")
	require.ErrorContains(t, err, "unknown variable; did you mean EVERLATCH_HTTP_JWT_SECRET?")
}

func TestMigrateAndKeys(t *testing.T) {
	t.Parallel()

	environ := []string{"DATABASE_URL=sqlite://" + filepath.Join(t.TempDir(), "x.db")}
	out, where, err := execute(t, environ, "", "migrate", "status")
	require.NoError(t, err)
	require.Contains(t, out, "pending")
	require.Contains(t, where, "x.db")

	_, _, err = execute(t, environ, "", "key", "create", "--title", "shop")
	require.ErrorContains(t, err, "run `everlatch migrate up` first")

	out, _, err = execute(t, environ, "", "migrate", "up")
	require.NoError(t, err)
	require.NotRegexp(t, `^0 migrations`, out)
	out, _, err = execute(t, environ, "", "migrate", "up")
	require.NoError(t, err)
	require.Equal(t, "0 migrations applied\n", out)
	out, _, err = execute(t, environ, "", "migrate", "status")
	require.NoError(t, err)
	require.NotContains(t, out, "pending")

	out, log, err := execute(t, environ, "", "key", "create", "--title", "shop")
	require.NoError(t, err)
	require.Regexp(t, `^pk_[0-9a-f]{64}\n$`, out)
	require.Contains(t, log, `Created publishable key "shop"`)
	out, log, err = execute(t, environ, "", "key", "create", "--title", "ci", "--type", "secret")
	require.NoError(t, err)
	require.Regexp(t, `^sk_[0-9a-f]{64}\n$`, out)
	require.NotContains(t, log, strings.TrimSpace(out))
	_, _, err = execute(t, environ, "", "key", "create", "--title", "x", "--type", "master")
	require.ErrorContains(t, err, "publishable or secret")
	_, _, err = execute(t, environ, "", "key", "create")
	require.ErrorContains(t, err, "title")
}

// In a data folder the schema is brought up to date without asking, as dev does.
func TestKeyOnAFolder(t *testing.T) {
	t.Parallel()

	out, log, err := execute(t, nil, "", "key", "create", "--title", "shop", "--data", t.TempDir())

	require.NoError(t, err)
	require.Regexp(t, `^pk_`, out)
	require.Contains(t, log, "everlatch.db")
}

func TestUserCreateRefuses(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"no password anywhere":    {"", []string{"-e", "a@example.com"}, "no password"},
		"no e-mail":               {"", []string{"-p", password}, "email"},
		"a password that is weak": {"", []string{"-e", "a@example.com", "-p", "12345"}, "8 characters"},
		"an e-mail that is none":  {"12345678x\n", []string{"-e", "somebody"}, "email"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			args := append([]string{"user", "create", "--data", t.TempDir()}, tt.args...)
			_, _, err := execute(t, nil, tt.stdin, args...)

			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestHealthRefuses(t *testing.T) {
	t.Parallel()

	_, _, err := execute(t, []string{"EVERLATCH_HTTP_ADDRESS=0.0.0.0:1"}, "", "health")

	require.ErrorContains(t, err, "http://127.0.0.1:1/health")
}
