package providers_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/github"
	"github.com/everlatch/everlatch/providers/google"
	"github.com/everlatch/everlatch/providers/oidc"
)

// bare is a provider without any capability.
type bare struct{ kind, name string }

func (b bare) Identifier() string  { return b.kind }
func (b bare) DisplayName() string { return b.name }

// checker checks credentials and cannot register anybody.
type checker struct{ bare }

func (checker) Identify(providers.Input) (providers.Subject, error) {
	return providers.Subject{}, nil
}

func (checker) Authenticate(context.Context, providers.Input, *providers.Record) (providers.Verdict, error) {
	return providers.Verdict{}, nil
}

// registrar does both.
type registrar struct{ checker }

func (registrar) Register(context.Context, providers.Input, *providers.Record) (providers.Verdict, error) {
	return providers.Verdict{}, nil
}

func setup(t *testing.T) *providers.Registry {
	t.Helper()
	r := providers.NewRegistry()
	require.NoError(t, r.Add("staff", registrar{checker{bare{"emailpass", "Email"}}}))
	require.NoError(t, r.Add("emailpass", registrar{checker{bare{"emailpass", "Email"}}}))
	require.NoError(t, r.Add("badge", checker{bare{"badge", ""}}))
	return r
}

func requireRefusal(t *testing.T, err error, message string) {
	t.Helper()
	require.ErrorIs(t, err, everlatch.ErrUnauthorized)
	require.EqualError(t, err, message)
}

// docs/weak-spots.md#w23: one kind may be registered under several ids, each its own.
func TestAdd(t *testing.T) {
	t.Parallel()

	r := setup(t)
	for _, id := range []string{"staff", "emailpass", "badge"} {
		_, err := r.Credentials(id)
		require.NoError(t, err, id)
	}
	require.EqualError(t, r.Add("badge", checker{}), `auth provider id "badge" is registered twice`)
	require.EqualError(t, r.Add("", checker{bare{kind: "badge"}}), `auth provider of kind "badge" needs an id`)
	require.EqualError(t, r.Add("new", bare{}), `auth provider "new" can neither check credentials nor redirect`)
}

// docs/contract.md#s2-3, leading newline included; recorded in login.json
// (unknown-provider-unlisted-actor) and register.json
// (listed-but-unregistered-provider).
func TestUnknownProvider(t *testing.T) {
	t.Parallel()

	const want = "\nUnable to retrieve the auth provider with id: nope\n" +
		"Please make sure that the provider is registered in the container and it is configured correctly in your project configuration file."
	r := setup(t)
	_, err := r.Credentials("nope")
	requireRefusal(t, err, want)
	_, err = r.Registrar("nope")
	requireRefusal(t, err, want)
}

// docs/contract.md#s3-1: the default register method names the kind, not the id.
func TestRegistrar(t *testing.T) {
	t.Parallel()

	r := setup(t)
	_, err := r.Registrar("staff")
	require.NoError(t, err)
	_, err = r.Registrar("badge")
	requireRefusal(t, err, "Method 'register' not implemented for provider badge")
}

// docs/contract.md#s3-4, #s3-5, #s3-6: the refusal names the kind, whatever the
// operator calls the provider.
func TestRedirectsDoNotRegister(t *testing.T) {
	t.Parallel()

	client := providers.OAuthClient{ClientID: "id", ClientSecret: "s", CallbackURL: "https://shop.example/cb"}
	r := providers.NewRegistry()
	for want, create := range map[string]func() (providers.Provider, error){
		"Google": func() (providers.Provider, error) { return google.New(google.Options{OAuthClient: client}) },
		"Github": func() (providers.Provider, error) { return github.New(github.Options{OAuthClient: client}) },
		"OIDC": func() (providers.Provider, error) {
			return oidc.New(oidc.Options{OAuthClient: client, Issuer: "https://idp.example", DisplayName: "Acme"})
		},
	} {
		p, err := create()
		require.NoError(t, err)
		require.NoError(t, r.Add(want, p))
		_, err = r.Registrar(want)
		requireRefusal(t, err, want+" does not support registration. Use method `authenticate` instead.")
	}
}

func TestList(t *testing.T) {
	t.Parallel()

	staff := providers.Info{ID: "staff", Identifier: "emailpass", DisplayName: "Email", Flow: "credentials"}
	emailpass := providers.Info{ID: "emailpass", Identifier: "emailpass", DisplayName: "Email", Flow: "credentials"}
	badge := providers.Info{ID: "badge", Identifier: "badge", DisplayName: "badge", Flow: "credentials"}
	tests := map[string]struct {
		allowed []string
		want    []providers.Info
	}{
		"all, in the order of registration": {allowed: nil, want: []providers.Info{staff, emailpass, badge}},
		"some":                              {allowed: []string{"badge", "staff"}, want: []providers.Info{staff, badge}},
		"none":                              {allowed: []string{}, want: []providers.Info{}},
		"one that is not registered":        {allowed: []string{"google"}, want: []providers.Info{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			require.Equal(t, tt.want, setup(t).List(tt.allowed))
		})
	}
}
