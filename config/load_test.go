package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "everlatch.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestDefaults(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{})

	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9000", cfg.HTTP.Address)
	require.Equal(t, 24*time.Hour, cfg.HTTP.JWTExpiresIn.Duration())
	require.Equal(t, int64(100<<10), cfg.HTTP.BodyLimit.Bytes())
	require.Equal(t, map[string][]string{"user": {"emailpass"}}, cfg.HTTP.AuthMethodsPerActor)
	require.Equal(t, []string{"order", "orders"}, cfg.HTTP.RestrictedFields.Store)
	require.Equal(t, []config.Provider{{Resolve: "emailpass", ID: "emailpass"}}, cfg.Auth.Providers)
	require.True(t, cfg.Tokens.OwnActorOnly) // docs/weak-spots.md#w38
	require.Equal(t, 72*time.Hour, cfg.Accounts.OrphanGrace.Duration())
	require.Empty(t, cfg.HTTP.JWTSecret) // docs/weak-spots.md#w35: there is no default secret
	require.Empty(t, cfg.HTTP.CookieSecret)
}

func TestOrderOfStrength(t *testing.T) {
	t.Parallel()

	path := write(t, `
http:
  address: 127.0.0.1:1
  store_cors: https://file.example
  jwt_expires_in: 3600
  auth_methods_per_actor: {customer: [emailpass]}
session_options:
database: {url: "sqlite:///file.db"}
`)
	environ := []string{
		"STORE_CORS=https://short.example", "EVERLATCH_HTTP_STORE_CORS=https://long.example", "ADMIN_CORS=https://short.example", "AUTH_CORS=",
		"EVERLATCH_HTTP_ADDRESS=127.0.0.1:2", "DATABASE_URL=postgres://db/x", "HOME=/root", "BROKEN",
		`EVERLATCH_AUTH_PROVIDERS=[{resolve: emailpass, id: emailpass}, {resolve: emailpass, id: staff, options: {min_length: 12}}]`,
		"EVERLATCH_HTTP_RESTRICTED_FIELDS_STORE=order, secret", "EVERLATCH_CONFIG=" + path,
		"JWT_SECRET=-----BEGIN KEY-----\nlines\n-----END KEY-----",
	}

	cfg, err := config.Load(config.Sources{File: path, Environ: environ, Flags: map[string]any{"http.address": "127.0.0.1:3"}})

	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:3", cfg.HTTP.Address)
	require.Equal(t, "https://long.example", cfg.HTTP.StoreCORS)
	require.Equal(t, "https://short.example", cfg.HTTP.AdminCORS)
	require.Empty(t, cfg.HTTP.AuthCORS)
	require.Equal(t, time.Hour, cfg.HTTP.JWTExpiresIn.Duration())
	require.Equal(t, "postgres://db/x", cfg.Database.URL.Reveal())
	require.Equal(t, []string{"order", "secret"}, cfg.HTTP.RestrictedFields.Store)
	require.Contains(t, cfg.HTTP.JWTSecret.Reveal(), "\nlines\n")
	// The contract's entry for users stays when others are added.
	require.Equal(t, map[string][]string{"user": {"emailpass"}, "customer": {"emailpass"}}, cfg.HTTP.AuthMethodsPerActor)
	// docs/weak-spots.md#w23: one kind under two ids.
	require.Equal(t, []config.Provider{
		{Resolve: "emailpass", ID: "emailpass"},
		{Resolve: "emailpass", ID: "staff", Options: map[string]any{"min_length": 12}},
	}, cfg.Auth.Providers)
}

