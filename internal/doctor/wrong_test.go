package doctor_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/doctor"
	"github.com/everlatch/everlatch/internal/githubtest"
	"github.com/everlatch/everlatch/internal/mailtest"
	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/github"
	"github.com/everlatch/everlatch/providers/oidc"
	"github.com/everlatch/everlatch/subscribers"
)

// wrong is an installation with something wrong, and what is told about it.
type wrong struct {
	check  string
	status doctor.Status
	// settings are put over those of an installation that is well.
	settings func(t *testing.T) []string
	// change changes the rest.
	change func(t *testing.T, s *doctor.Subject)
	// message and advice are patterns.
	message, advice string
}

// test breaks the installation and looks at what is told.
func (w wrong) test(t *testing.T) {
	t.Parallel()
	s := subject(t, production(storetest.URL(t), w.settings(t)...))
	if w.change != nil {
		w.change(t, &s)
	}
	report := examine(t, s)
	findings := found(report, w.check, w.status)
	require.NotEmpty(t, findings, "%+v", report.Findings)
	require.Regexp(t, w.message, findings[0].Message)
	require.Regexp(t, w.advice, findings[0].Advice)
}

func set(entries ...string) func(*testing.T) []string {
	return func(*testing.T) []string { return entries }
}

func database(of func(t *testing.T) string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		return []string{"DATABASE_URL=" + of(t)}
	}
}

func mailbox(o mailtest.Options, steps ...mailtest.Step) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		server := mailtest.Start(t, o)
		server.Script(steps...)
		return []string{smtp(server)}
	}
}

// provider is an OpenID provider with faults.
func provider(faults ...oidctest.Misbehaviour) func(t *testing.T, s *doctor.Subject) {
	return func(t *testing.T, s *doctor.Subject) {
		t.Helper()
		idp := oidctest.Start(t, oidctest.Options{Algorithm: "ES256"})
		idp.Always(faults...)
		s.Providers = []doctor.Service{{Name: "corp", Prober: newOIDC(t, idp, idp.ClientSecret())}}
	}
}

func newOIDC(t *testing.T, idp *oidctest.Provider, secret string) *oidc.Provider {
	t.Helper()
	p, err := oidc.New(oidc.Options{
		OAuthClient: providers.OAuthClient{ClientID: idp.ClientID(), ClientSecret: secret, CallbackURL: "https://shop.example/back", AllowPrivate: true},
		Issuer:      idp.URL(),
	})
	require.NoError(t, err)
	return p
}

func webhook(handle http.HandlerFunc, allowPrivate bool) func(t *testing.T, s *doctor.Subject) {
	return func(t *testing.T, s *doctor.Subject) {
		t.Helper()
		address := receiver(t, handle)
		if !allowPrivate {
			address = strings.Replace(address, "http:", "https:", 1)
		}
		hook, err := subscribers.NewWebhook(subscribers.WebhookOptions{
			URL: address + "/hooks?token=" + hunter, AllowPrivate: allowPrivate,
			Secrets: []string{"whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))},
		})
		require.NoError(t, err)
		s.Webhooks = []doctor.Service{{Name: "crm", Prober: hook}}
	}
}

// ahead makes the clock of the process differ from every other one.
func ahead(by time.Duration) func(t *testing.T, s *doctor.Subject) {
	return func(_ *testing.T, s *doctor.Subject) {
		s.Now = func() time.Time { return time.Now().Add(by) }
	}
}

func both(a, b func(t *testing.T, s *doctor.Subject)) func(t *testing.T, s *doctor.Subject) {
	return func(t *testing.T, s *doctor.Subject) {
		t.Helper()
		a(t, s)
		b(t, s)
	}
}

// at is a service whose clock shows a time, as ours would with that difference.
func at(clock time.Time) probe {
	ours := time.Now()
	return func(context.Context) (everlatch.Probed, error) {
		return everlatch.Probed{Found: "answers", Clock: clock, At: ours}, nil
	}
}

func newGitHub(t *testing.T, server *githubtest.Server, secret string) *github.Provider {
	t.Helper()
	p, err := github.New(github.Options{
		OAuthClient:           providers.OAuthClient{ClientID: server.ClientID, ClientSecret: secret, CallbackURL: "https://shop.example/back", AllowPrivate: true},
		AuthorizationEndpoint: server.AuthorizationEndpoint, TokenEndpoint: server.TokenEndpoint, APIEndpoint: server.APIEndpoint,
	})
	require.NoError(t, err)
	return p
}

// onSchema returns the URL of an empty schema of PostgreSQL.
func onSchema(t *testing.T) string {
	t.Helper()
	if !storetest.HasPostgres() {
		t.Skip("needs PostgreSQL")
	}
	return storetest.PostgresURL(t)
}
