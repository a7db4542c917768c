package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// known gives an identity that signs in elsewhere, with another id there.
func (h *house) known(t *testing.T, id, provider, entityID, verifiedEmail string) {
	t.Helper()
	_, err := h.store.RegisterIdentity(t.Context(), store.NewIdentity{
		ID: id, ProviderIdentityID: "pi_" + id, Provider: provider, EntityID: entityID, EntityKey: entityID, VerifiedEmail: verifiedEmail,
	})
	require.NoError(t, err)
}

// linking is a flow that adds the account elsewhere to authid_own.
func linking(t *testing.T) *socialScene {
	t.Helper()
	s := newSocial(t)
	s.known(t, "authid_own", "emailpass", "ada@example.com", "")
	s.in.LinkTo = "authid_own"
	return s
}

func asOwner(c *workflows.LoginCallback) { c.SignedInAs = "authid_own" }

func TestLinkElsewhere(t *testing.T) {
	t.Parallel()

	t.Run("adds a way to sign in", func(t *testing.T) {
		t.Parallel()
		s := linking(t)
		m := s.comes(time.Minute, asOwner)
		require.Equal(t, workflows.LoginSignedIn, s.play())
		require.Nil(t, m.login.Refusal)
		require.Equal(t, "authid_own", m.login.Principal.AuthIdentityID)
		require.Equal(t, "elsewhere", m.login.Principal.AuthProvider)
		after := s.snapshot(t)
		require.Equal(t, []string{"pi_authid_own ada@example.com live", "pi_s sub-1 live"}, after["credentials"])
		require.Equal(t, []string{"auth.identity_linked released"}, after["events"])
	})

	for name, change := range map[string]func(*workflows.LoginCallback){
		"signed out":   func(*workflows.LoginCallback) {},
		"another user": func(c *workflows.LoginCallback) { c.SignedInAs = "authid_victim" },
	} {
		t.Run("an answer brought by "+name+" changes nothing", func(t *testing.T) {
			t.Parallel()
			s := linking(t)
			foreign, own := s.comes(time.Minute, change), s.comes(2*time.Minute, asOwner)
			require.Equal(t, workflows.LoginSignedIn, s.play())
			require.Error(t, foreign.rejected)
			foreign.requireNoState(t)
			require.Equal(t, "authid_own", own.login.Principal.AuthIdentityID)
		})
	}

	t.Run("another user's sign-in method is refused", func(t *testing.T) {
		t.Parallel()
		s := linking(t)
		s.known(t, "authid_other", "elsewhere", "sub-1", "")
		before := s.snapshot(t)
		m := s.comes(time.Minute, asOwner)
		require.Equal(t, workflows.LoginRefused, s.play())
		requireRefusal(t, m.login.Refusal, everlatch.CodeDuplicate, "Another account signs in with this elsewhere account.")
		require.Equal(t, before, s.snapshot(t))
	})

	t.Run("a second account of the same provider is refused", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		s.known(t, "authid_own", "elsewhere", "sub-0", "")
		s.in.LinkTo = "authid_own"
		m := s.comes(time.Minute, asOwner)
		require.Equal(t, workflows.LoginRefused, s.play())
		requireRefusal(t, m.login.Refusal, everlatch.CodeNotAllowed, "You can sign in with elsewhere already. Remove that one first.")
	})

	t.Run("an own account again is no fault", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		s.known(t, "authid_own", "elsewhere", "sub-1", "")
		s.in.LinkTo = "authid_own"
		m := s.comes(time.Minute, asOwner)
		require.Equal(t, workflows.LoginSignedIn, s.play())
		require.Equal(t, "authid_own", m.login.Principal.AuthIdentityID)
		require.Empty(t, s.snapshot(t)["events"])
	})

	t.Run("an identity that is gone meanwhile is refused", func(t *testing.T) {
		t.Parallel()
		s := linking(t)
		require.NoError(t, s.store.RemoveIdentity(t.Context(), "authid_own", "flow"))
		m := s.comes(time.Minute, asOwner)
		require.Equal(t, workflows.LoginRefused, s.play())
		require.NotNil(t, m.login.Refusal)
		require.Equal(t, everlatch.CodeNotFound, m.login.Refusal.Code)
	})

	for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
		t.Run("ReadProfile "+name+" once", func(t *testing.T) {
			t.Parallel()
			s := linking(t)
			s.faults.set(fault{activities: []string{"ReadProfile"}, times: 1, after: after})
			m := s.comes(time.Minute, asOwner)
			require.Equal(t, workflows.LoginSignedIn, s.play())
			require.Nil(t, m.login.Refusal)
			require.Equal(t, []string{"auth.identity_linked released"}, s.snapshot(t)["events"])
		})
	}

	t.Run("a lost answer is reported without another attempt", func(t *testing.T) {
		t.Parallel()
		s := linking(t)
		s.faults.set(fault{activities: []string{"ReadProfile"}, times: -1, after: true})
		m := s.comes(time.Minute, asOwner)
		require.Equal(t, workflows.LoginExpired, s.play())
		require.Error(t, m.err)
		require.Equal(t, []string{"auth.identity_linked released"}, s.snapshot(t)["events"])
	})
}

