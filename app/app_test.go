package app_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/freeport"
	"github.com/everlatch/everlatch/providers"
)

// settings returns a complete configuration: a database of its own and a
// Temporal that is away.
func settings(t *testing.T) config.Config {
	t.Helper()
	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url":               "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"),
		"temporal.address":           freeport.Addresses(t, 1)[0],
		"http.address":               "127.0.0.1:0",
		"http.drain_delay":           "0",
		"worker.health_address":      "127.0.0.1:0",
		"mail.allow_localhost_links": true,
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	return cfg
}

// run starts an app and returns its URL. The app stops with the test, without
// an error.
func run(t *testing.T, cfg config.Config, opts ...app.Option) string {
	t.Helper()
	return "http://" + launch(t, cfg, opts...).Address()
}

// launch is run, for tests that need the app itself.
func launch(t *testing.T, cfg config.Config, opts ...app.Option) *app.App {
	t.Helper()
	a, err := app.New(t.Context(), cfg, append([]app.Option{app.WithMigrations()}, opts...)...)
	require.NoError(t, err)
	require.NoError(t, a.Listen(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, a.Close())
		require.NoError(t, a.Close())
	})
	return a
}

type answer struct {
	status int
	header http.Header
	body   string
}

func request(t *testing.T, method, url, body string) answer {
	t.Helper()
	return requestAs(t, "", method, url, body)
}

// requestAs is request with a bearer token, "" for none.
func requestAs(t *testing.T, token, method, url, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := (&http.Client{Timeout: 20 * time.Second}).Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, res.Header, string(text)}
}

// While Temporal is away the process runs, says so, and answers sign-ins directly, unless the
// operator has them refused, and what cannot be done with 503.
func TestTemporalAway(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]int{
		"direct": http.StatusUnauthorized, // there is no such account
		"refuse": http.StatusServiceUnavailable,
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			cfg := settings(t)
			cfg.Auth.SignIn.WhenTemporalAway = policy
			url := run(t, cfg, app.WithParts(app.API|app.Worker))

			require.Equal(t, http.StatusOK, request(t, http.MethodGet, url+"/health", "").status)
			ready := request(t, http.MethodGet, url+"/ready", "")
			require.Equal(t, http.StatusServiceUnavailable, ready.status)
			require.JSONEq(t, `{"ready":false,"missing":["temporal"]}`, ready.body)

			body := `{"email":"ada@example.com","password":"correct horse"}`
			login := request(t, http.MethodPost, url+"/auth/customer/emailpass", body)
			require.Equal(t, want, login.status, login.body)
			register := request(t, http.MethodPost, url+"/auth/customer/emailpass/register", body)
			require.Equal(t, http.StatusServiceUnavailable, register.status, register.body)
			require.NotEmpty(t, register.header.Get("Retry-After"))
		})
	}
}

func TestWorkerAlone(t *testing.T) {
	t.Parallel()

	url := run(t, settings(t), app.WithParts(app.Worker))

	require.Equal(t, http.StatusOK, request(t, http.MethodGet, url+"/health", "").status)
	ready := request(t, http.MethodGet, url+"/ready", "")
	require.Equal(t, http.StatusServiceUnavailable, ready.status)
	var got struct {
		Missing []string `json:"missing"`
	}
	require.NoError(t, json.Unmarshal([]byte(ready.body), &got))
	require.Equal(t, []string{"temporal", "worker"}, got.Missing)
	require.Equal(t, http.StatusNotFound, request(t, http.MethodGet, url+"/store/customers/me", "").status)
}

// magic is a custom provider.
type magic struct{ providers.Credentials }

func (magic) Identifier() string  { return "magic" }
func (magic) DisplayName() string { return "Magic" }

