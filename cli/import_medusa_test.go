package cli_test

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/medusatest"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers/totp"
)

// TestImportMedusa moves the shop that a real Medusa made: its people sign in with what
// they have. What needs the running Medusa is in e2e/medusa_test.go.
func TestImportMedusa(t *testing.T) {
	t.Parallel()
	shop := medusatest.Open(t)
	data := filepath.Join(t.TempDir(), "data")
	environ := []string{"AUTH_MFA_ENCRYPTION_KEY=" + shop.FactorKey}
	imported := func(args ...string) (out moved) {
		text, stderr, err := execute(t, environ, "", append([]string{"import", "medusa", "--from", shop.URL, "--json", "--data", data}, args...)...)
		require.NoError(t, err, stderr)
		require.NotContains(t, text+stderr, "search_path", "the URL is not told")
		require.NoError(t, json.Unmarshal([]byte(text), &out))
		return out
	}
	trial := imported("--dry-run")
	require.Equal(t, store.ImportCounts{Created: trial.Created}, trial.ImportCounts)
	require.Empty(t, trial.Issues)
	require.Equal(t, trial.ImportCounts, imported().Import.ImportCounts)

	dev := begin(t, environ, "dev", "--data", data, "--http", "127.0.0.1:0", "--temporal", "127.0.0.1:0", "--ui", "127.0.0.1:0")
	api := dev.stdout.await(t, dev.ended, `API +(http://\S+)`)
	for who, email := range map[string]string{"customer": "ada@example.com", "user": "support@example.com"} {
		for password, status := range map[string]int{shop.Password: 200, "wrong": 401} {
			a := insist(t, func() answer {
				return post(t, api+"/auth/"+who+"/emailpass", map[string]any{"email": email, "password": password})
			})
			require.Equal(t, status, a.status, "%s: %v", email, a.body)
		}
	}
	bob := insist(t, func() answer {
		return post(t, api+"/auth/customer/emailpass", map[string]any{"email": "bob@example.com", "password": shop.Password})
	})
	require.Equal(t, true, bob.body["mfa_required"])
	challenge, _ := bob.body["mfa_challenge"].(map[string]any)
	id, _ := challenge["id"].(string)
	token, _ := bob.body["token"].(string)
	passed := insist(t, func() answer {
		code, err := totp.Code(shop.TOTPSecret, time.Now()) // good in the time steps before and after, too
		require.NoError(t, err)
		return send(t, http.MethodPost, api+"/auth/mfa/challenges/"+id+"/verify", token, strings.NewReader(`{"method":"totp","code":"`+code+`"}`))
	})
	require.Equal(t, 200, passed.status, "%v", passed.body)
	for key, status := range map[string]int{shop.SecretKey: 200, shop.SpentKey: 401, strings.Replace(shop.SecretKey, "sk_", "sk_0", 1): 401} {
		for range 2 {
			require.Equal(t, status, withKey(t, api, key))
		}
	}
	again := imported()
	require.Equal(t, store.ImportCounts{Skipped: trial.Created}, again.Import.ImportCounts, "hashes that were replaced here stay")

	// A follower imports what changes, and once more everything when it is told to stop.
	follower := begin(t, environ, "import", "medusa", "--from", shop.URL, "--follow", "--every", "50ms", "--json", "--data", data)
	follower.stderr.await(t, follower.ended, `(Everything is imported)`)
	_, err := shop.DB.ExecContext(t.Context(), "UPDATE customer SET first_name = 'Augusta', updated_at = now() WHERE id = $1", shop.Ada)
	require.NoError(t, err)
	follower.stderr.await(t, follower.ended, `Following(?s:.*)(Importing 1 record)`)
	_, err = shop.DB.ExecContext(t.Context(), "DELETE FROM api_key WHERE type = 'secret'")
	require.NoError(t, err)
	require.NoError(t, follower.stop())
	var done moved
	require.NoError(t, json.Unmarshal([]byte(follower.stdout.String()), &done))
	require.Equal(t, store.ImportCounts{Updated: 1, Removed: 2, Skipped: trial.Created}, done.ImportCounts)
	require.Empty(t, done.Issues)
	require.Equal(t, 401, withKey(t, api, shop.SecretKey))
	require.Contains(t, runOn(t, data, "customer", "list"), "Augusta")
}

// insist repeats a request while the machine is too busy for it, as clients do.
func insist(t *testing.T, request func() answer) (a answer) {
	t.Helper()
	require.Eventually(t, func() bool {
		a = request()
		return a.status != http.StatusServiceUnavailable
	}, patience, 100*time.Millisecond)
	return a
}

// withKey returns the status of a request with a secret API key.
func withKey(t *testing.T, api, key string) int {
	t.Helper()
	return insist(t, func() answer { return answer{status: statusWithKey(t, api, key)} }).status
}

func statusWithKey(t *testing.T, api, key string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/admin/customers", http.NoBody)
	require.NoError(t, err)
	r.SetBasicAuth(key, "")
	res, err := (&http.Client{}).Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

// TestImportMedusaFlags: what is wrong is said before anything is read.
func TestImportMedusaFlags(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"from": {},
		"is not the URL of a PostgreSQL database": {"--from", "postgres://u:hunter2@%zz"},
		"exclude each other":                      {"--from", "x", "--follow", "--dry-run"},
		"--max-removed is 101":                    {"--from", "x", "--max-removed", "101"},
		"--until needs --follow":                  {"--from", "x", "--until", "2h"},
		"a positive duration is expected":         {"--from", "x", "--follow", "--every", "-1s"},
		`--until is "yesterday"`:                  {"--from", "x", "--follow", "--until", "yesterday"},
		`--until is "2001-01-01T00:00:00Z"`:       {"--from", "x", "--follow", "--until", "2001-01-01T00:00:00Z"},
		"connect to Medusa's database":            {"--from", "postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=1"},
	} {
		_, stderr, err := execute(t, nil, "", append([]string{"import", "medusa", "--data", filepath.Join(t.TempDir(), "data")}, args...)...)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error()+stderr, "hunter2")
	}
}

// TestImportMedusaWarns: what a user of Medusa's database lacks is told at once, in the report,
// and later.
func TestImportMedusaWarns(t *testing.T) {
	t.Parallel()
	shop := medusatest.OpenDenied(t)
	const lacks = `GRANT EXECUTE ON FUNCTION pg_control_system() TO `
	data := filepath.Join(t.TempDir(), "data")
	environ := []string{"AUTH_MFA_ENCRYPTION_KEY=" + shop.FactorKey}
	stdout, stderr, err := execute(t, environ, "", "import", "medusa", "--from", shop.URL, "--data", data)
	require.NoError(t, err, stderr)
	require.Contains(t, stderr, "Warning: What was deleted there without a trace is not found")
	require.Contains(t, stderr, lacks)
	require.Contains(t, stdout, lacks)
	shown, _, err := execute(t, environ, "", "import", "show", "--data", data)
	require.NoError(t, err)
	require.Equal(t, stdout, shown)
	tried, _, err := execute(t, environ, "", "import", "medusa", "--from", shop.URL, "--dry-run", "--data", data)
	require.NoError(t, err)
	require.Contains(t, tried, lacks)
}