func TestProblemsAreReportedAtOnce(t *testing.T) {
	t.Parallel()

	path := write(t, `
http: {jwtSecret: x, addresss: y, body_limit: lots, store_relations_limit: many}
jwt_expires_in: 1d
log: {level: loud}
auth: {providers: [{resolve: emailpass, nid: a}, {id: b}]}
`)
	_, err := config.Load(config.Sources{
		File:    path,
		Environ: []string{"EVERLATCH_HTTP_ADDRESSS=z", "EVERLATCH_ACCOUNTS_ORPHAN_GRACE=-1h", "EVERLATCH_COMPAT_LOGIN_BY_GET=perhaps"},
		Flags:   map[string]any{"http.address": "nowhere"},
	})

	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	require.Equal(t, config.Problems{
		{Key: "http.addresss", Message: "unknown key in " + path + "; did you mean http.address?"},
		{Key: "http.jwtSecret", Message: "unknown key in " + path + "; did you mean http.jwt_secret?"},
		{Key: "jwt_expires_in", Message: "unknown key in " + path + "; did you mean http.jwt_expires_in?"},
		{Key: "EVERLATCH_HTTP_ADDRESSS", Message: "unknown variable; did you mean EVERLATCH_HTTP_ADDRESS?"},
		{Key: "http.store_relations_limit", Message: `"many" is not a whole number`},
		{Key: "http.body_limit", Message: `"lots" is not a size, such as 100kb or 1mb`},
		{Key: "auth.providers", Message: "entry 1: unknown key nid; did you mean id?"},
		{Key: "compat.login_by_get (EVERLATCH_COMPAT_LOGIN_BY_GET)", Message: `"perhaps" is not true or false`},
		{Key: "accounts.orphan_grace (EVERLATCH_ACCOUNTS_ORPHAN_GRACE)", Message: "-1h is too short, 0s is the least"},
		{Key: "log.level", Message: `"loud" is none of debug, info, warn, error`},
		{Key: "http.address", Message: `"nowhere" is not host:port`},
	}, problems)
}

func TestProblems(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		file    string
		environ []string
		want    string
	}{
		"no such file":                 {file: "-", want: "there is no such file"},
		"not YAML":                     {file: "http: [", want: "cannot be read as YAML"},
		"a list at the top":            {file: "- a", want: "cannot be read as YAML: line 1 is not the name of a setting with its value"},
		"a value for a section":        {file: "http: 5", want: "http: unknown key"},
		"a map for a value":            {file: "http: {address: {a: b}}", want: "http.address.a: unknown key"},
		"a list for a value":           {file: "http: {address: [a]}", want: "one value is expected, not a list"},
		"a map for a list":             {file: "http: {jwt_options: {audience: {}}}", want: "a list is expected, not a map"},
		"a value for a map":            {environ: []string{"EVERLATCH_HTTP_AUTH_METHODS_PER_ACTOR=x"}, want: "a map of lists is expected"},
		"a variable that is not YAML":  {environ: []string{"EVERLATCH_AUTH_PROVIDERS=[{"}, want: "this is not YAML"},
		"providers as text":            {environ: []string{"EVERLATCH_AUTH_PROVIDERS=emailpass"}, want: "a list of providers is expected"},
		"a provider as text":           {file: "auth: {providers: [emailpass]}", want: "{resolve, id, options} is expected"},
		"a provider without a kind":    {file: "auth: {providers: [{id: x}]}", want: "entry 1: resolve is missing"},
		"provider options as text":     {file: "auth: {providers: [{resolve: emailpass, options: x}]}", want: "options are a map"},
		"one provider id twice":        {file: "auth: {providers: [{resolve: emailpass}, {resolve: emailpass}]}", want: `the id "emailpass" is given twice`},
		"absolute shorter than idle":   {file: "session_options: {ttl: 2d, absolute_ttl: 1d}", want: "session_options.absolute_ttl"},
		"a cookie that browsers drop":  {file: "cookie_options: {same_site: none, secure: false}", want: "cookie_options.secure"},
		"an algorithm that is unknown": {environ: []string{"EVERLATCH_HTTP_JWT_OPTIONS_ALGORITHM=none"}, want: `"none" is none of HS256`},
		"a port out of range":          {environ: []string{"TEMPORAL_ADDRESS=a:70000"}, want: "temporal.address (TEMPORAL_ADDRESS)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			path := ""
			switch tt.file {
			case "":
			case "-":
				path = filepath.Join(t.TempDir(), "missing.yaml")
			default:
				path = write(t, tt.file)
			}

			_, err := config.Load(config.Sources{File: path, Environ: tt.environ})

			require.ErrorContains(t, err, tt.want)
		})
	}
}
