package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

const (
	page  = "../docs/configuration.md"
	begin = "<!-- settings:begin -->\n"
	end   = "<!-- settings:end -->"
)

// The table in docs/configuration.md is made from the tags of Config, and this fails when it
// is stale: UPDATE_GOLDEN=1 go test ./config
func TestSettingsTable(t *testing.T) {
	t.Parallel()

	content, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(content), begin)
	require.True(t, found, "%s has lost %q", page, begin)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found, "%s has lost %q", page, end)
	want := before + begin + config.Markdown() + end + after
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(content), "the table of settings is stale; run: UPDATE_GOLDEN=1 go test ./config")
}

func TestEverySettingIsDescribed(t *testing.T) {
	t.Parallel()

	seen := map[string]string{}
	for _, row := range config.Describe() {
		require.NotEmpty(t, row.Meaning, row.Key)
		require.True(t, strings.HasSuffix(row.Meaning, ".") || strings.HasSuffix(row.Meaning, ")."), row.Key)
		for _, name := range row.Env {
			require.NotContains(t, seen, name, "%s and %s share a variable", row.Key, seen[name])
			seen[name] = row.Key
		}
	}
	for name, key := range map[string]string{
		"DATABASE_URL": "database.url", "JWT_SECRET": "http.jwt_secret", "JWT_PUBLIC_KEY": "http.jwt_public_key",
		"COOKIE_SECRET": "http.cookie_secret", "STORE_CORS": "http.store_cors", "ADMIN_CORS": "http.admin_cors", "AUTH_CORS": "http.auth_cors",
		"AUTH_MFA_ENCRYPTION_KEY": "auth.mfa.encryption_key", "EVERLATCH_ENCRYPTION_KEYS": "encryption.keys",
		"EVERLATCH_HTTP_JWT_OPTIONS_ALGORITHM": "http.jwt_options.algorithm",
	} {
		require.Equal(t, key, seen[name])
	}
}

// What `everlatch config` prints can be loaded again and means the same.
func TestYAMLCanBeLoadedAgain(t *testing.T) {
	t.Parallel()

	want, err := config.Load(config.Sources{Flags: map[string]any{"accounts.orphan_grace": "36h", "http.body_limit": "1mb"}})
	require.NoError(t, err)
	text, err := want.YAML()
	require.NoError(t, err)

	got, err := config.Load(config.Sources{File: write(t, string(text))})

	require.NoError(t, err)
	again, err := got.YAML()
	require.NoError(t, err)
	require.Equal(t, string(text), string(again))
	require.Contains(t, string(text), "orphan_grace: 36h")
}
