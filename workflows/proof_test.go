package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// The rows of docs/proof.md, each with its test.

// stranger is the account elsewhere of an attacker, who has added it to authid_1, the
// identity of the address.
const stranger = "pi_stranger"

func (h *house) strangerAdded(t *testing.T, verifiedEmail string) {
	t.Helper()
	require.NoError(t, h.store.AddCredential(t.Context(), store.NewCredential{
		ID: stranger, IdentityID: "authid_1", Provider: "github", EntityID: "1", EntityKey: "1", VerifiedEmail: verifiedEmail,
		Event: everlatch.Event{ID: "evt_stranger", Name: everlatch.EventIdentityLinked},
	}))
}

// signedIn gives an identity a session, whose secret is returned.
func (h *house) signedIn(t *testing.T, identityID string) string {
	t.Helper()
	identity, err := h.store.Identity(t.Context(), identityID)
	require.NoError(t, err)
	secret := "secret-of-" + identityID
	require.NoError(t, h.store.CreateSession(t.Context(), everlatch.Session{
		ID: "sess_" + identityID, Principal: everlatch.Principal{
			AuthIdentityID: identityID, AuthProvider: "emailpass", ActorType: "customer", CredentialVersion: identity.CredentialVersion,
		},
		ExpiresAt: h.clock.Now().Add(24 * time.Hour), IdleExpiresAt: h.clock.Now().Add(24 * time.Hour),
	}, secret))
	return secret
}

// provenBy returns the providers of an identity, and those that prove the address.
func (h *house) provenBy(t *testing.T, identityID string) (all, proving []string) {
	t.Helper()
	identity, err := h.store.Identity(t.Context(), identityID)
	require.NoError(t, err)
	for _, p := range identity.Providers {
		all = append(all, p.Provider)
		if p.VerifiedEmail == email {
			proving = append(proving, p.Provider)
		}
	}
	return all, proving
}

func TestProofBySignUp(t *testing.T) {
	t.Parallel()
	t.Run("a password alone proves nothing, and works at once", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		_, proving := h.provenBy(t, "authid_1")
		require.Empty(t, proving)
		require.True(t, h.signsIn(t, password))
	})

	t.Run("nor does one with an account in the same call", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		out, err := signUp(t, h, "authid_1", "cus_1")
		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		_, proving := h.provenBy(t, "authid_1")
		require.Empty(t, proving)
	})
}

