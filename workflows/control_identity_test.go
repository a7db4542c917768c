package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// controlled is an identity of a customer under the control of an administrator.
func controlled(t *testing.T) (*house, workflows.ControlIdentityInput) {
	t.Helper()
	h := newHouse(t)
	register(t, h, "authid_1")
	require.NoError(t, h.store.LinkActor(t.Context(), store.Link{IdentityID: "authid_1", ActorType: "vendor", ActorID: "vendor_1", GroupID: "g"}))
	return h, workflows.ControlIdentityInput{
		AuthIdentityID: "authid_1", By: everlatch.ActorRef{ActorType: "user", ActorID: "user_1"}, Reason: "stolen", EventID: "evt_control",
	}
}

// controls runs a flow of an administrator about an identity.
func (h *house) controls(t *testing.T, workflow, in any) (out workflows.Outcome) {
	t.Helper()
	env := h.env(t, "control")
	env.ExecuteWorkflow(workflow, in)
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, env.GetWorkflowResult(&out))
	return out
}

// refusedLogin is why a sign-in is refused.
func (h *house) refusedLogin(t *testing.T, pass string) *everlatch.Refusal {
	t.Helper()
	env := h.env(t, "authenticate")
	env.ExecuteWorkflow(workflows.Authenticate, workflows.AuthenticateInput{
		ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, pass),
	})
	require.NoError(t, env.GetWorkflowError())
	var out workflows.Login
	require.NoError(t, env.GetWorkflowResult(&out))
	return out.Refusal
}

// TestDisabledIdentity: every way in is refused, and looks like a wrong password.
func TestDisabledIdentity(t *testing.T) {
	t.Parallel()
	h, in := controlled(t)
	require.True(t, h.signsIn(t, password))
	wrong := h.refusedLogin(t, "wrong password")
	require.NotNil(t, wrong)
	require.Nil(t, h.controls(t, workflows.DisableIdentity, in).Refusal)
	require.False(t, h.signsIn(t, password))
	require.Equal(t, wrong, h.refusedLogin(t, password))

	require.Nil(t, h.controls(t, workflows.EnableIdentity, in).Refusal)
	require.True(t, h.signsIn(t, password))
	in.AuthIdentityID = "authid_gone"
	require.Equal(t, everlatch.CodeNotFound, h.controls(t, workflows.DisableIdentity, in).Refusal.Code)
}

// TestDisabledIdentityElsewhere: a provider that vouches for the user doesn't sign in.
func TestDisabledIdentityElsewhere(t *testing.T) {
	t.Parallel()
	s := newSocial(t)
	s.known(t, "authid_own", "elsewhere", "sub-1", "")
	_, err := s.store.DisableIdentity(t.Context(), "authid_own", everlatch.Event{})
	require.NoError(t, err)
	m := s.comes(time.Minute, nil)
	require.Equal(t, workflows.LoginRefused, s.play())
	require.Equal(t, everlatch.ReasonIdentityDisabled, m.login.Refusal.Reason)
}

// TestDisabledIdentityResetsNoPassword: no mail, as for an unknown address.
func TestDisabledIdentityResetsNoPassword(t *testing.T) {
	t.Parallel()
	s := newReset(t)
	_, err := s.store.DisableIdentity(t.Context(), "authid_1", everlatch.Event{})
	require.NoError(t, err)
	s.ask(0, "customer")
	s.play(workflows.PasswordResetInput{})
	_, count, err := s.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventPasswordReset}, store.Page{})
	require.NoError(t, err)
	require.Zero(t, count)
}

func TestControlOfSessions(t *testing.T) {
	t.Parallel()
	h, in := controlled(t)
	one := workflows.EndIdentitySessionInput{
		ControlIdentityInput: in, SignIn: workflows.NoticedSignIn{ID: "s1", AuthIdentityID: "authid_1", ActorType: "customer"},
		Until: h.clock.Now().Add(time.Hour),
	}
	require.Nil(t, h.controls(t, workflows.EndIdentitySession, one).Refusal)
	standing, err := h.store.Standing(t.Context(), "authid_1", "customer", "s1")
	require.NoError(t, err)
	require.True(t, standing.SignInEnded)

	in.EventID = "evt_all"
	require.Nil(t, h.controls(t, workflows.EndIdentitySessions, in).Refusal)
	after, err := h.store.Standing(t.Context(), "authid_1", "customer", "s2")
	require.NoError(t, err)
	require.Greater(t, after.CredentialVersion, standing.CredentialVersion)

	in.EventID = "evt_deleted"
	require.Equal(t, store.IdentityHasActors, h.controls(t, workflows.DeleteUnlinkedIdentity, in).Refusal.Reason)
	require.NoError(t, h.store.UnlinkActor(t.Context(), store.Link{IdentityID: "authid_1", ActorType: "vendor", ActorID: "vendor_1"}))
	require.Nil(t, h.controls(t, workflows.DeleteUnlinkedIdentity, in).Refusal)
	require.Empty(t, h.snapshot(t)["identities"])

	events, _, err := h.store.Events(t.Context(), store.EventFilter{AuthIdentityID: "authid_1"}, store.Page{})
	require.NoError(t, err)
	for _, e := range events {
		if e.Name == everlatch.EventActorLinked {
			continue
		}
		require.NotNil(t, e.ReleasedAt, e.Name)
	}
}

// TestControlSteps: a step that fails once, or succeeds unheard, is done once.
func TestControlSteps(t *testing.T) {
	t.Parallel()
	for step, c := range map[string]struct {
		workflow any
		event    string
	}{
		"DisableIdentity": {workflows.DisableIdentity, everlatch.EventIdentityDisabled},
		"EndSessions":     {workflows.EndIdentitySessions, everlatch.EventSessionsEnded},
	} {
		for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				h, in := controlled(t)
				h.faults.set(fault{activities: []string{step}, times: 1, after: after})
				require.Nil(t, h.controls(t, c.workflow, in).Refusal)
				require.Equal(t, 2, h.faults.called(step))
				identity, err := h.store.Identity(t.Context(), "authid_1")
				require.NoError(t, err)
				require.Equal(t, int64(2), identity.CredentialVersion)
				events, _, err := h.store.Events(t.Context(), store.EventFilter{Name: c.event}, store.Page{})
				require.NoError(t, err)
				require.Len(t, events, 1)
				require.Equal(t, everlatch.Metadata{"actor_type": "user", "actor_id": "user_1"}, events[0].Data[map[string]string{
					everlatch.EventIdentityDisabled: "disabled_by", everlatch.EventSessionsEnded: "ended_by",
				}[c.event]])
			})
		}
	}
}
