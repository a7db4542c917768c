package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

// Kubernetes and Docker set variables whose names start with the name of a
// service: one that is called everlatch must start all the same.
func TestVariablesOfAnOrchestratorAreIgnored(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{Environ: []string{
		"EVERLATCH_SERVICE_HOST=10.96.0.17", "EVERLATCH_SERVICE_PORT=9000", "EVERLATCH_SERVICE_PORT_HTTP=9000",
		"EVERLATCH_PORT=tcp://10.96.0.17:9000", "EVERLATCH_PORT_9000_TCP=tcp://10.96.0.17:9000",
		"EVERLATCH_PORT_9000_TCP_PROTO=tcp", "EVERLATCH_PORT_9000_TCP_PORT=9000", "EVERLATCH_PORT_9000_TCP_ADDR=10.96.0.17",
		"EVERLATCH_API_SERVICE_HOST=fd00::17", "EVERLATCH_API_PORT=tcp://[fd00::17]:9000", "EVERLATCH_HTTP_PORT=udp://10.96.0.17:53",
		"EVERLATCH_WORKER_SERVICE_HOST=None", "EVERLATCH_NAME=/shop/everlatch",
		"EVERLATCH_HTTP_ADDRESS=0.0.0.0:9000",
	}})

	require.NoError(t, err)
	require.Equal(t, "0.0.0.0:9000", cfg.HTTP.Address)
}

func TestMistypedVariablesAreNoServiceLinks(t *testing.T) {
	t.Parallel()

	for _, entry := range []string{
		"EVERLATCH_PORT=9000", "EVERLATCH_HTTP_PORT=9000", "EVERLATCH_SERVICE_HOST=auth.shop.example", "EVERLATCH_NAME=shop",
		"EVERLATCH_SERVICE_PORT=tcp", "EVERLATCH_HTTP_ADDR=0.0.0.0:9000",
	} {
		_, err := config.Load(config.Sources{Environ: []string{entry}})
		require.ErrorContains(t, err, "unknown variable", entry)
	}
}

// What a file or an env file does to a value on its way into a variable.
func TestValuesFromFilesAndEnvFiles(t *testing.T) {
	t.Parallel()

	const pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n"
	cfg, err := config.Load(config.Sources{Environ: []string{
		"DATABASE_URL=postgres://ada@db/everlatch\n", "TEMPORAL_ADDRESS=temporal:7233\r\n",
		`JWT_SECRET="-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n"`,
		`JWT_PUBLIC_KEY=-----BEGIN PUBLIC KEY-----\r\nMCow\r\n-----END PUBLIC KEY-----`,
		`EVERLATCH_HTTP_JWT_PREVIOUS_SECRETS=-----BEGIN PUBLIC KEY-----\nMCox\n-----END PUBLIC KEY-----`,
		"COOKIE_SECRET=a secret keeps its end\n",
	}})

	require.NoError(t, err)
	require.Equal(t, "postgres://ada@db/everlatch", cfg.Database.URL.Reveal())
	require.Equal(t, "temporal:7233", cfg.Temporal.Address)
	require.Equal(t, pem, cfg.HTTP.JWTSecret.Reveal())
	require.Equal(t, "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----", cfg.HTTP.JWTPublicKey.Reveal())
	require.Equal(t, []string{"-----BEGIN PUBLIC KEY-----\nMCox\n-----END PUBLIC KEY-----"}, cfg.HTTP.JWTPreviousSecrets.Reveal())
	require.Equal(t, "a secret keeps its end\n", cfg.HTTP.CookieSecret.Reveal(), "it may have signed cookies with it")
}

func TestOriginsThatNeverMatchAreRefused(t *testing.T) {
	t.Parallel()

	for origin, why := range map[string]string{
		"*":                          "every origin must be listed",
		"https://shop.example/":      "no slash",
		"https://shop.example/de":    "no path",
		"shop.example":               "a scheme",
		"localhost:8000":             "a scheme",
		"https://*.shop.example":     "a regular expression",
		"https://shop.example:443":   "leave the port",
		"http://shop.example:80":     "leave the port",
		"https://Shop.example":       "lower case",
		"https://ada@shop.example":   "alone",
		"https://shop.example?x=1":   "alone",
		"https://":                   "not an origin",
		"/^https:.+shop":             "ends with",
		"https://ok.example, b.test": "a scheme",
	} {
		for _, key := range []string{"http.store_cors", "http.admin_cors", "http.auth_cors"} {
			_, err := config.Load(config.Sources{Flags: map[string]any{key: origin}})
			require.ErrorContains(t, err, why, origin)
			require.ErrorContains(t, err, key)
		}
	}
	for _, origin := range []string{
		"https://shop.example", "https://shop.example:8443", "http://localhost:8000", "capacitor://localhost", "null", "",
		`/^https:\/\/[a-z]+\.shop\.example$/`, `~\.example$~i`, "https://a.example, https://b.example", "http://[::1]:8000",
	} {
		_, err := config.Load(config.Sources{Flags: map[string]any{"http.store_cors": origin}})
		require.NoError(t, err, origin)
	}
}

func TestPoolSettings(t *testing.T) {
	t.Parallel()

	_, err := config.Load(config.Sources{Environ: []string{"EVERLATCH_DATABASE_MAX_CONNECTIONS=1"}})
	require.ErrorContains(t, err, "database.max_connections")
	cfg, err := config.Load(config.Sources{Environ: []string{"EVERLATCH_DATABASE_MAX_CONNECTIONS=50"}})
	require.NoError(t, err)
	require.Equal(t, 50, cfg.Database.MaxConnections)
}

func TestNameInTheGreeting(t *testing.T) {
	t.Parallel()

	for _, name := range []string{"auth.shop.example", "[192.0.2.1]", "[IPv6:2001:db8::1]", ""} {
		_, err := config.Load(config.Sources{Flags: map[string]any{"mail.smtp.hello": name}})
		require.NoError(t, err, name)
	}
	for _, name := range []string{"auth shop", "auth.shop.example\r\nRCPT", "-", "[]"} {
		_, err := config.Load(config.Sources{Flags: map[string]any{"mail.smtp.hello": name}})
		require.ErrorContains(t, err, "mail.smtp.hello", name)
	}
}
