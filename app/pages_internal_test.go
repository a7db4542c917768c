package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

// Providers may lead back to the pages, besides what was configured.
func TestProvidersMayLeadBackToThePages(t *testing.T) {
	t.Parallel()

	cfg := config.Config{Pages: config.Pages{Enabled: true, URL: "http://localhost:9000/"}}
	cfg.Auth.Providers = []config.Provider{
		{Resolve: "emailpass", ID: "emailpass"},
		{Resolve: "google", ID: "g", Options: map[string]any{"allow_private": true, "allowed_callback_urls": []any{"https://shop.example/in"}}},
		{Resolve: "github", ID: "github", Options: map[string]any{"client_id": "x"}},
	}
	got := withPageCallbacks(&cfg, []string{"customer", "courier"})
	require.Nil(t, got[0].Options)
	require.Equal(t, []any{
		"https://shop.example/in",
		"http://localhost:9000/ui/customer/callback/g", "http://localhost:9000/ui/courier/callback/g",
		"http://127.0.0.1:9000/ui/customer/callback/g", "http://127.0.0.1:9000/ui/courier/callback/g",
	}, got[1].Options["allowed_callback_urls"])
	require.NotContains(t, got[2].Options, "allowed_callback_urls", "it accepts https alone")
	require.Len(t, cfg.Auth.Providers[1].Options["allowed_callback_urls"], 1, "the settings stay as they are")

	cfg.Pages.URL = "https://auth.shop.example"
	got = withPageCallbacks(&cfg, []string{"customer"})
	require.Equal(t, []any{"https://auth.shop.example/ui/customer/callback/github"}, got[2].Options["allowed_callback_urls"])

	cfg.Pages.Enabled = false
	require.Equal(t, cfg.Auth.Providers, withPageCallbacks(&cfg, []string{"customer"}))
}

func TestPasskeysOfThePages(t *testing.T) {
	t.Parallel()

	for origin, want := range map[string]bool{
		"https://shop.example": true, "https://auth.shop.example": true, "https://evilshop.example": false, "http://localhost:9000": false, "": false,
	} {
		require.Equal(t, want, belongsTo(origin, "shop.example"), origin)
	}
	require.True(t, belongsTo("http://localhost:9000", ""))
}