func TestOwnProviderAndRoute(t *testing.T) {
	t.Parallel()

	url := run(t, settings(t), app.WithParts(app.API),
		app.WithProvider("magic", magic{}),
		app.WithRoutes(func(s *api.Server) {
			s.Echo().GET("/hello", func(c echo.Context) error { return c.String(http.StatusOK, "hello") })
		}),
		app.WithHome(app.Home{Title: "Home of <tests>"}),
	)

	require.Equal(t, "hello", request(t, http.MethodGet, url+"/hello", "").body)
	require.Contains(t, request(t, http.MethodGet, url+"/auth/customer/providers", "").body, `"id":"magic"`)
	require.Contains(t, request(t, http.MethodGet, url+"/", "").body, "Home of &lt;tests&gt;")
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()

	provider := func(options map[string]any) []config.Provider {
		return []config.Provider{{Resolve: "emailpass", ID: "emailpass", Options: options}}
	}
	tests := map[string]struct {
		change func(c *config.Config)
		opts   []app.Option
		want   []string
	}{
		"everything that is missing, at once": {
			change: func(c *config.Config) {
				c.HTTP.JWTSecret, c.HTTP.CookieSecret, c.Encryption.Keys, c.Database.URL = "", "", "", ""
				c.Auth.Providers = []config.Provider{{Resolve: "carrier-pigeon", ID: "p"}}
			},
			want: []string{"JWT_SECRET", "COOKIE_SECRET", "EVERLATCH_ENCRYPTION_KEYS", "DATABASE_URL", `there is no provider "carrier-pigeon"`},
		},
		"a key ring that is damaged": {
			change: func(c *config.Config) { c.Encryption.Keys = "k1:AAAA" },
			want:   []string{"encryption.keys (EVERLATCH_ENCRYPTION_KEYS)"},
		},
		"a PEM key that is none": {
			change: func(c *config.Config) {
				c.HTTP.JWTOptions.Algorithm, c.HTTP.JWTSecret = "RS256", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
			},
			want: []string{"http.jwt_secret and http.jwt_options"},
		},
		"a schema that is behind": {
			change: func(*config.Config) {},
			want:   []string{"run `everlatch migrate up` first"},
		},
		"a database of another kind": {
			change: func(c *config.Config) { c.Database.URL = "mysql://db" },
			want:   []string{"must start with postgres:// or sqlite://"},
		},
		"provider options that are unknown": {
			change: func(c *config.Config) { c.Auth.Providers = provider(map[string]any{"min_len": 3}) },
			want:   []string{`auth.providers, id "emailpass"`, "min_len"},
		},
		"provider options of the wrong type": {
			change: func(c *config.Config) { c.Auth.Providers = provider(map[string]any{"min_length": "ten"}) },
			want:   []string{`"ten" is not a number of characters or off`},
		},
		"provider options that cannot be right": {
			change: func(c *config.Config) {
				c.Auth.Providers = provider(map[string]any{"argon2": map[string]any{"memory_kib": 1}})
			},
			want: []string{"argon2"},
		},
		"trust in providers that prove nothing": {
			change: func(c *config.Config) {
				c.Auth.Providers, c.Auth.LinkByEmail, c.Auth.MFA.TrustedProviders = provider(nil), []string{"emailpass"}, []string{"keycloak"}
			},
			want: []string{
				`auth.link_by_email: "emailpass" is not a provider to which people are sent`,
				`auth.mfa.trusted_providers: "keycloak" is not a provider to which people are sent`,
			},
		},
		"passkeys that browsers would refuse": {
			change: func(c *config.Config) {
				c.Auth.WebAuthn.RPID, c.Auth.WebAuthn.Origins = "shop.example:443", []string{"*"}
			},
			want: []string{`auth.webauthn.rp_id: "shop.example:443" is not a domain`, `auth.webauthn.origins: "*" is not an origin`},
		},
		"an id of a provider that is taken": {
			change: func(*config.Config) {},
			opts:   []app.Option{app.WithProvider("emailpass", magic{})},
			want:   []string{`auth provider id "emailpass" is registered twice`},
		},
		"a certificate that is not there": {
			change: func(*config.Config) {},
			opts: []app.Option{app.WithMigrations(), app.WithEnviron([]string{
				"TEMPORAL_TLS=true", "TEMPORAL_TLS_CLIENT_CERT_PATH=/nowhere.pem", "TEMPORAL_TLS_CLIENT_KEY_PATH=/nowhere.key",
			})},
			want: []string{"TEMPORAL_* variables"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			cfg := settings(t)
			tt.change(&cfg)

			_, err := app.New(t.Context(), cfg, tt.opts...)

			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// docs/weak-spots.md#w21: each part of the password policy can be switched off, docs/weak-spots.md#w23: per provider.
func TestProviderOptions(t *testing.T) {
	t.Parallel()

	cfg := settings(t)
	cfg.Auth.Providers = []config.Provider{
		{Resolve: "emailpass", ID: "emailpass", Options: map[string]any{"min_length": "off", "max_length": false, "common_passwords": false}},
		{Resolve: "emailpass", ID: "staff", Options: map[string]any{"min_length": 12, "medusa_hashes": true, "argon2": map[string]any{"time": 3}}},
	}

	a, err := app.New(t.Context(), cfg, app.WithMigrations(), app.WithParts(0))

	require.NoError(t, err)
	require.NoError(t, a.Close())
}
