package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

const shop = "http://localhost:8000"

// company is one of the two, and a client of it.
type company struct {
	client      *http.Client
	callbackURL string
	*oidc.Provider
}

// start runs a company's provider, and makes a client that reaches it whatever
// its address is.
func start(t *testing.T, handler http.Handler, o oidc.Options) company {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client := &http.Client{
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	o.HTTPClient, o.AllowPrivate, o.ClientID = client, true, "shop"
	p, err := oidc.New(o)
	require.NoError(t, err)
	return company{client, o.CallbackURL, p}
}

// signIn signs a person in.
func (c company) signIn(t *testing.T, who string) (providers.Profile, error) {
	t.Helper()
	location, err := c.Begin(t.Context(), providers.Authorization{
		CallbackURL: c.callbackURL, State: "state", Nonce: "nonce",
		CodeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", // RFC 7636, appendix B
	})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, location+"&as="+who, http.NoBody)
	require.NoError(t, err)
	resp, err := c.client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	back, err := resp.Location()
	require.NoError(t, err)
	callback := providers.Callback{
		CallbackURL: c.callbackURL, Code: back.Query().Get("code"), Nonce: "nonce",
		CodeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", Params: map[string]string{"iss": back.Query().Get("iss")},
	}
	tokens, err := c.Exchange(t.Context(), callback)
	require.NoError(t, err)
	return c.Profile(t.Context(), tokens, callback)
}

func TestAcme(t *testing.T) {
	t.Parallel()

	handler, err := newAcme("http://localhost:9901", shop+"/callback/acme", time.Now)
	require.NoError(t, err)
	acme := start(t, handler, oidc.Options{
		OAuthClient:         providers.OAuthClient{ClientSecret: "a-secret-of-acme", CallbackURL: shop + "/callback/acme"},
		Issuer:              "http://localhost:9901",
		AllowedEmailDomains: []string{"acme.example"},
		ClaimMappings:       map[string]string{"given_name": "given_name", "family_name": "family_name", "groups": "groups"},
	})

	ada, err := acme.signIn(t, "ada")
	require.NoError(t, err)
	require.Equal(t, "acme-1", ada.EntityID)
	require.Equal(t, everlatch.Metadata{
		"email": "ada@acme.example", "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "groups": []any{"buyers"},
	}, ada.UserMetadata)
	for _, stranger := range []string{"bob", "carol"} {
		_, err = acme.signIn(t, stranger)
		require.ErrorIs(t, err, everlatch.ErrUnauthorized, stranger)
	}
}

func TestGlobex(t *testing.T) {
	t.Parallel()

	at := time.Now()
	handler, err := newGlobex("http://localhost:9902", shop+"/callback/globex", func() time.Time { return at })
	require.NoError(t, err)
	o := oidc.Options{
		OAuthClient:          providers.OAuthClient{ClientSecret: "a-secret-of-globex", CallbackURL: shop + "/callback/globex"},
		Issuer:               "http://localhost:9902",
		RequireVerifiedEmail: new(false), ClaimMappings: map[string]string{"entity_id": "oid", "email": "preferred_username"},
		ClockTolerance: 30 * time.Second, Algorithms: []string{"RS256"}, Now: func() time.Time { return at },
	}

	grace, err := start(t, handler, o).signIn(t, "grace")
	require.NoError(t, err)
	require.Equal(t, "11111111-2222-4333-8444-555555555555", grace.EntityID)
	require.Equal(t, everlatch.Metadata{"email": "grace@globex.example", "name": "Grace Hopper"}, grace.UserMetadata)
	require.False(t, grace.EmailVerified)

	// Each of these options is needed.
	for name, change := range map[string]func(o *oidc.Options){
		"require_verified_email":  func(o *oidc.Options) { o.RequireVerifiedEmail = nil },
		"clock_tolerance_seconds": func(o *oidc.Options) { o.ClockTolerance = 0 },
		"algorithms":              func(o *oidc.Options) { o.Algorithms = []string{"ES256"} },
	} {
		changed := o
		change(&changed)
		_, err := start(t, handler, changed).signIn(t, "grace")
		require.ErrorIs(t, err, everlatch.ErrUnauthorized, name)
	}
}

// Each actor type is offered its own providers.
func TestTheConfiguration(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{File: "everlatch.yaml", Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	var server *api.Server
	a, err := app.New(t.Context(), cfg, app.FromConfig(options), app.WithMigrations(), app.WithRoutes(func(s *api.Server) { server = s }))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })

	const (
		password = `{"id":"emailpass","identifier":"emailpass","display_name":"Email/Password Authentication","flow":"credentials"}`
		acme     = `{"id":"acme","identifier":"oidc","display_name":"Acme","flow":"redirect"}`
		globex   = `{"id":"globex","identifier":"oidc","display_name":"Globex","flow":"redirect"}`
	)
	for actorType, want := range map[string]string{"customer": password + "," + acme, "supplier": globex, "user": password} {
		answer := httptest.NewRecorder()
		server.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/auth/"+actorType+"/providers", http.NoBody))
		require.JSONEq(t, `{"providers":[`+want+`]}`, answer.Body.String(), actorType)
	}
}

func TestTheProgramNeedsItsSettings(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{})
	require.NoError(t, err)
	_, err = options(cfg)
	require.ErrorContains(t, err, "--config examples/several-openid-providers/everlatch.yaml")
}