// Automatic linking opens an account by an address: both sides must
// have proved it, to providers that are trusted with that (docs/weak-spots.md#w17).
func TestLinkByEmail(t *testing.T) {
	t.Parallel()

	profile := func(email string, verified bool) func(int) (providers.Profile, error) {
		return func(int) (providers.Profile, error) {
			return providers.Profile{EntityID: "sub-1", Email: email, EmailVerified: verified, UserMetadata: everlatch.Metadata{"email": email}}, nil
		}
	}
	tests := map[string]struct {
		trusted  []string
		others   [][2]string // provider and verified address of identities that exist
		email    string
		verified bool
		linked   bool
	}{
		"off by default":                   {nil, [][2]string{{"google", "ada@example.com"}}, "ada@example.com", true, false},
		"both proved it":                   {[]string{"google", "elsewhere"}, [][2]string{{"google", "ada@example.com"}}, " Ada@example.com", true, true},
		"this one did not":                 {[]string{"google", "elsewhere"}, [][2]string{{"google", "ada@example.com"}}, "ada@example.com", false, false},
		"the other one did not":            {[]string{"google", "elsewhere"}, [][2]string{{"google", ""}}, "ada@example.com", true, false},
		"this provider is not trusted":     {[]string{"google", "github"}, [][2]string{{"google", "ada@example.com"}}, "ada@example.com", true, false},
		"that provider is not trusted":     {[]string{"github", "elsewhere"}, [][2]string{{"google", "ada@example.com"}}, "ada@example.com", true, false},
		"another address":                  {[]string{"google", "elsewhere"}, [][2]string{{"google", "bob@example.com"}}, "ada@example.com", true, false},
		"two people proved it":             {[]string{"google", "github", "elsewhere"}, [][2]string{{"google", "ada@example.com"}, {"github", "ada@example.com"}}, "ada@example.com", true, false},
		"theirs has another account here":  {[]string{"elsewhere"}, [][2]string{{"elsewhere", "ada@example.com"}}, "ada@example.com", true, false},
		"an identifier that is no address": {[]string{"google", "elsewhere"}, [][2]string{{"emailpass", ""}}, "emailpass-0", true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSocial(t)
			s.acts.Redirects.LinkByEmail = tt.trusted
			for i, other := range tt.others {
				s.known(t, "authid_"+string(rune('a'+i)), other[0], other[0]+"-"+string(rune('0'+i)), other[1])
			}
			s.provider.profile = profile(tt.email, tt.verified)
			m := s.comes(time.Minute, nil)
			require.Equal(t, workflows.LoginSignedIn, s.play())
			require.Nil(t, m.login.Refusal)
			if tt.linked {
				require.Equal(t, "authid_a", m.login.Principal.AuthIdentityID)
				require.Equal(t, []string{"auth.identity_linked released"}, s.snapshot(t)["events"])
				return
			}
			require.Equal(t, "authid_s", m.login.Principal.AuthIdentityID)
			require.Equal(t, []string{"auth.identity_registered released"}, s.snapshot(t)["events"])
		})
	}
}

