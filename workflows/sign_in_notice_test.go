package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

const noticeName = "sign-in-notice/s1"

// noticeScene is a SignInNotice of Ada's under way.
type noticeScene struct {
	*house

	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
	in  workflows.SignInNoticeInput
}

func newNotice(t *testing.T) *noticeScene {
	t.Helper()
	h := newHouse(t)
	register(t, h, "authid_1")
	_, err := createCustomer(t, h, "authid_1", "cus_1", email)
	require.NoError(t, err)
	require.NoError(t, h.store.LinkActor(t.Context(), store.Link{IdentityID: "authid_1", ActorType: "customer", ActorID: "cus_1", GroupID: "g"}))
	s := &noticeScene{house: h, t: t, env: h.env(t, noticeName)}
	h.clock.of(s.env)
	s.in = workflows.SignInNoticeInput{
		SignIn: workflows.NoticedSignIn{
			ID: "s1", AuthIdentityID: "authid_1", Provider: "emailpass", ActorType: "customer", ActorID: "cus_1",
			Device: "Firefox on Windows", Network: "192.0.2.0/24",
		},
		Until: s.env.Now().Add(30 * day),
		Grant: workflows.LinkGrant{TokenID: "token1", EventID: "evt_notice", Token: h.vault.NewRef(), TTL: 3 * day},
	}
	return s
}

func (s *noticeScene) disown(at time.Duration, tokenID string) *asked[workflows.Outcome] {
	a := &asked[workflows.Outcome]{}
	s.env.RegisterDelayedCallback(func() {
		s.env.UpdateWorkflow(workflows.UpdateDisownSignIn, "", a, workflows.DisownSignIn{TokenID: tokenID, EventID: "evt_disowned"})
	}, at)
	return a
}

func (s *noticeScene) plays() {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.SignInNotice, s.in)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
}

func (s *noticeScene) of(name string) []everlatch.Event {
	s.t.Helper()
	events, _, err := s.store.Events(s.t.Context(), store.EventFilter{Name: name}, store.Page{})
	require.NoError(s.t, err)
	for _, e := range events {
		require.NotNil(s.t, e.ReleasedAt)
	}
	return events
}

// ended reports whether the sign-in has ended.
func (s *noticeScene) ended() bool {
	s.t.Helper()
	standing, err := s.store.Standing(s.t.Context(), "authid_1", "customer", "s1")
	require.NoError(s.t, err)
	return standing.SignInEnded
}

func (s *noticeScene) mailed() string {
	s.t.Helper()
	ref, sealed := everlatch.SecretOf(s.of(everlatch.EventSignInFromNewDevice)[0].Data["token"])
	require.True(s.t, sealed, "the event has a reference, not the token")
	secret, err := s.vault.Get(s.t.Context(), vault.Ref(ref))
	if everlatch.ErrorCode(err) == everlatch.CodeNotFound || err != nil {
		return ""
	}
	said, err := s.acts.SignIns.Tokens.VerifySignIn(string(secret.Reveal()))
	require.NoError(s.t, err)
	require.Equal(s.t, "s1", said.SignInID)
	return said.ID
}

