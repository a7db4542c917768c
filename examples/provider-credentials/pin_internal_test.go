package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/providertest"
)

func hash(t *testing.T, pin string, cost int) string {
	t.Helper()
	out, err := bcrypt.GenerateFromPassword([]byte(pin), cost)
	require.NoError(t, err)
	return string(out)
}

func request(number, pin any) providers.Input {
	return providers.Input{Body: map[string]any{"number": number, "pin": pin}, ActorType: "staff"}
}

// TestProvider runs the conformance suite.
func TestProvider(t *testing.T) {
	t.Parallel()

	var checks atomic.Int64
	staff := map[string]member{"1001": {Name: "Ada Lovelace", PIN: hash(t, "20481357", bcrypt.MinCost)}}
	providertest.Credentials(t, providertest.CredentialsCase{
		New: func(tb testing.TB) providers.Credentials {
			tb.Helper()
			p, err := newPINs(pinOptions{Staff: staff, OnCheck: func() { checks.Add(1) }})
			require.NoError(tb, err)
			return p
		},
		Good:      request("1001", "20481357"),
		Wrong:     request("1001", "20481358"),
		Unknown:   request("1009", "20481357"),
		Same:      []providers.Input{request(" 10 01 ", "20481357")},
		Malformed: []providers.Input{{}, request(1001.0, "20481357"), request("1001", 20481357.0), request("1001", "2048"), request("ada", "20481357")},
		Secrets:   []string{"20481357", "20481358"},
		Work:      checks.Load,
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()

	cheap, dear := hash(t, "20481357", bcrypt.MinCost), hash(t, "20481357", bcrypt.MinCost+1)
	_, err := newPINs(pinOptions{})
	require.EqualError(t, err, "pin options: there is no staff")
	_, err = newPINs(pinOptions{Staff: map[string]member{"ada": {PIN: cheap}, "1002": {PIN: "20481357"}}})
	require.ErrorContains(t, err, `staff number "ada" is not 4 to 10 digits`)
	require.ErrorContains(t, err, "the PIN of 1002 is no bcrypt hash")
	require.NotContains(t, err.Error(), "20481357")
	_, err = newPINs(pinOptions{Staff: map[string]member{"1001": {PIN: cheap}, "1002": {PIN: dear}}})
	require.ErrorContains(t, err, "has a cost of its own")
}

func TestTheServiceListsTheProvider(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	var server *api.Server

	a, err := app.New(t.Context(), cfg, app.FromConfig(options), app.WithMigrations(), app.WithRoutes(func(s *api.Server) { server = s }))

	require.NoError(t, err)
	answer := httptest.NewRecorder()
	server.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/auth/staff/providers", http.NoBody))
	require.JSONEq(t, `{"providers":[
		{"id":"emailpass","identifier":"emailpass","display_name":"Email/Password Authentication","flow":"credentials"},
		{"id":"pin","identifier":"pin","display_name":"Staff number and PIN","flow":"credentials"}]}`, answer.Body.String())
	require.NoError(t, a.Close())
}
