//go:build record

package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// control records what administrators do to an identity.
func (r *recorder) control(t *testing.T) {
	t.Helper()
	h := r.house
	_, err := h.store.RegisterIdentity(t.Context(), store.NewIdentity{
		ID: "authid_controlled", ProviderIdentityID: "pi_controlled", Provider: "emailpass", EntityID: "c@example.com", EntityKey: "c@example.com",
	})
	require.NoError(t, err)
	in := func(event string) workflows.ControlIdentityInput {
		return workflows.ControlIdentityInput{
			AuthIdentityID: "authid_controlled", By: everlatch.ActorRef{ActorType: "user", ActorID: "user_1"}, Reason: "stolen", EventID: event,
		}
	}
	r.keep(t, "EndIdentitySession/ended", workflows.EndIdentitySession, workflows.EndIdentitySessionInput{
		ControlIdentityInput: in("evt_c2"), SignIn: workflows.NoticedSignIn{ID: "s_c", AuthIdentityID: "authid_controlled", ActorType: "customer"},
		Until: h.clock.Now().Add(time.Hour),
	})
	r.keep(t, "EndIdentitySessions/ended", workflows.EndIdentitySessions, in("evt_c3"))
	r.keep(t, "DisableIdentity/disabled", workflows.DisableIdentity, in("evt_c4"))
	r.keep(t, "EnableIdentity/enabled", workflows.EnableIdentity, in("evt_c5"))
	r.keep(t, "DeleteUnlinkedIdentity/deleted", workflows.DeleteUnlinkedIdentity, in("evt_c6"))
	r.keep(t, "DeleteUnlinkedIdentity/unknown", workflows.DeleteUnlinkedIdentity, in("evt_c7"))
}
