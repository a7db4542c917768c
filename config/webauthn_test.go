package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func loadWebAuthn(t *testing.T, file string) (config.Config, error) {
	t.Helper()
	return config.Load(config.Sources{File: write(t, file+"\n")})
}

func TestPasskeySettings(t *testing.T) {
	t.Parallel()
	defaults, err := config.Load(config.Sources{})
	require.NoError(t, err)
	w, configured := defaults.Passkeys()
	require.False(t, configured, "off unless they are asked for")
	require.Equal(t, "localhost", w.RPID)
	require.Equal(t, "preferred", w.UserVerification)
	require.Equal(t, "none", w.Attestation)
	require.Equal(t, 5*time.Minute, w.Timeout.Duration())

	cfg, err := loadWebAuthn(t, `
mail: {brand: Acme}
http: {store_cors: "https://shop.example,https://www.shop.example,https://elsewhere.example,http://shop.example", auth_cors: "https://www.shop.example,/x/"}
auth: {webauthn: {rp_id: shop.example, related_origins: ["https://shop.test"], user_verification: required, timeout: 90s}}`)
	require.NoError(t, err)
	w, configured = cfg.Passkeys()
	require.True(t, configured, "a domain is enough for second factors")
	require.Equal(t, "Acme", w.RPName)
	require.Equal(t, []string{"https://www.shop.example", "https://shop.example"}, w.Origins, "those on the domain, each once, by https")
	require.Equal(t, []string{"https://shop.test"}, w.RelatedOrigins)
	require.Equal(t, "required", w.UserVerification)
	require.Equal(t, 90*time.Second, w.Timeout.Duration())

	cfg, err = loadWebAuthn(t, `
http: {address: "127.0.0.1:9100", store_cors: "http://localhost:8000,https://www.shop.example", admin_cors: "http://localhost:8000", auth_cors: "http://localhost:8000"}
auth: {providers: [{resolve: passkey}], webauthn: {rp_name: Shop}}`)
	require.NoError(t, err)
	w, configured = cfg.Passkeys()
	require.True(t, configured)
	require.Equal(t, "Shop", w.RPName)
	require.Equal(t, []string{"http://localhost:8000", "http://localhost:9100"}, w.Origins, "dev has pages of its own")

	cfg, err = loadWebAuthn(t, `auth: {webauthn: {rp_id: shop.example, origins: ["https://shop.example", "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"]}}`)
	require.NoError(t, err)
	w, _ = cfg.Passkeys()
	require.Len(t, w.Origins, 2, "what is listed takes the place of the defaults")
}

// Values that cannot be right are refused at the start, with the key.
func TestPasskeySettingsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"user_verification: always": "auth.webauthn.user_verification",
		"attestation: maybe":        "auth.webauthn.attestation",
		"timeout: 29s":              "auth.webauthn.timeout",
		"timeout: soon":             "auth.webauthn.timeout",
		"origins: {a: 1}":           "auth.webauthn.origins",
		"rp: shop.example":          "auth.webauthn.rp",
	} {
		_, err := loadWebAuthn(t, "auth: {webauthn: {"+text+"}}")
		require.ErrorContains(t, err, want, text)
	}
}

// localhost is for dev alone: elsewhere the domain that passkeys belong to is required.
func TestPasskeyDomainRequired(t *testing.T) {
	t.Parallel()
	const key = "auth.webauthn.rp_id (EVERLATCH_AUTH_WEBAUTHN_RP_ID)"
	cfg, err := loadWebAuthn(t, "auth: {providers: [{resolve: emailpass}, {resolve: passkey}]}")
	require.NoError(t, err)
	require.ErrorContains(t, cfg.Require(), key)
	cfg.Auth.WebAuthn.RPID = "shop.example"
	require.NotContains(t, cfg.Require().Error(), key)
	cfg.Auth.WebAuthn.RPID, cfg.Auth.Providers = "", nil
	require.NotContains(t, cfg.Require().Error(), key, "as a second factor alone they are off without a domain")
}
