package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
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
)

// elsewhere are the findings that other packages cause: Temporal needs a server, which cli has.
// A connection to another machine is not made by tests.
func elsewhere(check string) bool {
	return strings.HasPrefix(check, "temporal.") || check == "database.encrypted" || check == "database.version"
}

// TestWrong breaks an installation in one way at a time. Every fault and every warning that
// the list of checks promises is among them.
func TestWrong(t *testing.T) {
	t.Parallel()
	caused := seen{}
	t.Run("one at a time", func(t *testing.T) { //nolint:paralleltest // what follows waits for its subtests
		for _, wrongs := range []map[string]wrong{configurationWrongs, databaseWrongs, ringWrongs, mailWrongs, providersWrongs, webhooksWrongs} {
			for name, w := range wrongs {
				caused.add(w.check, w.status)
				t.Run(name, w.test) //nolint:paralleltest // test calls it
			}
		}
	})
	for _, c := range doctor.Checks() {
		if elsewhere(c.ID) {
			continue
		}
		require.Equal(t, c.Fault != "", caused[c.ID+" fault"], "%s: faults of the list and of the tests", c.ID)
		require.Equal(t, c.Warning != "", caused[c.ID+" warning"], "%s: warnings of the list and of the tests", c.ID)
	}
}

// TestWell examines an installation where all is well, apart from Temporal.
func TestWell(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Options{Username: "ada", Password: hunter})
	idp := oidctest.Start(t, oidctest.Options{Algorithm: "ES256"})
	git := githubtest.Start(t, githubtest.Options{})
	s := subject(t, production(storetest.URL(t), smtp(server), "EVERLATCH_MAIL_SMTP_USERNAME=ada", "EVERLATCH_MAIL_SMTP_PASSWORD="+hunter))
	s.SendTo = "root@shop.example"
	webhook(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			w.WriteHeader(http.StatusInternalServerError) // no event is delivered
		}
		w.WriteHeader(http.StatusMethodNotAllowed)
	}, true)(t, &s)
	s.Providers = []doctor.Service{
		{Name: "corp", Prober: newOIDC(t, idp, idp.ClientSecret())}, {Name: "github", Prober: newGitHub(t, git, git.ClientSecret)},
	}
	report := examine(t, s)
	for _, f := range report.Findings {
		if !strings.HasPrefix(f.Check, "temporal.") && f.Check != "database.version" && f.Status != doctor.Skipped {
			require.Equal(t, doctor.OK, f.Status, "%+v", f)
		}
	}
	require.Len(t, found(report, "providers.answer", doctor.OK), 2)
	require.Len(t, found(report, "providers.clock", doctor.OK), 2)
	require.Len(t, found(report, "webhooks.answer", doctor.OK), 1)
	require.Len(t, found(report, "mail.test", doctor.OK), 1)
	mails := server.Accepted()
	require.Len(t, mails, 1, "the probe sends none")
	require.Equal(t, "root@shop.example", mails[0].To)
	require.Equal(t, "Everlatch: test mail", mails[0].Subject)
}

// TestOneHangs: a part that hangs, whatever it is told, is a fault and stops no other one.
func TestOneHangs(t *testing.T) {
	t.Parallel()
	s := subject(t, production(storetest.URL(t)))
	s.Within = time.Second
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	s.Providers = []doctor.Service{
		{Name: "hangs", Prober: probe(func(context.Context) (everlatch.Probed, error) {
			<-never
			return everlatch.Probed{}, nil
		})},
		{Name: "panics", Prober: probe(func(context.Context) (everlatch.Probed, error) { panic("no client") })},
		{Name: "works", Prober: at(time.Now())},
	}
	report := examine(t, s)
	faults := found(report, "providers.answer", doctor.Fault)
	require.Len(t, faults, 2)
	require.Equal(t, doctor.Finding{
		Check: "providers.answer", About: "hangs", Status: doctor.Fault, Message: "no answer within 1s",
		Advice: "Find out why it hangs, or give it more time with --within.",
	}, faults[0])
	require.Equal(t, "the check has failed: no client", faults[1].Message)
	require.Equal(t, "works", found(report, "providers.answer", doctor.OK)[0].About)
	require.NotEmpty(t, found(report, "configuration.secrets", doctor.OK))
}

// TestSecretsStayMasked: what a library says may quote a secret.
func TestSecretsStayMasked(t *testing.T) {
	t.Parallel()
	s := subject(t, production(storetest.URL(t), `EVERLATCH_AUTH_PROVIDERS=[{resolve: oidc, id: corp, options: {client_secret: "`+hunter+`"}}]`))
	s.Unmade = errors.New("cannot use " + jwtSecret + " and " + keyMaterial)
	s.Providers = []doctor.Service{{Name: "corp", Prober: probe(func(context.Context) (everlatch.Probed, error) {
		return everlatch.Probed{}, errors.New("refused " + hunter + "\n\x1b[31mand " + url.QueryEscape(keyMaterial))
	})}}
	report := examine(t, s)
	require.Equal(t, "cannot use [secret] and [secret]", found(report, "configuration.parts", doctor.Fault)[0].Message)
	require.Equal(t, "refused [secret] [31mand [secret]", found(report, "providers.answer", doctor.Fault)[0].Message)
}

// TestJSON is the form that programs read: UPDATE_GOLDEN=1 go test ./internal/doctor
func TestJSON(t *testing.T) {
	t.Parallel()
	s := subject(t, production("postgres://ada:"+hunter+"@127.0.0.1:1/shop", "EVERLATCH_HTTP_TRUST_PROXY=0"))
	s.Providers = []doctor.Service{
		{Name: "corp", Prober: at(time.Now())},
		{Name: "old", Prober: probe(func(context.Context) (everlatch.Probed, error) {
			return everlatch.Probed{}, everlatch.Unavailable("The sign-in provider", errors.New("discovery: status 500"))
		})},
	}
	got, err := json.MarshalIndent(examine(t, s), "", "  ")
	require.NoError(t, err)
	const golden = "testdata/report.json"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
		require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
}
