package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func TestDefaultsOfMailAndEvents(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{})

	require.NoError(t, err)
	require.Equal(t, "off", cfg.Admin.ResetTokens)
	require.Equal(t, config.PasswordReset{TTL: config.Span(15 * time.Minute), ResendAfter: config.Span(time.Minute)}, cfg.PasswordReset)
	require.Equal(t, config.Events{
		RetryInitial: config.Span(5 * time.Second), RetryMax: config.Span(15 * time.Minute),
		RetryFor: config.Span(72 * time.Hour), Retention: config.Span(720 * time.Hour),
	}, cfg.Events)
	require.Equal(t, config.Mail{
		From: "Everlatch <no-reply@localhost>", Except: []string{}, DefaultLanguage: "en", Brand: "Everlatch",
		URLs: map[string]string{"customer": "http://localhost:8000", "user": "http://localhost:9000/app"},
		SMTP: config.SMTP{Security: "auto", Timeout: config.Span(20 * time.Second)},
	}, cfg.Mail)
	require.Empty(t, cfg.Subscribers)
	require.Empty(t, cfg.Schedules)
}

func TestMailAndEventProblems(t *testing.T) {
	t.Parallel()

	_, err := config.Load(config.Sources{
		File: write(t, `
admin: {reset_tokens: everyone}
password_reset: {ttl: 10s, resend_after: -1}
events: {retry_initial: 1h, retry_max: 1m, retry_for: 1s, retention: -1}
mail:
  from: no-address
  report_to: "a@b, c@d"
  urls: {customer: "ftp://x", seller: /shop, user: "https://u:topsecret@h"}
  smtp: {address: mail, security: ssl, timeout: 10ms}
`),
		Environ: []string{"EVERLATCH_MAIL_BRAND=x"},
	})

	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	require.Equal(t, config.Problems{
		{Key: "admin.reset_tokens", Message: `"everyone" is none of off, self, all`},
		{Key: "password_reset.ttl", Message: "10s is too short, 1m is the least"},
		{Key: "password_reset.resend_after", Message: "-1s is too short, 0s is the least"},
		{Key: "events.retention", Message: "-1s is too short, 0s is the least"},
		{Key: "mail.smtp.security", Message: `"ssl" is none of auto, starttls, tls, none`},
		{Key: "mail.smtp.timeout", Message: "10ms is too short, 1s is the least"},
		{Key: "events.retry_max", Message: "1m is shorter than events.retry_initial, 1h"},
		{Key: "events.retry_for", Message: "1s is shorter than events.retry_max, 1m"},
		{Key: "mail.from", Message: "this is not an address, such as Shop <no-reply@shop.example>"},
		{Key: "mail.report_to", Message: "this is not an address, such as operator@shop.example"},
		{Key: "mail.urls", Message: "customer: this is not a URL, such as https://shop.example"},
		{Key: "mail.urls", Message: "seller: this is not a URL, such as https://shop.example"},
		{Key: "mail.urls", Message: "user: a URL with a name or password is not accepted"},
		{Key: "mail.smtp.address", Message: `"mail" is not host:port`},
	}, problems)
}

func TestMailURLs(t *testing.T) {
	t.Parallel()

	fromFile, err := config.Load(config.Sources{File: write(t, "mail: {urls: {customer: 'https://shop.example', seller: 'https://sell.example/a'}}")})
	require.NoError(t, err)
	fromVariable, err := config.Load(config.Sources{Environ: []string{`EVERLATCH_MAIL_URLS={customer: "https://shop.example"}`}})
	require.NoError(t, err)
	_, wrong := config.Load(config.Sources{Environ: []string{"EVERLATCH_MAIL_URLS=https://shop.example"}})

	require.Equal(t, map[string]string{
		"customer": "https://shop.example", "seller": "https://sell.example/a", "user": "http://localhost:9000/app",
	}, fromFile.Mail.URLs)
	require.Equal(t, map[string]string{"customer": "https://shop.example"}, fromVariable.Mail.URLs)
	require.ErrorContains(t, wrong, "mail.urls (EVERLATCH_MAIL_URLS): a map is expected")
}