func TestProofByReset(t *testing.T) {
	t.Parallel()
	t.Run("the owner of an unproven address gets it alone", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		_, err := createCustomer(t, s.house, "authid_1", "cus_1", email)
		require.NoError(t, err)
		s.strangerAdded(t, "mallory@example.com")
		session := s.signedIn(t, "authid_1")
		s.ask(0, "customer")
		m := s.complete(time.Minute, s.mailed(0), newPassword)
		s.play(workflows.PasswordResetInput{})

		m.requireChanged(t)
		all, proving := s.provenBy(t, "authid_1")
		require.Equal(t, []string{"emailpass"}, all, "the way of the stranger is gone")
		require.Equal(t, []string{"emailpass"}, proving)
		_, _, err = s.store.Session(t.Context(), session)
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		_, err = s.store.FindCredential(t.Context(), "github", "1")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		told := s.events(everlatch.EventIdentityUnlinked)
		require.Len(t, told, 1)
		require.Equal(t, email, told[0].Data["email"])
		require.Equal(t, stranger, told[0].Data["provider_identity_id"])
	})

	t.Run("a reset of a proven address removes no sign-in method", func(t *testing.T) {
		t.Parallel()
		first := newReset(t)
		first.ask(0, "customer")
		first.complete(time.Minute, first.mailed(0), "the first good horse")
		first.play(workflows.PasswordResetInput{})
		first.strangerAdded(t, "other@example.com")

		s := &resetScene{house: first.house, t: t, env: first.env2(t), asks: 1}
		s.ask(0, "customer")
		m := s.complete(time.Minute, s.mailed(1), newPassword)
		s.play(workflows.PasswordResetInput{})
		m.requireChanged(t)
		all, proving := s.provenBy(t, "authid_1")
		require.ElementsMatch(t, []string{"emailpass", "github"}, all)
		require.Equal(t, []string{"emailpass"}, proving)
		require.Empty(t, s.events(everlatch.EventIdentityUnlinked))
	})

	t.Run("nor does one of an address that a provider of the identity has verified", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.strangerAdded(t, email)
		s.ask(0, "customer")
		m := s.complete(time.Minute, s.mailed(0), newPassword)
		s.play(workflows.PasswordResetInput{})
		m.requireChanged(t)
		_, proving := s.provenBy(t, "authid_1")
		require.ElementsMatch(t, []string{"emailpass", "github"}, proving)
	})

	t.Run("a token that an administrator hands over proves nothing", func(t *testing.T) {
		t.Parallel()
		s, issued := newReset(t), &move{}
		s.strangerAdded(t, "mallory@example.com")
		s.at(0, func() {
			s.env.UpdateWorkflow(workflows.UpdateIssue, "", issued, workflows.IssueReset{
				ActorType: "user", RequestedBy: everlatch.ActorRef{ActorType: "user", ActorID: "user_9"}, Names: names(9),
			})
		})
		m := s.complete(time.Minute, func() tokens.Reset {
			return tokens.Reset{ID: issued.issued.Grant.TokenID, ActorType: "user"}
		}, newPassword)
		s.play(workflows.PasswordResetInput{})
		m.requireChanged(t)
		all, proving := s.provenBy(t, "authid_1")
		require.Len(t, all, 2)
		require.Empty(t, proving)
	})
}

// env2 is another execution of the same reset, later.
func (s *resetScene) env2(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	env := s.house.env(t, "password-reset/emailpass/h:1")
	s.clock.of(env)
	return env
}

func TestProofByPasswordStays(t *testing.T) {
	t.Parallel()
	s := newReset(t)
	s.ask(0, "customer")
	s.complete(time.Minute, s.mailed(0), newPassword)
	s.play(workflows.PasswordResetInput{})
	require.True(t, s.signsIn(t, newPassword))
	_, proving := s.provenBy(t, "authid_1")
	require.Equal(t, []string{"emailpass"}, proving, "a sign-in keeps it")
}

func TestProofByProvider(t *testing.T) {
	t.Parallel()
	for name, verified := range map[string]bool{"that vouches for the address proves it": true, "that does not proves nothing": false} {
		t.Run("a provider "+name, func(t *testing.T) {
			t.Parallel()
			s := newSocial(t)
			s.provider.profile = emailProfile(email, verified)
			s.comes(time.Minute, nil)
			require.Equal(t, workflows.LoginSignedIn, s.play())
			_, proving := s.provenBy(t, "authid_s")
			require.Equal(t, verified, len(proving) == 1)
			out, err := linkPasswordTo(t, s.house, "authid_s", email)
			require.NoError(t, err)
			if verified {
				require.Nil(t, out.Refusal, "then a password for it may be added")
				_, proving = s.provenBy(t, "authid_s")
				require.Equal(t, []string{"emailpass", "elsewhere"}, proving)
				return
			}
			requireRefusal(t, out.Refusal, everlatch.CodeNotAllowed,
				"Add a provider that has verified this address first. Then you can sign in with it and a password.")
		})
	}
}

// A stranger can't take an address as a way to sign in, nor learn who has it.
func TestAnUnprovenAddressIsNoFurtherWayToSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.known(t, "authid_own", "github", "1", "mallory@example.com")
	before := h.snapshot(t)
	free, err := linkPassword(t, h, email)
	require.NoError(t, err)
	require.Equal(t, before, h.snapshot(t))
	register(t, h, "authid_1")
	taken, err := linkPassword(t, h, email)
	require.NoError(t, err)
	require.Equal(t, store.AddressUnproven, free.Refusal.Reason)
	require.Equal(t, free.Refusal, taken.Refusal)
}