func TestSignInNotice(t *testing.T) {
	t.Parallel()

	t.Run("not me", func(t *testing.T) {
		t.Parallel()
		s := newNotice(t)
		forged := s.disown(30*time.Minute, "token2")
		s.env.RegisterDelayedCallback(func() {
			require.Equal(t, "token1", s.mailed())
			require.False(t, s.ended())
		}, 45*time.Minute)
		disowned := s.disown(time.Hour, "token1")
		s.plays()

		requireInvalidToken(t, forged)
		disowned.requireDone(t)
		require.Nil(t, disowned.out.Refusal)
		require.True(t, s.ended())
		told := s.of(everlatch.EventSignInFromNewDevice)
		require.Len(t, told, 1)
		require.Equal(t, email, told[0].Data["email"])
		require.Equal(t, "Firefox on Windows", told[0].Data["device"])
		require.Equal(t, noticeName, told[0].GroupID)
		ended := s.of(everlatch.EventSignInEnded)
		require.Len(t, ended, 1)
		require.Equal(t, store.EndedByMail, ended[0].Data["reason"])
		require.Empty(t, s.mailed(), "a used token is deleted")
	})

	t.Run("me", func(t *testing.T) {
		t.Parallel()
		s := newNotice(t)
		began := s.env.Now()
		late := s.disown(3*day+time.Second, "token1")
		s.plays()
		require.False(t, s.ended())
		require.WithinDuration(t, began.Add(3*day), s.env.Now(), 2*time.Second)
		require.Nil(t, late.out.Refusal)
	})

	t.Run("50 at once", func(t *testing.T) {
		t.Parallel()
		s := newNotice(t)
		var all []*asked[workflows.Outcome]
		for range 50 {
			all = append(all, s.disown(time.Hour, "token1"))
		}
		s.plays()
		accepted := 0
		for _, a := range all {
			if a.err == nil && a.rejected == nil && a.out.Refusal == nil {
				accepted++
			}
		}
		require.Equal(t, 1, accepted)
		require.Len(t, s.of(everlatch.EventSignInEnded), 1)
	})

	t.Run("the identity was removed", func(t *testing.T) {
		t.Parallel()
		s := newNotice(t)
		require.NoError(t, s.store.PurgeIdentity(t.Context(), "authid_1", "g"))
		s.plays()
		require.NotContains(t, s.of(everlatch.EventSignInFromNewDevice)[0].Data, "token")
	})
}

func requireInvalidToken(t *testing.T, a *asked[workflows.Outcome]) {
	t.Helper()
	if a.rejected == nil {
		require.NotNil(t, a.out.Refusal)
		require.Equal(t, everlatch.ReasonTokenInvalid, a.out.Refusal.Reason)
	}
}

// TestSignInNoticeSteps: each step fails once, or succeeds unheard, or is cancelled.
func TestSignInNoticeSteps(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"AnnounceSignIn", "DisownSignIn"} {
		for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newNotice(t)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				disowned := s.disown(time.Hour, "token1")
				s.plays()
				disowned.requireDone(t)
				require.True(t, s.ended())
				require.Len(t, s.of(everlatch.EventSignInFromNewDevice), 1)
				require.Len(t, s.of(everlatch.EventSignInEnded), 1)
				require.Equal(t, 2, s.faults.called(step))
			})
		}
		t.Run(step+" cancelled", func(t *testing.T) {
			t.Parallel()
			s := newNotice(t)
			s.faults.set(fault{activities: []string{step}, meanwhile: s.env.CancelWorkflow})
			s.disown(time.Hour, "token1")
			s.env.ExecuteWorkflow(workflows.SignInNotice, s.in)
			require.True(t, s.env.IsWorkflowCompleted())
			require.Len(t, s.of(everlatch.EventSignInFromNewDevice), 1)
			if step == "DisownSignIn" {
				require.True(t, s.ended())
				require.NoError(t, s.env.GetWorkflowError())
				return
			}
			require.True(t, temporal.IsCanceledError(s.env.GetWorkflowError()), fmt.Sprint(s.env.GetWorkflowError()))
		})
	}

	t.Run("disowned before the announcement is heard", func(t *testing.T) {
		t.Parallel()
		s := newNotice(t)
		a := &asked[workflows.Outcome]{}
		s.faults.set(fault{activities: []string{"AnnounceSignIn"}, meanwhile: func() {
			s.env.UpdateWorkflow(workflows.UpdateDisownSignIn, "", a, workflows.DisownSignIn{TokenID: "token1", EventID: "evt_disowned"})
		}})
		s.plays()
		a.requireDone(t)
		require.True(t, s.ended())
	})

	t.Run("continued as new", func(t *testing.T) {
		t.Parallel()
		s := newNotice(t)
		s.in.ExpiresAt = s.env.Now().Add(time.Hour)
		disowned := s.disown(time.Minute, "token1")
		s.plays()
		disowned.requireDone(t)
		require.Empty(t, s.of(everlatch.EventSignInFromNewDevice), "the owner was told by the execution before")
		require.True(t, s.ended())
	})
}
