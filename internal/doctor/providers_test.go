package doctor_test

import (
	"testing"
	"time"

	"github.com/everlatch/everlatch/internal/doctor"
	"github.com/everlatch/everlatch/internal/githubtest"
	"github.com/everlatch/everlatch/internal/oidctest"
)

var providersWrongs = map[string]wrong{
	"discovery that answers 500": {
		"providers.answer", doctor.Fault, set(), provider(oidctest.ServerError.At(oidctest.Discovery)),
		`^discovery: status 500$`, `HTTPS_PROXY`,
	},
	"discovery that answers nonsense": {
		"providers.answer", doctor.Fault, set(), provider(oidctest.Garbage.At(oidctest.Discovery)),
		`^discovery: `, `corp in auth.providers`,
	},
	"discovery of another issuer": {
		"providers.answer", doctor.Fault, set(), provider(oidctest.WrongIssuer.At(oidctest.Discovery)),
		`the document is of issuer "https://evil.example"`, `issuer`,
	},
	"keys that are nonsense": {
		"providers.answer", doctor.Fault, set(), provider(oidctest.Garbage.At(oidctest.Keys)),
		`^keys: `, `corp in auth.providers`,
	},
	"a client secret that has expired": {
		"providers.answer", doctor.Fault, set(), func(t *testing.T, s *doctor.Subject) {
			t.Helper()
			idp := oidctest.Start(t, oidctest.Options{Algorithm: "ES256"})
			s.Providers = []doctor.Service{{Name: "corp", Prober: newOIDC(t, idp, hunter)}}
		},
		`the provider refuses the client with invalid_client`, `client_secret`,
	},
	"a GitHub that refuses the client": {
		"providers.answer", doctor.Fault, set(), func(t *testing.T, s *doctor.Subject) {
			t.Helper()
			s.Providers = []doctor.Service{{Name: "github", Prober: newGitHub(t, githubtest.Start(t, githubtest.Options{}), hunter)}}
		},
		`incorrect_client_credentials`, `client_secret`,
	},
	"a provider with another time": {
		"providers.clock", doctor.Fault, set(), func(_ *testing.T, s *doctor.Subject) {
			s.Providers = []doctor.Service{{Name: "corp", Prober: at(time.Now().Add(-time.Minute))}}
		},
		`the clock of corp is .* behind that of this machine`, `NTP`,
	},
	"a provider that is a little late": {
		"providers.clock", doctor.Warning, set(), func(_ *testing.T, s *doctor.Subject) {
			s.Providers = []doctor.Service{{Name: "corp", Prober: at(time.Now().Add(15 * time.Second))}}
		},
		`the clock of corp is .* ahead of that of this machine`, `NTP`,
	},
}
