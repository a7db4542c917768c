package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// asserts has the provider say how its user signed in, and when.
func (s *socialScene) asserts(amr []string, at time.Time) {
	s.provider.profile = func(int) (providers.Profile, error) {
		return providers.Profile{EntityID: "sub-1", AMR: amr, AuthenticatedAt: at}, nil
	}
}

// What a provider says about its own sign-in shows, and counts as a second factor only
// where the provider is trusted with it, and from when it was.
func TestMethodsOfAProvider(t *testing.T) {
	t.Parallel()
	trusted := []string{"elsewhere"}
	for name, tt := range map[string]struct {
		amr []string
		// told says that the provider tells when, and ago when that was.
		told   bool
		ago    time.Duration
		trust  []string
		want   []string
		counts bool
		// enabled says that the identity has a second factor here.
		enabled bool
	}{
		"it says nothing":                {},
		"several factors, not trusted":   {amr: []string{"pwd", "otp", "mfa"}, told: true, want: []string{"fed", "pwd", "otp", "mfa"}},
		"several factors, trusted":       {amr: []string{"mfa", "hwk"}, told: true, ago: time.Hour, trust: trusted, want: []string{"fed", "mfa", "hwk"}, counts: true},
		"another provider is trusted":    {amr: []string{"mfa"}, told: true, trust: []string{"other"}, want: []string{"fed", "mfa"}},
		"one factor, trusted":            {amr: []string{"pwd"}, told: true, trust: trusted, want: []string{"fed", "pwd"}},
		"trusted, without a time":        {amr: []string{"mfa"}, trust: trusted, want: []string{"fed", "mfa"}},
		"trusted, but untold":            {told: true, trust: trusted},
		"trusted, from the future":       {amr: []string{"mfa"}, told: true, ago: -5 * time.Hour, trust: trusted, want: []string{"fed", "mfa"}, counts: true},
		"an identity with a factor":      {enabled: true, amr: []string{"pwd", "mfa"}, told: true, want: []string{"fed", "pwd", "mfa"}},
		"and a provider that is trusted": {enabled: true, amr: []string{"mfa"}, told: true, trust: trusted, want: []string{"fed", "mfa"}, counts: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSocial(t)
			s.acts.Redirects.TrustMFA, s.acts.Redirects.LoginEvents = tt.trust, true
			s.known(t, "authid_1", "elsewhere", "sub-1", "")
			if tt.enabled {
				s.factor(t, "authid_1", "authmfa_1", "totp")
			}
			began := s.env.Now().UTC()
			var at time.Time
			if tt.told {
				at = began.Add(-tt.ago)
			}
			s.asserts(tt.amr, at)
			s.in.TTL = 3 * time.Hour // uses are noted to the hour
			m := s.comes(2*time.Hour, nil)
			require.Equal(t, workflows.LoginSignedIn, s.play())
			p := m.login.Principal
			require.Equal(t, "authid_1", p.AuthIdentityID)
			require.Equal(t, tt.want, p.AMR)
			switch {
			case !tt.counts:
				require.Zero(t, p.MFACompletedAt)
			case tt.ago < 0:
				require.Equal(t, began.Add(2*time.Hour), p.MFACompletedAt, "not later than now")
			default:
				require.Equal(t, at, p.MFACompletedAt)
			}
			complete := !tt.enabled || tt.counts
			require.Equal(t, !complete, p.NeedsFactor())
			require.Len(t, s.released(t, everlatch.EventLoginSucceeded), map[bool]int{true: 1}[complete], "a second factor records what it completes")
			identity, err := s.store.Identity(t.Context(), "authid_1")
			require.NoError(t, err)
			require.Equal(t, complete, identity.LastUsedAt.After(began.Add(time.Hour)), "nor is an incomplete sign-in a use")
		})
	}
}

// A sign-in elsewhere is recorded as every other one, once, and so is a refused one.
func TestSocialLoginEvents(t *testing.T) {
	t.Parallel()
	refused := &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Not you."}
	const succeeded, failed = everlatch.EventLoginSucceeded, everlatch.EventLoginFailed
	for name, tt := range map[string]struct {
		prepare          func(t *testing.T, s *socialScene)
		succeeds, failed int
	}{
		"a known user": {prepare: func(t *testing.T, s *socialScene) {
			t.Helper()
			s.known(t, "authid_1", "elsewhere", "sub-1", "")
		}, succeeds: 1},
		"also when its step is repeated": {prepare: func(t *testing.T, s *socialScene) {
			t.Helper()
			s.known(t, "authid_1", "elsewhere", "sub-1", "")
			s.faults.set(fault{activities: []string{"ReadProfile"}, times: 1, after: true})
		}, succeeds: 1},
		"off": {prepare: func(t *testing.T, s *socialScene) {
			t.Helper()
			s.known(t, "authid_1", "elsewhere", "sub-1", "")
			s.acts.Redirects.LoginEvents = false
		}},
		"a registration has an event of its own": {},
		"the provider refuses the user": {prepare: func(_ *testing.T, s *socialScene) {
			s.provider.profile = func(int) (providers.Profile, error) { return providers.Profile{}, refused }
		}, failed: 1},
		"the provider refuses the code": {prepare: func(_ *testing.T, s *socialScene) {
			s.provider.exchange = func(int) error { return refused }
		}, failed: 1},
		"adding a sign-in method is no sign-in": {prepare: func(t *testing.T, s *socialScene) {
			t.Helper()
			s.known(t, "authid_1", "elsewhere", "sub-1", "")
			s.in.LinkTo = "authid_1"
		}},
		"nor a refused one": {prepare: func(t *testing.T, s *socialScene) {
			t.Helper()
			s.known(t, "authid_1", "emailpass", email, email)
			s.in.LinkTo = "authid_1"
			s.provider.exchange = func(int) error { return refused }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSocial(t)
			s.acts.Redirects.LoginEvents = true
			if tt.prepare != nil {
				tt.prepare(t, s)
			}
			s.comes(time.Minute, func(c *workflows.LoginCallback) { c.SignedInAs = s.in.LinkTo })
			s.play()
			signedIn := s.released(t, succeeded)
			require.Len(t, signedIn, tt.succeeds)
			require.Len(t, s.released(t, failed), tt.failed)
			for _, data := range signedIn {
				require.Equal(t, everlatch.Metadata{"actor_type": "customer", "provider": "elsewhere", "auth_identity_id": "authid_1", "actor_id": ""}, data)
			}
		})
	}
}
