package standin_test

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/examples/standin"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

const (
	callbackURL = "https://shop.example/callback?shop=a%26b&x=1"
	secret      = "a-secret-of-the-stand-in"
)

// start runs a provider and returns its address.
func start(t *testing.T, change func(o *standin.Options)) string {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	o := standin.Options{
		Issuer: server.URL, Name: "Acme", ClientID: "shop", ClientSecret: secret, CallbackURLs: []string{callbackURL},
		People: []standin.Person{
			{ID: "ada", Note: "ada@acme.example", Claims: map[string]any{
				"sub": "1", "name": "Ada <Lovelace>", "email": "ada@acme.example", "email_verified": true,
			}},
			{ID: "bob", Note: "bob@acme.example", Claims: map[string]any{"sub": "2", "name": "Bob", "email": "bob@acme.example"}},
		},
	}
	if change != nil {
		change(&o)
	}
	handler, err := standin.New(o)
	require.NoError(t, err)
	mux.Handle("/", handler)
	return server.URL
}

// client returns an OpenID client of ours.
func client(t *testing.T, issuer string) *oidc.Provider {
	t.Helper()
	p, err := oidc.New(oidc.Options{OAuthClient: providers.OAuthClient{ClientID: "shop", ClientSecret: secret, CallbackURL: callbackURL, AllowPrivate: true}, Issuer: issuer})
	require.NoError(t, err)
	return p
}

// begun is a sign-in that has begun.
func begun() providers.Authorization {
	return providers.Authorization{
		CallbackURL: callbackURL, State: "a state", Nonce: "a nonce",
		CodeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", // RFC 7636, appendix B
	}
}

func callback(params url.Values) providers.Callback {
	return providers.Callback{
		CallbackURL: callbackURL, Code: params.Get("code"), Nonce: "a nonce", CodeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		Params: map[string]string{"iss": params.Get("iss"), "state": params.Get("state")},
	}
}

// visit goes to an address of the provider as a browser does. It returns the
// page, or what the browser brings back.
func visit(t *testing.T, address string) (status int, page string, back url.Values) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	if resp.StatusCode == http.StatusFound {
		to, err := resp.Location()
		require.NoError(t, err)
		back = to.Query()
		require.Equal(t, "a&b", back.Get("shop"), "the query of the callback URL stays")
	}
	return resp.StatusCode, string(body), back
}

func TestSignIn(t *testing.T) {
	t.Parallel()

	p := client(t, start(t, nil))
	location, err := p.Begin(t.Context(), begun())
	require.NoError(t, err)

	status, page, _ := visit(t, location)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "Sign in with Acme")
	require.Contains(t, page, "Ada &lt;Lovelace&gt;<small>ada@acme.example</small>")
	href := html.UnescapeString(regexp.MustCompile(`href="([^"]*)">Ada`).FindStringSubmatch(page)[1])

	status, _, back := visit(t, origin(t, location)+href)
	require.Equal(t, http.StatusFound, status)
	require.Equal(t, "a state", back.Get("state"))
	tokens, err := p.Exchange(t.Context(), callback(back))
	require.NoError(t, err)
	profile, err := p.Profile(t.Context(), tokens, callback(back))
	require.NoError(t, err)
	require.Equal(t, "1", profile.EntityID)
	require.Equal(t, "ada@acme.example", profile.Email)
	require.True(t, profile.EmailVerified)

	_, err = p.Exchange(t.Context(), callback(back))
	require.ErrorIs(t, err, everlatch.ErrUnauthorized, "a code is good once")
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	at := time.Now()
	issuer := start(t, func(o *standin.Options) { o.Now = func() time.Time { return at } })
	p := client(t, issuer)
	location, err := p.Begin(t.Context(), begun())
	require.NoError(t, err)
	exchange := func(change func(c *providers.Callback)) error {
		_, _, back := visit(t, location+"&as=ada")
		c := callback(back)
		change(&c)
		_, err := p.Exchange(t.Context(), c)
		return err
	}

	_, _, back := visit(t, location+"&as=refuse")
	require.Equal(t, "access_denied", back.Get("error"))
	require.Equal(t, "a state", back.Get("state"))
	require.NoError(t, exchange(func(*providers.Callback) {}))
	require.ErrorIs(t, exchange(func(c *providers.Callback) { c.CodeVerifier = "another verifier" }), everlatch.ErrUnauthorized)
	require.ErrorIs(t, exchange(func(c *providers.Callback) { c.CallbackURL = "https://shop.example/other" }), everlatch.ErrUnauthorized)
	require.ErrorIs(t, exchange(func(*providers.Callback) { at = at.Add(time.Hour) }), everlatch.ErrUnauthorized)

	// Only allowed callback URLs are redirected to.
	for old, other := range map[string]string{"client_id=shop": "client_id=other", "shop.example": "evil.example"} {
		status, page, _ := visit(t, strings.Replace(location, old, other, 1)+"&as=ada")
		require.Equal(t, http.StatusBadRequest, status, other)
		require.Contains(t, page, "<p>The", other)
	}
	_, _, back = visit(t, strings.Replace(location, "S256", "plain", 1)+"&as=ada")
	require.Equal(t, "invalid_request", back.Get("error"))

	stranger, err := oidc.New(oidc.Options{OAuthClient: providers.OAuthClient{ClientID: "shop", ClientSecret: "guessed", CallbackURL: callbackURL, AllowPrivate: true}, Issuer: issuer})
	require.NoError(t, err)
	_, _, back = visit(t, location+"&as=ada")
	_, err = stranger.Exchange(t.Context(), callback(back))
	require.ErrorIs(t, err, everlatch.ErrUnauthorized)
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()

	_, err := standin.New(standin.Options{Issuer: "localhost:9901"})
	require.ErrorContains(t, err, "not an address")
	_, err = standin.New(standin.Options{Issuer: "http://localhost:9901"})
	require.ErrorContains(t, err, "needs a name")
}

// origin is the beginning of an address, without its path.
func origin(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Scheme + "://" + u.Host
}
