package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/providertest"
)

const secret = "a-secret-of-the-club"

func options(service string) clubOptions {
	return clubOptions{
		URL: service, ClientID: "everlatch", ClientSecret: secret,
		CallbackURLs: []string{"https://shop.example/callback?shop=a%26b&x=1", "https://shop.example/other"},
	}
}

// TestProvider runs the conformance suite.
func TestProvider(t *testing.T) {
	t.Parallel()

	providertest.Redirect(t, providertest.RedirectCase{
		New: func(tb testing.TB, service string) providers.Redirect {
			tb.Helper()
			p, err := newClub(options(service))
			require.NoError(tb, err)
			return p
		},
		Service:             func(testing.TB) http.Handler { return newStandIn("everlatch", secret) },
		CallbackURL:         "https://shop.example/callback?shop=a%26b&x=1",
		AllowedCallbackURLs: []string{"https://shop.example/other"},
		Secrets:             []string{secret},
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()

	_, err := newClub(clubOptions{URL: "club.example", ClientSecret: secret, CallbackURLs: []string{"/callback"}})

	require.ErrorContains(t, err, "URL 1 is not absolute")
	require.ErrorContains(t, err, "URL 2 is not absolute")
	require.ErrorContains(t, err, "the client id, the client secret and a callback URL are required")
	require.NotContains(t, err.Error(), secret)
}

func TestTheServiceListsTheProvider(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	var server *api.Server

	a, err := app.New(t.Context(), cfg, app.FromConfig(withClub), app.WithMigrations(), app.WithRoutes(func(s *api.Server) { server = s }))

	require.NoError(t, err)
	answer := httptest.NewRecorder()
	server.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/auth/customer/providers", http.NoBody))
	require.JSONEq(t, `{"providers":[
		{"id":"emailpass","identifier":"emailpass","display_name":"Email/Password Authentication","flow":"credentials"},
		{"id":"club","identifier":"club","display_name":"The Club","flow":"redirect"}]}`, answer.Body.String())
	require.NoError(t, a.Close())
}
