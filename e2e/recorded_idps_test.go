package e2e_test

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/githubtest"
	"github.com/everlatch/everlatch/internal/oidctest"
)

const (
	callbackURL = "http://localhost:8000/cb" // of the recorded project, at every provider
	// recordedIssuer is the OpenID provider of the recordings. It named no issuer
	// in callbacks.
	recordedIssuer = "http://127.0.0.1:8099"
	// Without a listener.
	unreachable = "http://127.0.0.1:1"
	// strictTTL is how long people may take at oidc-strict. The recorded project
	// had less; a slow machine needs some.
	strictTTL = 10 * time.Second
)

// idps are the providers that the recorded project sent people to. People
// are sent to the real addresses of Google and GitHub, and what is asked behind
// their backs is asked here.
type idps struct {
	openID, google *oidctest.Provider
	github         *githubtest.Server
}

// newIDPs starts the providers. Google cannot be reached at first, as from
// the machine of the recordings.
func newIDPs(t *testing.T) *idps {
	t.Helper()
	back := []string{callbackURL}
	e := &idps{
		openID: oidctest.Start(t, oidctest.Options{ClientID: "oidc-client", RedirectURIs: back, NoIss: true}),
		google: oidctest.Start(t, oidctest.Options{ClientID: "google-client-id", RedirectURIs: back, NoIss: true}),
		github: githubtest.Start(t, githubtest.Options{ClientID: "github-client-id"}),
	}
	e.google.Always(oidctest.Break.At(oidctest.Token))
	return e
}

// big registers Google and GitHub.
func (e *idps) big() string {
	github := registered(e.github.ClientID, e.github.ClientSecret, "token_endpoint: %q, api_endpoint: %q",
		e.github.TokenEndpoint, e.github.APIEndpoint)
	google := registered(e.google.ClientID(), e.google.ClientSecret(), "token_endpoint: %q, jwks_uri: %q",
		e.google.Endpoint(oidctest.Token), e.google.Endpoint(oidctest.Keys))
	return "    - {resolve: github, options: " + github + "}\n    - {resolve: google, options: " + google + "}\n"
}

// own registers the OpenID provider under the ids of the recorded project. What
// each of them demands is taken from what it accepted and refused.
func (e *idps) own() string {
	var b strings.Builder
	for _, p := range []struct{ id, issuer, more string }{
		{"oidc-down", unreachable, "display_name: OpenID Connect"},
		{"oidc-lax", e.openID.URL(), "scopes: openid, require_verified_email: false, claim_mappings: " +
			"{entity_id: email, given_name: given_name, family_name: family_name, groups: groups}"},
		{"oidc-strict", e.openID.URL(), fmt.Sprintf("allowed_callback_urls: [%q], allowed_email_domains: [acme.test], state_ttl_seconds: %d",
			callbackURL, int(strictTTL.Seconds()))},
		{"oidc", e.openID.URL(), "display_name: Fake OIDC"},
	} {
		options := registered(e.openID.ClientID(), e.openID.ClientSecret(), "issuer: %q, "+p.more, p.issuer)
		fmt.Fprintf(&b, "    - {resolve: oidc, id: %s, options: %s}\n", p.id, options)
	}
	return b.String()
}

// registered are the options of a provider, with those that only it has.
func registered(id, secret, own string, values ...any) string {
	return fmt.Sprintf("{client_id: %q, client_secret: %q, callback_url: %q, allow_private: true, %s}",
		id, secret, callbackURL, fmt.Sprintf(own, values...))
}

// visit opens the location of a sign-in, signs in at the provider as who, and
// returns the parameters of the callback.
func (e *idps) visit(t *testing.T, provider, location string, who oidctest.Person) url.Values {
	t.Helper()
	away, err := url.Parse(location)
	require.NoError(t, err)
	if provider == "github" {
		return e.github.Visit(t, e.github.AuthorizationEndpoint+"?"+away.RawQuery).Query()
	}
	idp := e.openID
	if provider == "google" {
		idp = e.google
		location = idp.Endpoint(oidctest.Authorization) + "?" + away.RawQuery
		who = maps.Clone(who)
		who["iss"] = "https://accounts.google.com"
	}
	idp.Login(who)
	params := url.Values{}
	for name, value := range idp.Follow(t, location) {
		params.Set(name, value)
	}
	return params
}

// live puts the provider of the test in the place of the recorded one.
func (e *idps) live(location string) string {
	if e == nil {
		return location
	}
	return strings.ReplaceAll(location, recordedIssuer, e.openID.URL())
}
