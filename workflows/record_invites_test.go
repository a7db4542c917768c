//go:build record

package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// invitations records what becomes of invites, one person each.
func (r *recorder) invitations(t *testing.T) {
	t.Helper()
	h := r.house
	former := h.clock.follow
	h.clock.follow = func() time.Time { return time.Now().UTC() }
	defer func() { h.clock.follow = former }()
	n := 0
	begin := func(name string, fresh bool, ttl time.Duration) *recordedInvite {
		n++
		i := &recordedInvite{recorder: r, t: t, name: name, n: n}
		h.identity(t, i.identity())
		in := workflows.InvitationInput{InviteID: fmt.Sprint("invite_r", n)}
		if fresh {
			in.New = &workflows.NewInvite{InviteOffer: everlatch.InviteOffer{Email: i.email(), Roles: []string{"role_1"}, Metadata: everlatch.Metadata{"a": 1}}, Grant: i.grant(1, ttl), Fingerprint: "f"}
		} else {
			_, err := h.store.CreateInvite(t.Context(), everlatch.Invite{
				ID: in.InviteID, InviteOffer: everlatch.InviteOffer{Email: i.email()}, ExpiresAt: h.clock.Now().Add(ttl),
			}, i.token(1), everlatch.Event{})
			require.NoError(t, err)
		}
		i.run = r.start(t, name, workflows.Invitation, in)
		return i
	}

	i := begin("Invitation/accepted", true, time.Hour)
	i.move(workflows.UpdateInvite)
	i.move(workflows.UpdateInvite) // repeated
	i.move(workflows.UpdateResend, i.grant(2, time.Hour))
	i.accept(1, "") // superseded
	i.accept(2, "")
	i.keep()

	i = begin("Invitation/revoked", true, time.Hour)
	i.move(workflows.UpdateInvite)
	i.move(workflows.UpdateRevoke, workflows.RevokeInvite{EventID: "evt_revoked"})
	i.keep()

	i = begin("Invitation/expired", true, 3*time.Second)
	i.move(workflows.UpdateInvite)
	i.keep()

	i = begin("Invitation/refused", true, time.Hour)
	_, err := h.store.CreateUser(t.Context(), everlatch.User{ID: "user_taken", Email: i.email()}, everlatch.Event{})
	require.NoError(t, err)
	i.move(workflows.UpdateInvite)
	i.keep()

	i = begin("Invitation/restored_by_address", false, time.Hour)
	i.accept(0, "eve@example.com") // ends what is not known yet
	i.keep()
	i = begin("Invitation/accepted_by_address", false, time.Hour)
	i.accept(0, i.email())
	i.keep()

	i = begin("Invitation/person_refused", true, 4*time.Second)
	i.move(workflows.UpdateInvite)
	_, err = h.store.CreateUser(t.Context(), everlatch.User{ID: "user_meanwhile", Email: i.email()}, everlatch.Event{})
	require.NoError(t, err)
	i.accept(1, "")
	i.keep()

	// A minute each: all retries of a step must pass.
	i = begin("Invitation/acceptance_undone", true, time.Hour)
	i.move(workflows.UpdateInvite)
	h.faults.set(fault{activities: []string{"AcceptInvite"}, times: -1, after: true})
	i.accept(1, "")
	h.faults.set()
	i.accept(1, "")
	i.keep()

	h.faults.set(fault{activities: []string{"CreateInvite"}, times: -1, after: true})
	i = begin("Invitation/undone", true, time.Hour)
	i.move(workflows.UpdateInvite)
	h.faults.set()
	i.keep()
}

type recordedInvite struct {
	*recorder

	t    *testing.T
	name string
	n    int
	run  client.WorkflowRun
	user int
}

func (i *recordedInvite) email() string    { return fmt.Sprintf("grace%d@example.com", i.n) }
func (i *recordedInvite) identity() string { return fmt.Sprint("authid_invited_", i.n) }
func (i *recordedInvite) token(k int) string {
	return fmt.Sprintf("00000000-0000-4000-8000-%06d%06d", i.n, k)
}

func (i *recordedInvite) grant(k int, ttl time.Duration) workflows.InviteGrant {
	return workflows.InviteGrant{
		LinkGrant: workflows.LinkGrant{TokenID: i.token(k), EventID: fmt.Sprintf("evt_grant_%d_%d", i.n, k), Token: i.house.vault.NewRef(), TTL: ttl},
		InvitedBy: everlatch.ActorRef{ActorType: "user", ActorID: "user_9"},
	}
}

// move makes a move and waits for its answer, be it a failure.
func (i *recordedInvite) move(update string, args ...any) {
	i.t.Helper()
	handle, err := i.client.UpdateWorkflow(i.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: i.run.GetID(), RunID: i.run.GetRunID(), UpdateName: update,
		WaitForStage: client.WorkflowUpdateStageAccepted, Args: args,
	})
	require.NoError(i.t, err)
	if err := handle.Get(i.t.Context(), nil); err != nil {
		i.t.Logf("%s of %s: %v", update, i.name, err)
	}
}

// accept brings the k-th token, or an address.
func (i *recordedInvite) accept(k int, email string) {
	i.t.Helper()
	i.user++
	in := workflows.AcceptInvite{
		Email: email, AuthIdentityID: i.identity(), EventID: fmt.Sprintf("evt_accepted_%d_%d", i.n, i.user),
		User: everlatch.User{ID: fmt.Sprintf("user_invited_%d_%d", i.n, i.user), FirstName: new("Grace")},
	}
	if k > 0 {
		in.TokenID = i.token(k)
	}
	i.move(workflows.UpdateAccept, in)
}

// keep waits for the end and writes the history down.
func (i *recordedInvite) keep() {
	i.t.Helper()
	if err := i.run.Get(i.t.Context(), nil); err != nil {
		i.t.Logf("%s ends in %v", i.name, err)
	}
	i.write(i.t, i.name, i.run)
}
