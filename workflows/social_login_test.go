package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"golang.org/x/oauth2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// verifier is that of RFC 7636, appendix B.
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// elsewhere is a provider that people are sent to. It counts exchanges.
type elsewhere struct {
	mu        sync.Mutex
	exchanges int
	begin     error
	exchange  func(n int) error
	profile   func(n int) (providers.Profile, error)
	reads     int
	seen      providers.Callback
	// former says that it answers for no address without "hd", as Google.
	former bool
}

func (e *elsewhere) OwnsAddress(_ string, m everlatch.Metadata) bool {
	return !e.former || m["hd"] != nil
}

func (*elsewhere) Identifier() string  { return "elsewhere" }
func (*elsewhere) DisplayName() string { return "Elsewhere Authentication" }

func (*elsewhere) CallbackURL(requested string) (string, error) { return requested, nil }

func (e *elsewhere) Begin(_ context.Context, a providers.Authorization) (string, error) {
	return fmt.Sprintf("https://elsewhere.example/?state=%s&challenge=%s&nonce=%s", a.State, oauth2.S256ChallengeFromVerifier(a.CodeVerifier), a.Nonce), e.begin
}

func (e *elsewhere) Exchange(_ context.Context, c providers.Callback) (providers.Tokens, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.exchanges++
	e.seen = c
	if e.exchange != nil {
		if err := e.exchange(e.exchanges); err != nil {
			return providers.Tokens{}, err
		}
	}
	return providers.Tokens{AccessToken: "the access token"}, nil
}

func (e *elsewhere) Profile(_ context.Context, t providers.Tokens, _ providers.Callback) (providers.Profile, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reads++
	if t.AccessToken != "the access token" {
		return providers.Profile{}, errors.New("another token")
	}
	if e.profile != nil {
		return e.profile(e.reads)
	}
	return providers.Profile{EntityID: "sub-1", UserMetadata: everlatch.Metadata{"name": "Ada"}}, nil
}

// socialScene is a SocialLogin under way.
type socialScene struct {
	*house

	t        *testing.T
	env      *testsuite.TestWorkflowEnvironment
	provider *elsewhere
	in       workflows.SocialLoginInput
}

func newSocial(t *testing.T) *socialScene {
	t.Helper()
	h := newHouse(t)
	s := &socialScene{house: h, t: t, provider: &elsewhere{}, env: h.env(t, "social-login/h:1")}
	require.NoError(t, h.acts.Redirects.Providers.Add("elsewhere", s.provider))
	h.clock.of(s.env)
	s.in = workflows.SocialLoginInput{
		ActorType: "customer", Provider: "elsewhere", CallbackURL: "https://shop.example/cb", TTL: 10 * time.Minute,
		Secrets: s.sealed(workflows.RedirectSecrets{State: "the state", Nonce: "the nonce", CodeVerifier: verifier}),
		Tokens:  h.vault.NewRef(), Binding: "browser", IdentityID: "authid_s", ProviderIdentityID: "pi_s",
	}
	return s
}

func (s *socialScene) sealed(v any) vault.Ref {
	raw, err := json.Marshal(v)
	require.NoError(s.t, err)
	ref, err := s.vault.PutFor(s.t.Context(), vault.NewSecret(raw), 3*time.Hour)
	require.NoError(s.t, err)
	return ref
}

// comes brings an answer back at a time.
func (s *socialScene) comes(at time.Duration, change func(*workflows.LoginCallback)) *socialMove {
	m := &socialMove{}
	s.env.RegisterDelayedCallback(func() {
		c := workflows.LoginCallback{
			ActorType: "customer", Provider: "elsewhere", Binding: "browser",
			Answer: s.sealed(map[string]string{"code": "the code", "state": "the state"}),
		}
		if change != nil {
			change(&c)
		}
		s.env.UpdateWorkflow(workflows.UpdateCallback, "", m, c)
	}, at)
	return m
}