// An address that a provider verified once, and does not answer for, links nothing:
// neither the new account nor an identity that exists.
func TestLinkByEmailNeedsTheOwnerOfTheAddress(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		hd     any
		linked bool
	}{"without hd": {nil, false}, "with hd": {"example.com", true}} {
		t.Run("the new account "+name, func(t *testing.T) {
			t.Parallel()
			s := newSocial(t)
			s.provider.former = true
			s.acts.Redirects.LinkByEmail = []string{"google", "elsewhere"}
			s.known(t, "authid_a", "google", "google-0", "ada@example.com")
			s.provider.profile = func(int) (providers.Profile, error) {
				m := everlatch.Metadata{"email": "ada@example.com"}
				if tt.hd != nil {
					m["hd"] = tt.hd
				}
				return providers.Profile{EntityID: "sub-1", Email: "ada@example.com", EmailVerified: true, UserMetadata: m}, nil
			}
			m := s.comes(time.Minute, nil)
			require.Equal(t, workflows.LoginSignedIn, s.play())
			require.Equal(t, tt.linked, m.login.Principal.AuthIdentityID == "authid_a")
		})
	}
	t.Run("the identity that exists", func(t *testing.T) {
		t.Parallel()
		s := newSocial(t)
		s.provider.former = true
		require.NoError(t, s.acts.Redirects.Providers.Add("okta", &elsewhere{}))
		s.acts.Redirects.LinkByEmail = []string{"okta", "elsewhere"}
		s.known(t, "authid_a", "elsewhere", "elsewhere-0", "ada@example.com")
		found, err := s.store.IdentitiesByEmail(t.Context(), "ada@example.com", []string{"elsewhere"})
		require.NoError(t, err)
		require.Len(t, found, 1)
		s.provider.profile = func(int) (providers.Profile, error) {
			return providers.Profile{
				EntityID: "sub-1", Email: "ada@example.com", EmailVerified: true,
				UserMetadata: everlatch.Metadata{"email": "ada@example.com", "hd": "example.com"},
			}, nil
		}
		m := s.comes(time.Minute, nil)
		require.Equal(t, workflows.LoginSignedIn, s.play())
		require.Equal(t, "authid_s", m.login.Principal.AuthIdentityID)
	})
}

// linkPassword gives authid_own a password.
func linkPassword(t *testing.T, h *house, email string) (workflows.LinkedIdentity, error) {
	t.Helper()
	return perform[workflows.LinkedIdentity](t, h, "link-identity/authid_own/1", workflows.LinkIdentity, workflows.LinkIdentityInput{
		AuthIdentityID: "authid_own", ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, password),
		ProviderIdentityID: "pi_new", EventID: "evt_new",
	})
}

