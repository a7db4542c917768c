package google_test

import (
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/google"
	"github.com/everlatch/everlatch/providers/providertest"
)

const callbackURL = "https://shop.example/callback"

func valid() google.Options {
	return google.Options{OAuthClient: providers.OAuthClient{ClientID: "shop.apps.googleusercontent.com", ClientSecret: "not-a-secret", CallbackURL: callbackURL}}
}

// setup returns Google's part played by another, under Google's name unless
// issuer is the other's.
func setup(t *testing.T, change func(o *google.Options, idp *oidctest.Provider)) (*google.Provider, *oidctest.Provider) {
	t.Helper()
	idp := oidctest.Start(t, oidctest.Options{RedirectURIs: []string{callbackURL}})
	o := google.Options{
		OAuthClient:           providers.OAuthClient{ClientID: idp.ClientID(), ClientSecret: idp.ClientSecret(), CallbackURL: callbackURL, AllowPrivate: true},
		AuthorizationEndpoint: idp.Endpoint(oidctest.Authorization), TokenEndpoint: idp.Endpoint(oidctest.Token),
		JWKSURI: idp.Endpoint(oidctest.Keys),
	}
	idp.Always(oidctest.NoIssParameter)
	if change != nil {
		change(&o, idp)
	}
	p, err := google.New(o)
	require.NoError(t, err)
	return p, idp
}

// claims are those of a token of Google's.
func claims(change oidctest.Person) oidctest.Person {
	out := oidctest.Person{
		"iss": "https://accounts.google.com", "sub": "110169484474386276334", "hd": "example.com", "email": "ada@example.com",
		"email_verified": true, "name": "Ada Lovelace", "picture": "https://lh3.example/ada", "given_name": "Ada", "family_name": "Lovelace",
	}
	maps.Copy(out, change)
	return out
}

func signIn(t *testing.T, p *google.Provider, idp *oidctest.Provider) (providers.Profile, error) {
	t.Helper()
	c := providers.Callback{CallbackURL: callbackURL, Nonce: rand.Text(), CodeVerifier: oauth2.GenerateVerifier()}
	location, err := p.Begin(t.Context(), providers.Authorization{
		CallbackURL: callbackURL, State: rand.Text(), Nonce: c.Nonce, CodeVerifier: c.CodeVerifier,
	})
	require.NoError(t, err)
	c.Params = idp.Follow(t, location)
	c.Code = c.Params["code"]
	tokens, err := p.Exchange(t.Context(), c)
	if err != nil {
		return providers.Profile{}, err
	}
	return p.Profile(t.Context(), tokens, c)
}

func requireRefusal(t *testing.T, err error, message string) {
	t.Helper()
	e, ok := errors.AsType[*everlatch.Error](err)
	require.True(t, ok, "a refusal, got %v", err)
	require.Equal(t, everlatch.CodeUnauthorized, e.Code, "cause: %v", e.Err)
	require.Equal(t, message, e.Message)
}

func TestOptions(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		change func(o *google.Options)
		want   string
	}{
		"all": {func(*google.Options) {}, ""},
		"nothing": {
			func(o *google.Options) { *o = google.Options{} },
			"google options: Google clientId is required\nGoogle clientSecret is required\nGoogle callbackUrl is required",
		},
		"no secret and no URL": {
			func(o *google.Options) { o.ClientSecret, o.JWKSURI, o.CallbackURL = "", "keys", "callback" },
			"google options: Google clientSecret is required\n" +
				"oidc options: OIDC 'callback_url' must be a valid URL\nOIDC 'jwks_uri' must be a valid URL",
		},
		"without TLS": {
			func(o *google.Options) { o.Issuer = "http://localhost:1" },
			"google options: oidc options: OIDC 'issuer' must use https (http is only allowed for localhost outside of production)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			o := valid()
			tt.change(&o)
			_, err := google.New(o)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.want)
			require.ErrorIs(t, err, everlatch.ErrInvalidData)
		})
	}
}

