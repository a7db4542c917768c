package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Errors say what is wrong in the words of the command line, without the names of
// Go's packages, functions and layers, and without passwords.
func TestErrorsSpeakToOperators(t *testing.T) {
	t.Parallel()

	const unreachable = "DATABASE_URL=postgres://bob:hunter2@127.0.0.1:1/shop"
	tests := map[string]struct {
		args    string
		environ []string
		want    string
	}{
		"a flag that is no number":     {"user list --limit x", nil, `--limit is "x", and a number is expected; see everlatch user list --help`},
		"a flag that is no duration":   {"key revoke k --in x", nil, `--in is "x", and a duration such as 24h is expected; see everlatch key revoke --help`},
		"a flag that is missing":       {"key create", nil, "everlatch key create needs --title; see everlatch key create --help"},
		"two flags that are missing":   {"schedule backfill a", nil, "everlatch schedule backfill needs --from and --to; see everlatch schedule backfill --help"},
		"flags that exclude another":   {"customer list --account --guests", nil, "--account and --guests exclude each other; see everlatch customer list --help"},
		"a database that is away":      {"user list", []string{unreachable}, "The database is not available: ping: 127.0.0.1:1: connection refused"},
		"a service that is not there":  {"health --url http://127.0.0.1:1/health", nil, "there is no service at http://127.0.0.1:1/health: start one with `everlatch dev` or `everlatch serve`, or name another with --url (127.0.0.1:1: connection refused)"},
		"a host that does not exist":   {"health --url http://nowhere.invalid/health", nil, "(nowhere.invalid: no such host)"},
		"a command that is mistyped":   {"custmer list", nil, `unknown command "custmer"; did you mean everlatch customer?`},
		"a resource without a command": {"customer group lst", nil, `unknown command "lst"; did you mean everlatch customer group list?`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, _, err := execute(t, tt.environ, "", append(strings.Fields(tt.args), "--data", t.TempDir())...)
			if len(tt.environ) > 0 { // --data would be used instead of the database
				_, _, err = execute(t, tt.environ, "", strings.Fields(tt.args)...)
			}

			require.ErrorContains(t, err, tt.want)
			require.NotRegexp(t, `strconv|dial |syscall|connect:|pflag|panic|hunter2|invalid syntax`, err.Error())
		})
	}
}