func TestLinkIdentity(t *testing.T) {
	t.Parallel()

	t.Run("a password for a user of another provider", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.known(t, "authid_own", "elsewhere", "sub-1", "ada@example.com")
		out, err := linkPassword(t, h, "Ada@example.com")
		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		require.Equal(t, "pi_new", out.Credential.ID)
		require.Equal(t, []string{"pi_authid_own sub-1 live", "pi_new ada@example.com live"}, h.snapshot(t)["credentials"])
		require.Equal(t, []string{"auth.identity_linked released"}, h.snapshot(t)["events"])
		in, err := perform[workflows.Login](t, h, "authenticate/customer/1", workflows.Authenticate, workflows.AuthenticateInput{
			ActorType: "customer", Provider: "emailpass", Request: h.seal(t, "ada@example.com", password),
		})
		require.NoError(t, err)
		require.Equal(t, "authid_own", in.Principal.AuthIdentityID)
	})

	t.Run("refusals change nothing", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.known(t, "authid_own", "elsewhere", "sub-1", "ada@example.com")
		h.known(t, "authid_other", "emailpass", "taken@example.com", "")
		h.known(t, "authid_third", "emailpass", "ada@example.com", "")
		before := h.snapshot(t)
		out, err := linkPassword(t, h, "ada@example.com")
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeDuplicate, "Another account signs in with this emailpass account.")
		out, err = linkPassword(t, h, "no address")
		require.NoError(t, err)
		require.NotNil(t, out.Refusal)
		require.Equal(t, before, h.snapshot(t))
	})

	for _, step := range []string{"LinkCredential", "ReleaseEvents"} {
		for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
			t.Run(step+" "+name+" once", func(t *testing.T) {
				t.Parallel()
				h := newHouse(t)
				h.known(t, "authid_own", "elsewhere", "sub-1", "ada@example.com")
				h.faults.set(fault{activities: []string{step}, times: 1, after: after})
				out, err := linkPassword(t, h, "ada@example.com")
				require.NoError(t, err)
				require.Nil(t, out.Refusal)
				require.Equal(t, []string{"auth.identity_linked released"}, h.snapshot(t)["events"])
			})
		}
	}

	t.Run("fails for good after it took effect: it is as it was", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.known(t, "authid_own", "elsewhere", "sub-1", "ada@example.com")
		before := h.snapshot(t)
		h.faults.set(fault{activities: []string{"LinkCredential"}, times: -1, after: true}, fault{activities: []string{"DiscardCredential", "DropEvents"}, times: 2})
		_, err := linkPassword(t, h, "ada@example.com")
		require.Error(t, err)
		require.Equal(t, before, h.snapshot(t))
	})
}

func TestUnlinkIdentity(t *testing.T) {
	t.Parallel()

	unlink := func(t *testing.T, h *house, id, signedInWith string) (workflows.Outcome, error) {
		t.Helper()
		return perform[workflows.Outcome](t, h, "unlink-identity/authid_own/1", workflows.UnlinkIdentity, workflows.UnlinkIdentityInput{
			AuthIdentityID: "authid_own", ActorType: "customer", ProviderIdentityID: id, SignedInWith: signedInWith, EventID: "evt_gone",
		})
	}
	house := func(t *testing.T) *house {
		t.Helper()
		h := newHouse(t)
		h.known(t, "authid_own", "elsewhere", "sub-1", "ada@example.com")
		_, err := linkPassword(t, h, "ada@example.com")
		require.NoError(t, err)
		return h
	}

	t.Run("refuses the one that the person came by, and the last one", func(t *testing.T) {
		t.Parallel()
		h := house(t)
		before := h.snapshot(t)
		out, err := unlink(t, h, "pi_new", "emailpass")
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeNotAllowed, "You have signed in with this one. Sign in with another one to remove it.")
		out, err = unlink(t, h, "pi_unknown", "emailpass")
		require.NoError(t, err)
		require.NotNil(t, out.Refusal)
		require.Equal(t, everlatch.CodeNotFound, out.Refusal.Code)
		require.Equal(t, before, h.snapshot(t))

		out, err = unlink(t, h, "pi_authid_own", "emailpass")
		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		out, err = unlink(t, h, "pi_new", "elsewhere")
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeNotAllowed, "The last way to sign in cannot be removed.")
	})

	for _, step := range []string{"UnlinkCredential", "ReleaseEvents"} {
		for name, f := range map[string]fault{
			"fails once": {times: 1}, "succeeds unheard": {times: 1, after: true}, "fails for an hour": {times: 70}, "succeeds unheard, again and again": {times: 70, after: true},
		} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				h := house(t)
				f.activities = []string{step}
				h.faults.set(f)
				out, err := unlink(t, h, "pi_authid_own", "emailpass")
				require.NoError(t, err)
				require.Nil(t, out.Refusal)
				after := h.snapshot(t)
				require.Equal(t, []string{"pi_new ada@example.com live"}, after["credentials"])
				require.Equal(t, []string{"auth.identity_linked released", "auth.identity_unlinked released"}, after["events"])
			})
		}
	}
}