func (s *socialScene) play() (outcome string) {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.SocialLogin, s.in)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
	require.NoError(s.t, s.env.GetWorkflowResult(&outcome))
	return outcome
}

type socialMove struct {
	move

	login workflows.Login
	begun workflows.BegunLogin
}

func (m *socialMove) Complete(success any, err error) {
	m.done, m.err = true, err
	switch out := success.(type) {
	case workflows.Login:
		m.login, m.out.Refusal = out, out.Refusal
	case workflows.BegunLogin:
		m.begun = out
	}
}

func (m *socialMove) requireNoState(t *testing.T) {
	t.Helper()
	const message = "No state provided, or session expired"
	if m.rejected != nil {
		require.ErrorIs(t, m.rejected, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonStateInvalid})
		return
	}
	if m.done {
		requireRefusal(t, m.out.Refusal, everlatch.CodeUnauthorized, message)
	}
}

func TestSocialLogin(t *testing.T) {
	t.Parallel()

	t.Run("redirected, returned, signed in once", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		begun := &socialMove{}
		s.env.RegisterDelayedCallback(func() { s.env.UpdateWorkflow(workflows.UpdateBegin, "", begun) }, 0)
		first, second := s.comes(time.Minute, nil), s.comes(time.Minute, nil)
		require.Equal(t, workflows.LoginSignedIn, s.play())

		location, err := s.vault.Get(t.Context(), begun.begun.Location)
		require.NoError(t, err)
		require.Equal(t, "https://elsewhere.example/?state=the state&challenge="+
			"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&nonce=the nonce", string(location.Reveal()))
		require.Nil(t, first.login.Refusal)
		require.Equal(t, "authid_s", first.login.Principal.AuthIdentityID)
		require.Equal(t, everlatch.Metadata{"name": "Ada"}, first.login.Principal.UserMetadata)
		second.requireNoState(t)
		require.Equal(t, 1, s.provider.exchanges)
		require.Equal(t, "the code", s.provider.seen.Code)
		require.Equal(t, verifier, s.provider.seen.CodeVerifier)
		require.Equal(t, []string{"auth.identity_registered released"}, s.snapshot(t)["events"])
	})

	for name, change := range map[string]func(*workflows.LoginCallback){
		"another provider":   func(c *workflows.LoginCallback) { c.Provider = "google" },
		"another actor type": func(c *workflows.LoginCallback) { c.ActorType = "user" },
		"another browser":    func(c *workflows.LoginCallback) { c.Binding = "other" },
	} {
		t.Run(name+" changes nothing", func(t *testing.T) {
			t.Parallel()
			s := newSocial(t)
			foreign, own := s.comes(time.Minute, change), s.comes(2*time.Minute, nil)
			require.Equal(t, workflows.LoginSignedIn, s.play())
			require.Error(t, foreign.rejected)
			foreign.requireNoState(t)
			require.NotEmpty(t, own.login.Principal.AuthIdentityID)
		})
	}

	t.Run("a callback without a browser is refused if the sign-in is bound to one", func(t *testing.T) {
		t.Parallel()
		without := func(c *workflows.LoginCallback) { c.Binding = "" }
		s := newSocial(t)
		m := s.comes(time.Minute, without)
		require.Equal(t, workflows.LoginSignedIn, s.play())
		require.NotEmpty(t, m.login.Principal.AuthIdentityID)

		s = newSocial(t)
		s.in.Bound = true
		m = s.comes(time.Minute, without)
		require.Equal(t, workflows.LoginExpired, s.play())
		require.Error(t, m.rejected)
	})

	t.Run("it expires", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		late := s.comes(10*time.Minute, nil)
		require.Equal(t, workflows.LoginExpired, s.play())
		late.requireNoState(t)
		require.Zero(t, s.provider.exchanges)
	})

	t.Run("one lost packet costs nothing", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		s.provider.exchange = func(n int) error {
			if n < 3 {
				return everlatch.Unavailable("The provider", errors.New("connection reset"))
			}
			return nil
		}
		s.provider.profile = func(n int) (providers.Profile, error) {
			if n < 3 {
				return providers.Profile{}, everlatch.Unavailable("The provider", errors.New("timeout"))
			}
			return providers.Profile{EntityID: "sub-1"}, nil
		}
		m := s.comes(time.Minute, nil)
		require.Equal(t, workflows.LoginSignedIn, s.play())
		require.Nil(t, m.login.Refusal)
		require.Equal(t, 3, s.provider.exchanges, "no answer, no exchange")
	})

	t.Run("an outage leaves the state for another try", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		down := true
		s.provider.exchange = func(int) error {
			if down {
				return everlatch.Unavailable("The provider", errors.New("connection refused"))
			}
			return nil
		}
		failed := s.comes(time.Minute, nil)
		s.env.RegisterDelayedCallback(func() { down = false }, 2*time.Minute)
		again := s.comes(3*time.Minute, nil)
		require.Equal(t, workflows.LoginSignedIn, s.play())
		require.Error(t, failed.err)
		require.NotEmpty(t, again.login.Principal.AuthIdentityID)
	})

	t.Run("an exchange that succeeded unheard is not made again", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		s.faults.set(fault{activities: []string{"ExchangeCode"}, times: 2, after: true})
		s.comes(time.Minute, nil)
		require.Equal(t, workflows.LoginSignedIn, s.play())
		require.Equal(t, 1, s.provider.exchanges)
	})

	for _, step := range []string{"BeginRedirect", "ExchangeCode", "ReadProfile", "ReleaseEvents"} {
		for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newSocial(t)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				begun := &socialMove{}
				s.env.RegisterDelayedCallback(func() { s.env.UpdateWorkflow(workflows.UpdateBegin, "", begun) }, 0)
				m := s.comes(time.Minute, nil)
				require.Equal(t, workflows.LoginSignedIn, s.play())
				require.NotEmpty(t, begun.begun.Location)
				require.Equal(t, "authid_s", m.login.Principal.AuthIdentityID)
				require.Equal(t, []string{"auth.identity_registered released"}, s.snapshot(t)["events"])
			})
		}
	}

	t.Run("a refusal of the provider ends it", func(t *testing.T) {
		t.Parallel()
		refused := &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Authentication failed"}
		s := newSocial(t)
		s.provider.exchange = func(int) error { return refused }
		m, again := s.comes(time.Minute, nil), s.comes(2*time.Minute, nil)
		require.Equal(t, workflows.LoginRefused, s.play())
		requireRefusal(t, m.login.Refusal, refused.Code, refused.Message)
		again.requireNoState(t)

		s = newSocial(t)
		s.provider.profile = func(int) (providers.Profile, error) { return providers.Profile{}, refused }
		m = s.comes(time.Minute, nil)
		require.Equal(t, workflows.LoginRefused, s.play())
		requireRefusal(t, m.login.Refusal, refused.Code, refused.Message)
		require.Empty(t, s.snapshot(t)["identities"])
	})

	t.Run("a known user keeps the identity and gets new claims", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		_, err := s.store.RegisterIdentity(t.Context(), store.NewIdentity{
			ID: "authid_old", ProviderIdentityID: "pi_old", Provider: "elsewhere", EntityID: "sub-1", EntityKey: "sub-1",
			UserMetadata: everlatch.Metadata{"name": "Former", "gone": true},
		})
		require.NoError(t, err)
		m := s.comes(time.Minute, nil)
		require.Equal(t, workflows.LoginSignedIn, s.play())
		require.Equal(t, "authid_old", m.login.Principal.AuthIdentityID)
		cred, err := s.store.FindCredential(t.Context(), "elsewhere", "sub-1")
		require.NoError(t, err)
		require.Equal(t, everlatch.Metadata{"name": "Ada"}, cred.Provider.UserMetadata)
	})
}
