package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/config"
)

func TestVersion(t *testing.T) {
	t.Parallel()

	out, _, err := execute(t, nil, "", "version")

	require.NoError(t, err)
	require.Regexp(t, `^everlatch \S+.* \(go1\.\d+.*, \w+/\w+, with(out)? the Temporal server\)\n$`, out)
	flag, _, err := execute(t, nil, "", "--version")
	require.NoError(t, err)
	require.Equal(t, out, flag)
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
		"an e-mail that is none":  {"12345678x\n", []string{"-e", "ada"}, "email"},
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

	require.ErrorContains(t, err, "there is no service at http://127.0.0.1:1/health: start one with `everlatch dev` or `everlatch serve`")
}

func TestUnknownCommandsComeWithASuggestion(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		args []string
		want string
	}{
		"of the program":    {[]string{"custmer", "list"}, `unknown command "custmer"; did you mean everlatch customer?`},
		"the plural":        {[]string{"users"}, `unknown command "users"; did you mean everlatch user?`},
		"of a group":        {[]string{"customer", "lsit"}, `unknown command "lsit"; did you mean everlatch customer list?`},
		"below a group":     {[]string{"customer", "group", "remvoe"}, `did you mean everlatch customer group remove?`},
		"of schedules":      {[]string{"schedule", "puase"}, `did you mean everlatch schedule pause?`},
		"of events":         {[]string{"event", "relase"}, `did you mean everlatch event release?`},
		"like nothing else": {[]string{"frobnicate"}, `unknown command "frobnicate"; see everlatch --help`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, _, err := execute(t, nil, "", tt.args...)

			require.ErrorContains(t, err, tt.want)
		})
	}
}

// A command that needs records does not create a database to look for them in.
func TestCommandsLeaveAnEmptyFolderEmpty(t *testing.T) {
	t.Parallel()

	tests := [][]string{
		{"user", "list"},
		{"user", "show", "a@example.com"},
		{"user", "update", "a@example.com"},
		{"user", "delete", "a@example.com", "--yes"},
		{"customer", "list"},
		{"customer", "show", "cus_1"},
		{"customer", "delete", "cus_1"},
		{"customer", "group", "list"},
		{"customer", "address", "add", "cus_1"},
		{"role", "list"},
		{"role", "policies"},
		{"identity", "end-session", "authid_1", "s1"},
		{"identity", "reset-password", "ada@example.com"},
		{"identity", "remove-factor", "authid_1", "authmfa_1", "--reason", "x"},
		{"identity", "delete", "authid_1"},
		{"actor", "show", "courier", "cour_1"},
		{"actor", "delete", "courier", "cour_1"},
		{"key", "list"},
		{"key", "revoke", "apk_1"},
		{"invite", "list"},
		{"invite", "show", "invite_1"},
		{"invite", "resend", "invite_1"},
		{"invite", "revoke", "invite_1"},
		{"event", "list"},
		{"event", "show", "evt_1"},
		{"event", "release", "--all"},
		{"schedule", "list"},
		{"migrate", "status"},
	}
	for _, args := range tests {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()

			data := filepath.Join(t.TempDir(), "data")
			out, _, err := execute(t, nil, "", append(args, "--data", data)...)

			require.EqualError(t, err, "there is no database in the folder "+data+" yet: start one with `everlatch dev`, or name another with --data FOLDER or DATABASE_URL")
			require.Empty(t, out)
			require.NoDirExists(t, data)
		})
	}
}

func TestConfirmation(t *testing.T) {
	t.Parallel()

	for _, yes := range []string{"y\n", "YES\n", " yes \r\n"} {
		asked, err := cli.Confirm("Remove it?", yes)
		require.NoError(t, err)
		require.Equal(t, "Remove it? [y/N] ", asked)
	}
	for _, no := range []string{"", "\n", "n\n", "yesterday\n"} {
		_, err := cli.Confirm("Remove it?", no)
		require.EqualError(t, err, "nothing was removed", "%q", no)
	}
}

// What an outage says is for an operator: no names of Go's errors or of gRPC.
func TestOutagesAreExplained(t *testing.T) {
	t.Parallel()

	var cfg config.Config
	require.NoError(t, cfg.Generate(""))
	environ := []string{
		"DATABASE_URL=sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "TEMPORAL_ADDRESS=127.0.0.1:1",
		"EVERLATCH_ENCRYPTION_KEYS=" + cfg.Encryption.Keys.Reveal(),
	}
	_, _, err := execute(t, environ, "", "migrate", "up")
	require.NoError(t, err)
	tests := map[string]struct {
		args []string
		want string
	}{
		"an account":    {[]string{"user", "create", "-e", "root@example.com", "-p", password}, "is Temporal reachable, and is a worker running?"},
		"the schedules": {[]string{"schedule", "list"}, "is Temporal reachable?"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, _, err := execute(t, environ, "", tt.args...)

			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "cause: ")
			require.NotRegexp(t, `rpc error|context deadline|desc =|transport:|%!|\*\w+\.\w+`, err.Error())
		})
	}
}
