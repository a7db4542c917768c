package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

const (
	goodSecret  = "kV7sGm2pQx9Zt4RwLb8NcJ5yHd3Fa6Ue"
	goodKeys    = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	goodURL     = "postgres://everlatch:hunter2@db/everlatch"
	somePEM     = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
	jwtKey      = "http.jwt_secret (JWT_SECRET)"
	cookieKey   = "http.cookie_secret (COOKIE_SECRET)"
	keysKey     = "encryption.keys (EVERLATCH_ENCRYPTION_KEYS)"
	databaseKey = "database.url (DATABASE_URL)"
	linksKey    = "mail.urls (EVERLATCH_MAIL_URLS)"
)

// docs/weak-spots.md#w35: no default secrets, and weak ones do not count.
func TestRequire(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		change func(c *config.Config)
		want   []string // keys of the problems
	}{
		"all is there": {change: func(*config.Config) {}},
		"nothing is there": {
			change: func(c *config.Config) {
				c.HTTP.JWTSecret, c.HTTP.CookieSecret, c.Encryption.Keys, c.Database.URL = "", "", "", ""
			},
			want: []string{jwtKey, cookieKey, keysKey, databaseKey},
		},
		"Medusa's default secret": {
			change: func(c *config.Config) { c.HTTP.JWTSecret, c.HTTP.CookieSecret = "supersecret", "supersecret" },
			want:   []string{jwtKey, cookieKey},
		},
		"a placeholder that is long enough": {
			change: func(c *config.Config) { c.HTTP.JWTSecret = "ChangeMe-ChangeMe-ChangeMe-0123456789" },
			want:   []string{jwtKey},
		},
		"one letter that repeats": {
			change: func(c *config.Config) { c.HTTP.CookieSecret = config.Secret(strings.Repeat("x", 64)) },
			want:   []string{cookieKey},
		},
		"a PEM key for an algorithm with a shared secret": {
			change: func(c *config.Config) { c.HTTP.JWTSecret = somePEM },
			want:   []string{jwtKey},
		},
		"a public key for an algorithm with a shared secret": {
			change: func(c *config.Config) { c.HTTP.JWTPublicKey = somePEM },
			want:   []string{"http.jwt_public_key (JWT_PUBLIC_KEY)"},
		},
		"a PEM key for an algorithm that needs one": {
			change: func(c *config.Config) { c.HTTP.JWTSecret, c.HTTP.JWTOptions.Algorithm = somePEM, "EdDSA" },
		},
		"a shared secret for an algorithm that needs a PEM key": {
			change: func(c *config.Config) { c.HTTP.JWTOptions.Algorithm = "RS256" },
			want:   []string{jwtKey},
		},
		"no key for an algorithm that needs a PEM key": {
			change: func(c *config.Config) { c.HTTP.JWTSecret, c.HTTP.JWTOptions.Algorithm = "", "RS256" },
			want:   []string{jwtKey},
		},
		"mails with links to localhost": {
			change: func(c *config.Config) { c.Mail.SMTP.Address = "smtp.shop.example:587" },
			want:   []string{linksKey, linksKey},
		},
		"mails with links to this machine in other words": {
			change: func(c *config.Config) {
				c.Mail.SMTP.Address = "smtp.shop.example:587"
				c.Mail.URLs = map[string]string{
					"customer": "https://shop.example", "user": "http://127.8.9.1:9000/app", "vendor": "http://[::1]", "courier": "http://Shop.LocalHost./",
					"manager": "http://0.0.0.0:8000", "seller": "https://localhost.shop.example", "guest": "http://10.0.0.1",
				}
			},
			want: []string{linksKey, linksKey, linksKey, linksKey},
		},
		"mails with links to localhost that are allowed": {
			change: func(c *config.Config) { c.Mail.SMTP.Address, c.Mail.AllowLocalhostLinks = "mailpit:1025", true },
		},
		"links to localhost and no mails": {change: func(c *config.Config) { c.Mail.SMTP.Address = "" }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			cfg, err := config.Load(config.Sources{Environ: []string{
				"JWT_SECRET=" + goodSecret, "COOKIE_SECRET=" + goodSecret, "EVERLATCH_ENCRYPTION_KEYS=" + goodKeys, "DATABASE_URL=" + goodURL,
			}})
			require.NoError(t, err)
			tt.change(&cfg)

			err = cfg.Require()

			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			var problems config.Problems
			require.ErrorAs(t, err, &problems)
			var keys []string
			for _, p := range problems {
				keys = append(keys, p.Key)
			}
			require.Equal(t, tt.want, keys)
		})
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()

	folder := filepath.Join(t.TempDir(), "new")
	first, second := config.Config{}, config.Config{}
	second.HTTP.CookieSecret = "given"
	require.NoError(t, first.Generate(folder))
	require.NoError(t, second.Generate(folder))

	first.Database.URL, first.HTTP.JWTOptions.Algorithm = goodURL, "HS256"
	require.NoError(t, first.Require())
	require.Equal(t, first.HTTP.JWTSecret, second.HTTP.JWTSecret)
	require.Equal(t, first.Encryption, second.Encryption)
	require.Equal(t, "given", second.HTTP.CookieSecret.Reveal())

	info, err := os.Stat(filepath.Join(folder, "secrets.yaml"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestGenerateNowhere(t *testing.T) {
	t.Parallel()

	first, second := config.Config{}, config.Config{}
	require.NoError(t, first.Generate(""))
	require.NoError(t, second.Generate(""))

	require.NotEmpty(t, first.HTTP.JWTSecret)
	require.NotEqual(t, first.HTTP.JWTSecret, second.HTTP.JWTSecret)
}

// A damaged file must not be replaced by new secrets: they would make every
// sealed row unreadable.
func TestGenerateRefusesADamagedFile(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	path := filepath.Join(folder, "secrets.yaml")
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))

	cfg := config.Config{}

	require.ErrorContains(t, cfg.Generate(folder), "is damaged")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "{", string(content))
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{Environ: []string{
		"JWT_SECRET=topsecret1", "COOKIE_SECRET=topsecret2", "EVERLATCH_ENCRYPTION_KEYS=topsecret3",
		"EVERLATCH_HTTP_JWT_PREVIOUS_SECRETS=topsecret4", "DATABASE_URL=postgres://u:topsecret5@db/x?sslpassword=topsecret6", "AUTH_MFA_ENCRYPTION_KEY=topsecret7",
		"EVERLATCH_AUTH_PROVIDERS=[{resolve: emailpass, options: {client_secret: topsecret8, deep: {api_key: topsecret9}}}]",
	}})
	require.NoError(t, err)
	require.Equal(t, "topsecret1", cfg.HTTP.JWTSecret.Reveal())

	text, err := cfg.YAML()
	require.NoError(t, err)
	require.NotContains(t, string(text), "topsecret")
	require.Contains(t, string(text), "[secret]")
	require.Contains(t, string(text), "postgres://u:xxxxx@db/x")
	printed := fmt.Sprintf("%v %+v %s %#v", cfg.HTTP, cfg.Database, cfg.HTTP.JWTSecret, cfg.HTTP.JWTPreviousSecrets)
	require.NotContains(t, printed, "topsecret")
	require.Equal(t, "[secret]", config.URL("u:topsecret@/x").String())
}

// Dev starts with a secret that a person chose, however weak, as long as the
// operator can be told (docs/weak-spots.md#w35).
func TestDevAcceptsWeakSecrets(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{Environ: []string{
		"JWT_SECRET=supersecret", "COOKIE_SECRET=supersecret", "DATABASE_URL=sqlite:///tmp/x.db",
		"EVERLATCH_ENCRYPTION_KEYS=k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
	}})
	require.NoError(t, err)
	require.NoError(t, c.RequireDev())
	require.Len(t, c.WeakSecrets(), 2)
	require.Error(t, c.Require())
	c.Mail.SMTP.Address = "smtp.shop.example:587"
	require.NoError(t, c.RequireDev(), "links of dev lead to pages of dev")

	c.HTTP.CookieSecret = ""
	require.Error(t, c.RequireDev(), "missing is not weak")
}