// docs/contract.md#s3-4, with PKCE and a nonce (docs/weak-spots.md#w48). Google is not asked for anything.
func TestBegin(t *testing.T) {
	t.Parallel()

	o := valid()
	o.AllowedCallbackURLs = []string{"https://app.example/back"}
	p, err := google.New(o)
	require.NoError(t, err)
	require.Equal(t, "google", p.Identifier())
	require.Equal(t, "Google Authentication", p.DisplayName())

	_, err = p.CallbackURL("https://evil.example")
	requireRefusal(t, err, "The provided callback URL is not allowed")
	requested, err := p.CallbackURL("https://app.example/back")
	require.NoError(t, err)

	location, err := p.Begin(t.Context(), providers.Authorization{CallbackURL: requested, State: "s", Nonce: "n", CodeVerifier: "v"})
	require.NoError(t, err)
	u, err := url.Parse(location)
	require.NoError(t, err)
	require.Equal(t, "https://accounts.google.com/o/oauth2/v2/auth", u.Scheme+"://"+u.Host+u.Path)
	require.Equal(t, url.Values{
		"redirect_uri": {"https://app.example/back"}, "client_id": {"shop.apps.googleusercontent.com"}, "response_type": {"code"},
		"scope": {"email profile openid"}, "state": {"s"}, "nonce": {"n"}, "code_challenge": {oauth2.S256ChallengeFromVerifier("v")}, "code_challenge_method": {"S256"},
	}, u.Query())
}

// Anyone can have a Google account with an address of another mail provider.
func TestHostedDomain(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		option string
		hd     any
		signIn bool
	}{
		"any account, of an organization": {"", "corp.example", true},
		"any account, of none":            {"", nil, true},
		"its organization":                {"corp.example", "Corp.example", true},
		"another organization":            {"corp.example", "evil.example", false},
		"no organization":                 {"corp.example", nil, false},
		"not a text":                      {"corp.example", []string{"corp.example"}, false},
		"all organizations":               {"*", "corp.example", true},
		"all organizations, and none":     {"*", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, idp := setup(t, func(o *google.Options, _ *oidctest.Provider) { o.HostedDomain = tt.option })
			person := claims(oidctest.Person{"hd": tt.hd, "email": "boss@corp.example"})
			if tt.hd == nil {
				delete(person, "hd")
			}
			idp.Login(person)
			profile, err := signIn(t, p, idp)
			if !tt.signIn {
				requireRefusal(t, err, "Authentication failed")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.hd != nil, p.OwnsAddress(profile.Email, profile.UserMetadata))
			require.True(t, p.OwnsAddress("ada@gmail.com", nil), "Google's own")
		})
	}
	o := valid()
	o.HostedDomain = "corp.example"
	p, err := google.New(o)
	require.NoError(t, err)
	location, err := p.Begin(t.Context(), providers.Authorization{CallbackURL: callbackURL, State: "s", Nonce: "n", CodeVerifier: "v"})
	require.NoError(t, err)
	u, err := url.Parse(location)
	require.NoError(t, err)
	require.Equal(t, "corp.example", u.Query().Get("hd"))
}

func TestSignIn(t *testing.T) {
	t.Parallel()

	p, idp := setup(t, nil)
	for _, issuer := range []string{"https://accounts.google.com", "accounts.google.com"} {
		idp.Login(claims(oidctest.Person{"iss": issuer}))
		profile, err := signIn(t, p, idp)
		require.NoError(t, err)
		require.Equal(t, providers.Profile{
			EntityID: "110169484474386276334", Email: "ada@example.com", EmailVerified: true,
			UserMetadata: everlatch.Metadata{
				"name": "Ada Lovelace", "email": "ada@example.com", "picture": "https://lh3.example/ada", "given_name": "Ada", "family_name": "Lovelace", "hd": "example.com",
			},
		}, profile)
	}
	require.Zero(t, idp.Requests(oidctest.Discovery))

	// docs/weak-spots.md#w51: the profile is what it is now.
	idp.Login(claims(oidctest.Person{"name": "Ada King", "family_name": "King", "picture": nil}))
	profile, err := signIn(t, p, idp)
	require.NoError(t, err)
	require.Equal(t, everlatch.Metadata{
		"name": "Ada King", "email": "ada@example.com", "given_name": "Ada", "family_name": "King", "hd": "example.com",
	}, profile.UserMetadata)
}

