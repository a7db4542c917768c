package providertest_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/githubtest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
	"github.com/everlatch/everlatch/providers/github"
	"github.com/everlatch/everlatch/providers/providertest"
)

const (
	password      = "correct horse battery"
	wrongPassword = "wrong horse battery"
	newPassword   = "a much better horse"
)

func input(email, password any) providers.Input {
	return providers.Input{Body: map[string]any{"email": email, "password": password}, ActorType: "customer"}
}

func TestEmailpassPasses(t *testing.T) {
	t.Parallel()

	var hashes atomic.Int64
	providertest.Credentials(t, providertest.CredentialsCase{
		New: func(tb testing.TB) providers.Credentials {
			tb.Helper()
			p, err := emailpass.New(emailpass.Options{
				Argon2: emailpass.Argon2{MemoryKiB: 64, Time: 1, Parallelism: 1},
				OnHash: func(string) { hashes.Add(1) },
			})
			require.NoError(tb, err)
			return p
		},
		Good:         input("ada@example.com", password),
		Wrong:        input("ada@example.com", wrongPassword),
		Unknown:      input("bob@example.com", password),
		Malformed:    []providers.Input{{}, input("ada@example.com", nil), input(1.0, password), input("", password)},
		Same:         []providers.Input{input(" ADA@Example.com ", password)},
		Secrets:      []string{password, wrongPassword, newPassword},
		Updated:      input("ada@example.com", newPassword),
		Unacceptable: []providers.Input{{}, input("ada@example.com", "short"), input("ada@example.com", nil)},
		Work:         hashes.Load,
	})
}

const callbackURL = "https://shop.example/callback?shop=a%26b&x=1"

func TestGithubPasses(t *testing.T) {
	t.Parallel()

	const secret = "a-secret-of-the-app"
	providertest.Redirect(t, providertest.RedirectCase{
		New: func(tb testing.TB, service string) providers.Redirect {
			tb.Helper()
			p, err := github.New(github.Options{
				OAuthClient:           providers.OAuthClient{ClientID: "client", ClientSecret: secret, CallbackURL: callbackURL, AllowedCallbackURLs: []string{"https://shop.example/other", "app://callback"}, AllowPrivate: true, HTTPTimeout: 10 * time.Second},
				AuthorizationEndpoint: service + string(githubtest.Authorize), TokenEndpoint: service + string(githubtest.Token),
				APIEndpoint: service + "/api",
			})
			require.NoError(tb, err)
			return p
		},
		Service: func(tb testing.TB) http.Handler {
			tb.Helper()
			server := githubtest.Start(tb, githubtest.Options{ClientSecret: secret})
			to, err := url.Parse(server.APIEndpoint)
			require.NoError(tb, err)
			to.Path = ""
			return httputil.NewSingleHostReverseProxy(to)
		},
		CallbackURL:         callbackURL,
		AllowedCallbackURLs: []string{"https://shop.example/other", "app://callback"},
		Secrets:             []string{secret},
	})
}