func TestProofByLinkedProvider(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	register(t, h, "authid_1")
	h.strangerAdded(t, email)
	identity, err := h.store.Identity(t.Context(), "authid_1")
	require.NoError(t, err)
	require.True(t, store.HasProven(identity.Providers, email))
	unproven, err := h.store.UnprovenCredentials(t.Context(), email)
	require.NoError(t, err)
	require.Empty(t, unproven)
}

// Where the configuration trusts a provider, the owner of an address gets the identity
// that was registered with it. The password of the other person ends.
func TestProofTakesOver(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		trusted  []string
		verified bool
		proven   bool // by the holder, before
		taken    bool
	}{
		"a trusted provider vouches":          {[]string{"elsewhere"}, true, false, true},
		"it does not vouch":                   {[]string{"elsewhere"}, false, false, false},
		"it is not trusted":                   {nil, true, false, false},
		"the holder has proven it themselves": {[]string{"elsewhere"}, true, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSocial(t)
			s.acts.Redirects.LinkByEmail = tt.trusted
			register(t, s.house, "authid_1")
			_, err := createCustomer(t, s.house, "authid_1", "cus_1", email)
			require.NoError(t, err)
			s.strangerAdded(t, map[bool]string{true: email, false: "mallory@example.com"}[tt.proven])
			session := s.signedIn(t, "authid_1")
			s.provider.profile = emailProfile(" Ada@Example.com", tt.verified)
			m := s.comes(time.Minute, nil)
			require.Equal(t, workflows.LoginSignedIn, s.play())
			require.Nil(t, m.login.Refusal)

			all, _ := s.provenBy(t, "authid_1")
			_, _, err = s.store.Session(t.Context(), session)
			if !tt.taken {
				require.Equal(t, "authid_s", m.login.Principal.AuthIdentityID, "an identity of its own")
				require.Len(t, all, 2)
				require.NoError(t, err)
				return
			}
			require.Equal(t, "authid_1", m.login.Principal.AuthIdentityID)
			require.Equal(t, "cus_1", m.login.Principal.ActorID)
			require.Equal(t, []string{"elsewhere"}, all)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			require.False(t, s.signsIn(t, password))
			identity, err := s.store.Identity(t.Context(), "authid_1")
			require.NoError(t, err)
			require.Equal(t, identity.CredentialVersion, m.login.Principal.CredentialVersion, "the tokens of others have ended, this one has not")
			require.Greater(t, identity.CredentialVersion, int64(1))
			require.Len(t, s.snapshotOf(t, everlatch.EventIdentityUnlinked), 2)
		})
	}
}

func (h *house) snapshotOf(t *testing.T, event string) []everlatch.Event {
	t.Helper()
	events, _, err := h.store.Events(t.Context(), store.EventFilter{Name: event, Released: new(true)}, store.Page{})
	require.NoError(t, err)
	return events
}

func emailProfile(email string, verified bool) func(int) (providers.Profile, error) {
	return func(int) (providers.Profile, error) {
		return providers.Profile{EntityID: "sub-1", Email: email, EmailVerified: verified, UserMetadata: everlatch.Metadata{"email": email}}, nil
	}
}

func linkPasswordTo(t *testing.T, h *house, identityID, email string) (workflows.LinkedIdentity, error) {
	t.Helper()
	return perform[workflows.LinkedIdentity](t, h, "link-identity/"+identityID+"/1", workflows.LinkIdentity, workflows.LinkIdentityInput{
		AuthIdentityID: identityID, ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, password),
		ProviderIdentityID: "pi_0new", EventID: "evt_new",
	})
}
