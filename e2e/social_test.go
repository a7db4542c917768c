package e2e_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/githubtest"
	"github.com/everlatch/everlatch/internal/oidctest"
)

// socialConfig registers a GitHub of the test.
func socialConfig(g *githubtest.Server) string {
	return fmt.Sprintf(`auth:
  providers:
    - resolve: emailpass
      options: {argon2: {memory_kib: 8, time: 1, parallelism: 1}}
    - resolve: github
      options:
        {client_id: %q, client_secret: %q, callback_url: "http://localhost:8000/cb", keep_tokens: true, allow_private: true,
         authorization_endpoint: %q, token_endpoint: %q, api_endpoint: %q}
http: {auth_methods_per_actor: {user: [emailpass, github]}}
`, g.ClientID, g.ClientSecret, g.AuthorizationEndpoint, g.TokenEndpoint, g.APIEndpoint)
}

func newGithub(t *testing.T) *githubtest.Server {
	t.Helper()
	return githubtest.Start(t, githubtest.Options{})
}

// namesItself is what a client without cookies sends to be known at the callback.
var namesItself = []string{"Everlatch-Browser", "a-storefront's-server"}

// away begins a sign-in and returns the parameters that GitHub sends back, and
// the cookie that the browser was given.
func (p *process) away(t *testing.T, g *githubtest.Server, header ...string) (params url.Values, cookie string) {
	t.Helper()
	a := p.call(t, "POST", "/auth/customer/github", object{}, header...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	back := g.Visit(t, a.str(t, "location"))
	require.Equal(t, "/cb", back.Path)
	cookie, _, _ = strings.Cut(a.header.Get("Set-Cookie"), ";")
	return back.Query(), cookie
}

// TestGithubFlow signs up with GitHub, as a storefront's server does: redirect,
// callback, customer, refreshed token; and again, with a new name.
func TestGithubFlow(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	p := startDev(t, devOptions{config: socialConfig(g)})

	params, _ := p.away(t, g, namesItself...)
	p.kill() // between the legs
	p = startDev(t, devOptions{dir: p.dir, config: socialConfig(g)})
	back := p.call(t, "GET", "/auth/customer/github/callback?"+params.Encode(), nil, namesItself...)
	require.Equal(t, 200, back.status, "%s", back.raw)
	token := back.str(t, "token")
	require.Empty(t, claims(t, token)["actor_id"])
	person := githubtest.Ada()
	metadata, _ := claims(t, token)["user_metadata"].(object)
	require.Equal(t, *person.Name, metadata["name"])

	replay := p.call(t, "GET", "/auth/customer/github/callback?"+params.Encode(), nil, namesItself...)
	require.Equal(t, 401, replay.status)
	require.Equal(t, "No state provided, or session expired", replay.str(t, "message"))
	require.Equal(t, 1, g.Exchanges())

	customer := p.call(t, "POST", "/store/customers", object{"email": metadata["email"]}, bearer(token)...)
	require.Equal(t, 200, customer.status, "%s", customer.raw)
	refreshed := p.call(t, "POST", "/auth/token/refresh", nil, bearer(token)...).str(t, "token")
	require.Equal(t, 200, p.call(t, "GET", "/store/customers/me", nil, bearer(refreshed)...).status)

	person.Name = new("Ada King")
	g.SetPerson(person)
	params, _ = p.away(t, g, namesItself...)
	again := p.call(t, "POST", "/auth/customer/github/callback", object{"code": params.Get("code"), "state": params.Get("state")}, namesItself...)
	require.Equal(t, 200, again.status, "%s", again.raw)
	require.Equal(t, claims(t, token)["auth_identity_id"], claims(t, again.str(t, "token"))["auth_identity_id"])
	metadata, _ = claims(t, again.str(t, "token"))["user_metadata"].(object)
	require.Equal(t, "Ada King", metadata["name"])
}

// docs/weak-spots.md#w44: a state is good for its actor type and its browser.
func TestGithubStateIsBound(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	p := startDev(t, devOptions{config: socialConfig(g)})
	finish := func(actorType string, params url.Values, header ...string) int {
		return p.call(t, "GET", "/auth/"+actorType+"/github/callback?"+params.Encode(), nil, header...).status
	}
	params, cookie := p.away(t, g)
	require.True(t, strings.HasPrefix(cookie, "everlatch.browser="), cookie)
	require.Equal(t, 401, finish("user", params))
	require.Equal(t, 401, finish("customer", params, "Cookie", "everlatch.browser=another"))
	require.Equal(t, 401, finish("customer", params), "a browser that has never been here")
	require.Contains(t, p.logText(), `msg="callback without browser" provider=github`)
	require.Equal(t, 200, finish("customer", params, "Cookie", cookie), "and nothing has used it up")

	params, _ = p.away(t, g, "Cookie", cookie)
	require.Equal(t, 401, finish("customer", params), "the second time as the first time")
	require.Equal(t, 200, finish("customer", params, "Cookie", cookie))

	params, _ = p.away(t, g, namesItself...)
	require.Equal(t, 401, finish("customer", params, "Cookie", cookie))
	require.Equal(t, 401, finish("customer", params, "Everlatch-Browser", "another-server-or-phone"))
	require.Equal(t, 200, finish("customer", params, append([]string{"Cookie", cookie}, namesItself...)...))
}

// 50 callbacks with one state make one sign-in.
func TestGithubRace(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	p := startDev(t, devOptions{config: socialConfig(g)})
	params, _ := p.away(t, g, namesItself...)
	answers := parallel(t, 50, func(int) (answer, error) {
		return p.try(t.Context(), "GET", "/auth/customer/github/callback?"+params.Encode(), nil, namesItself...)
	})
	require.Equal(t, 1, count(answers, 200))
	require.Equal(t, 49, count(answers, 401))
	require.Equal(t, 1, g.Exchanges())
}

// oidcConfig registers an OpenID provider of the test under two ids, and as
// Google.
func oidcConfig(op *oidctest.Provider) string {
	options := fmt.Sprintf(`{issuer: %q, client_id: %q, client_secret: %q, callback_url: "http://localhost:8000/cb", allow_private: true`,
		op.URL(), op.ClientID(), op.ClientSecret())
	return fmt.Sprintf(`auth:
  providers:
    - resolve: emailpass
      options: {argon2: {memory_kib: 8, time: 1, parallelism: 1}}
    - {resolve: oidc, id: okta, options: %[1]s, claim_mappings: {groups: groups}}}
    - {resolve: oidc, id: acme, options: %[1]s, allowed_email_domains: [acme.example], state_ttl_seconds: 60}}
    - {resolve: google, options: %[1]s}}
http: {auth_methods_per_actor: {user: [emailpass, okta]}}
`, options)
}

// TestOpenIDFlow signs in with an OpenID provider under several ids and actor
// types, and refuses what a provider that misbehaves sends.
func TestOpenIDFlow(t *testing.T) {
	t.Parallel()
	op := oidctest.Start(t, oidctest.Options{RedirectURIs: []string{"http://localhost:8000/cb"}})
	p := startDev(t, devOptions{config: oidcConfig(op)})
	signIn := func(actorType, provider string) answer {
		a := p.call(t, "POST", "/auth/"+actorType+"/"+provider, object{}, namesItself...)
		require.Equal(t, 200, a.status, "%s", a.raw)
		query := url.Values{}
		for name, value := range op.Follow(t, a.str(t, "location")) {
			query.Set(name, value)
		}
		return p.call(t, "GET", "/auth/"+actorType+"/"+provider+"/callback?"+query.Encode(), nil, namesItself...)
	}

	for _, who := range []struct{ actorType, provider string }{{"customer", "okta"}, {"user", "okta"}, {"customer", "google"}} {
		a := signIn(who.actorType, who.provider)
		require.Equal(t, 200, a.status, "%v: %s", who, a.raw)
		require.Equal(t, who.provider, claims(t, a.str(t, "token"))["auth_provider"])
		require.Equal(t, who.actorType, claims(t, a.str(t, "token"))["actor_type"])
	}
	foreign := signIn("customer", "acme")
	require.Equal(t, 401, foreign.status, "another domain")
	require.Equal(t, "Authentication failed", foreign.str(t, "message"))

	op.Rotate()
	require.Equal(t, 200, signIn("customer", "okta").status, "rotated keys are found")
	for _, misbehaviour := range []oidctest.Misbehaviour{
		oidctest.WrongNonce, oidctest.WrongIssuer, oidctest.WrongAudience, oidctest.Expired, oidctest.AlgNone, oidctest.HS256PublicKey,
		oidctest.ForgedSignature, oidctest.Tampered, oidctest.UnknownKey, oidctest.EmbeddedKey, oidctest.WrongIssParameter,
		oidctest.UnverifiedEmail, oidctest.NoSubject, oidctest.NoIDToken,
	} {
		op.Once(misbehaviour)
		a := signIn("customer", "okta")
		require.Equal(t, 401, a.status, "%s: %s", misbehaviour, a.raw)
		require.Equal(t, "Authentication failed", a.str(t, "message"), misbehaviour)
		op.Behave()
	}
	require.Contains(t, p.logText(), "cause=\"the ID token is of another sign-in: its nonce differs\"", "operators can find out")
}