// Another issuer is asked where its endpoints are, and is not called Google.
func TestAnotherIssuer(t *testing.T) {
	t.Parallel()

	p, idp := setup(t, func(o *google.Options, idp *oidctest.Provider) {
		o.Issuer, o.AuthorizationEndpoint, o.TokenEndpoint, o.JWKSURI = idp.URL(), "", "", ""
		idp.Behave()
	})
	_, err := signIn(t, p, idp)
	require.NoError(t, err)
	require.Equal(t, 1, idp.Requests(oidctest.Discovery))
	idp.Login(claims(oidctest.Person{"iss": "accounts.google.com"}))
	_, err = signIn(t, p, idp)
	requireRefusal(t, err, "Authentication failed")
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	const notVerified = "Email not verified, cannot proceed with authentication"
	tests := map[string]struct {
		who   oidctest.Person
		wrong oidctest.Misbehaviour
		want  string
	}{
		"not verified":         {claims(oidctest.Person{"email_verified": false}), "", notVerified},
		"nothing about it":     {claims(oidctest.Person{"email_verified": nil}), "", notVerified},
		"no address":           {claims(oidctest.Person{"email": nil}), "", notVerified},
		"no subject":           {claims(oidctest.Person{"sub": nil}), "", "Authentication failed"},
		"another issuer":       {claims(oidctest.Person{"iss": "http://accounts.google.com"}), "", "Authentication failed"},
		"no ID token":          {claims(nil), oidctest.NoIDToken, "Authentication failed"},
		"another nonce":        {claims(nil), oidctest.WrongNonce, "Authentication failed"},
		"the public key":       {claims(nil), oidctest.HS256PublicKey, "Authentication failed"},
		"the person said no":   {claims(nil), oidctest.AccessDenied, "Authentication failed"},
		"another algorithm":    {claims(nil), oidctest.UnknownKey, "Authentication failed"},
		"of another provider":  {claims(nil), oidctest.WrongIssParameter, "Authentication failed"},
		"the exchange refused": {claims(nil), oidctest.Refuse.At(oidctest.Token), "Authentication failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, idp := setup(t, nil)
			idp.Login(tt.who)
			if tt.wrong != "" {
				idp.Once(tt.wrong)
			}
			profile, err := signIn(t, p, idp)
			requireRefusal(t, err, tt.want)
			require.Zero(t, profile)
		})
	}

	p, idp := setup(t, nil)
	idp.Once(oidctest.ServerError.At(oidctest.Token))
	_, err := signIn(t, p, idp)
	require.ErrorIs(t, err, everlatch.ErrUnavailable)
}

// The promises that every provider keeps.
func TestConformance(t *testing.T) {
	t.Parallel()

	const other = "https://app.example/back?lang=de&x=a%26b"
	var idp *oidctest.Provider
	providertest.Redirect(t, providertest.RedirectCase{
		Service: func(tb testing.TB) http.Handler {
			tb.Helper()
			idp = oidctest.Start(tb, oidctest.Options{RedirectURIs: []string{callbackURL, other}})
			idp.Login(claims(nil))
			idp.Always(oidctest.NoIssParameter)
			to, err := url.Parse(idp.URL())
			require.NoError(tb, err)
			return httputil.NewSingleHostReverseProxy(to)
		},
		New: func(tb testing.TB, service string) providers.Redirect {
			tb.Helper()
			p, err := google.New(google.Options{
				OAuthClient:           providers.OAuthClient{ClientID: idp.ClientID(), ClientSecret: idp.ClientSecret(), CallbackURL: callbackURL, AllowedCallbackURLs: []string{other}, AllowPrivate: true},
				AuthorizationEndpoint: service + string(oidctest.Authorization), TokenEndpoint: service + string(oidctest.Token),
				JWKSURI: service + string(oidctest.Keys),
			})
			require.NoError(tb, err)
			return p
		},
		CallbackURL: callbackURL, AllowedCallbackURLs: []string{other}, Nonce: true, Secrets: []string{oidctest.DefaultClientSecret},
	})
}

func TestExplain(t *testing.T) {
	t.Parallel()

	p, err := google.New(valid())
	require.NoError(t, err)
	require.Equal(t, "No., read more at: https://example.com", p.Explain(map[string]string{
		"error": "access_denied", "error_description": "No.", "error_uri": "https://example.com",
	}))
	require.Equal(t, "undefined, read more at: undefined", p.Explain(map[string]string{"error": "access_denied"}))
}
