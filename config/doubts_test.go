package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

// sound are the settings of a server without doubts.
func sound(others ...string) []string {
	return append([]string{
		"STORE_CORS=https://shop.example", "ADMIN_CORS=https://admin.shop.example", "EVERLATCH_HTTP_TRUST_PROXY=1",
	}, others...)
}

func TestDoubts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		environ []string
		topic   config.Topic
		want    []string
	}{
		"none":              {sound(), "", nil},
		"patterns":          {sound(`STORE_CORS=/^https:\/\/[a-z]+\.shop\.example$/,null`), "", nil},
		"other programs":    {sound("STORE_CORS=capacitor://localhost,https://shop.example"), "", nil},
		"a loose pattern":   {sound(`STORE_CORS=/shop\.example/`), config.TopicOrigins, []string{`http.store_cors: /shop\.example/ is not anchored: an origin that only contains a match is allowed too`}},
		"every origin":      {sound("AUTH_CORS=/.*/"), config.TopicOrigins, []string{"http.auth_cors: /.*/ allows every origin: any page can act with the session of its visitor"}},
		"http":              {sound("STORE_CORS=http://shop.example"), config.TopicOrigins, []string{"http.store_cors: http://shop.example is not https: who is in its network can change its pages and use its visitors' sessions"}},
		"localhost":         {sound("ADMIN_CORS=http://localhost:7001"), config.TopicOrigins, []string{"http.admin_cors: only pages on localhost may call /admin from a browser"}},
		"insecure cookies":  {sound("EVERLATCH_COOKIE_OPTIONS_SECURE=false"), config.TopicCookies, []string{"cookie_options.secure is off: browsers send the session cookie unencrypted, too"}},
		"Secure by hand":    {sound("EVERLATCH_COOKIE_OPTIONS_SECURE=true", "EVERLATCH_HTTP_TRUST_PROXY=0", "EVERLATCH_HTTP_TRUSTED_PROXIES=10.0.0.0/8"), "", nil},
		"every proxy":       {sound("EVERLATCH_HTTP_TRUSTED_PROXIES=0.0.0.0/0"), config.TopicProxies, []string{"http.trusted_proxies: 0.0.0.0/0 trusts every address: callers choose the address that limits count"}},
		"unsealed payloads": {sound("EVERLATCH_TEMPORAL_ACCEPT_UNSEALED_UNTIL=2026-12-24"), config.TopicCompatibility, []string{"temporal.accept_unsealed_until: payloads that are not encrypted are accepted: everyone who reaches Temporal can start any workflow"}},
		"compatibility": {sound("EVERLATCH_COMPAT_UNTYPED_TOKENS=true", "EVERLATCH_COMPAT_CUSTOMER_EMAIL=free"), config.TopicCompatibility, []string{
			"compat.untyped_tokens: tokens without a purpose are accepted", "compat.customer_email: a customer may take any address",
		}},
		"links": {sound("EVERLATCH_MAIL_SMTP_ADDRESS=mail.example:25", "EVERLATCH_MAIL_ALLOW_LOCALHOST_LINKS=true", `EVERLATCH_MAIL_URLS={customer: "http://shop.example", user: "http://localhost:9000"}`), config.TopicMailLinks, []string{
			"mail.allow_localhost_links is on: mails may link to localhost, where recipients have nothing",
			"mail.urls: links for customer use http: their tokens travel unencrypted",
		}},
		"one secret": {sound("JWT_SECRET=a", "COOKIE_SECRET=a"), config.TopicSecrets, []string{"http.cookie_secret is the same as http.jwt_secret, so neither can be replaced alone"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := config.Load(config.Sources{Environ: tt.environ})
			require.NoError(t, err)
			var got []string
			for _, d := range cfg.Doubts(now) {
				require.Equal(t, tt.topic, d.Topic)
				require.NotEmpty(t, d.Advice)
				got = append(got, d.Message)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// Every kind of secret is found, wherever it is in the settings.
func TestRedact(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(config.Sources{Environ: []string{
		"JWT_SECRET=jwt+secret", "EVERLATCH_HTTP_JWT_PREVIOUS_SECRETS=[earlier-secret]", "EVERLATCH_ENCRYPTION_KEYS=k1:materialA,k2:materialB",
		"DATABASE_URL=postgres://ada:data-secret@db/shop?sslpassword=tls-secret", "EVERLATCH_MAIL_SMTP_PASSWORD=abc",
		`EVERLATCH_AUTH_PROVIDERS=[{resolve: oidc, options: {client_secret: option-secret, issuer: "https://id.example"}}]`,
		`EVERLATCH_SUBSCRIBERS=[{name: crm, events: ["*"], webhook: {url: "https://crm.example/?token=hook-secret", secrets: [whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3]}}]`,
	}})
	require.NoError(t, err)
	require.Equal(t, "[secret] [secret] [secret] [secret] [secret] [secret] [secret] [secret] [secret] [secret]",
		cfg.Redact("jwt+secret jwt%2Bsecret earlier-secret materialA materialB data-secret tls-secret option-secret hook-secret whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"))
	require.Equal(t, "k1 of https://id.example at crm.example for ada: abc", cfg.Redact("k1 of https://id.example at crm.example for ada: abc"),
		"a name is no secret, and a secret of three characters is a part of many words")
}
