package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// Each step fails once, before and after it took effect, and the flow ends as if
// it had not.
func TestInvitationSteps(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"CreateInvite", "ReleaseEvents", "ResendInvite", "CheckInvite", "CreateUser", "LinkActor", "AcceptInvite"} {
		for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newInvitation(t)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				s.invite(0)
				s.resend(time.Hour, 2)
				good := s.accept(2*time.Hour, 2, "authid_1", 1)
				s.plays(s.input(), workflows.InviteAccepted)
				requireAdmitted(t, good, "user_1")
				for _, event := range []string{
					everlatch.EventInviteCreated, everlatch.EventInviteResent, everlatch.EventInviteAccepted,
					everlatch.EventUserCreated, everlatch.EventActorLinked,
				} {
					s.event(event) // once
				}
				require.Equal(t, []string{"user_1 live"}, s.snapshot(t)["users"])
			})
		}
	}
	for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
		t.Run("RevokeInvite "+name, func(t *testing.T) {
			t.Parallel()
			s := newInvitation(t)
			s.faults.set(fault{activities: []string{"RevokeInvite"}, times: 1, after: after})
			s.invite(0)
			s.revoke(time.Hour)
			s.plays(s.input(), workflows.InviteRevoked)
			s.event(everlatch.EventInviteDeleted)
		})
	}
}

// Each step fails for good: nothing remains of the move (docs/weak-spots.md#w1), and once the fault
// is mended the same move succeeds.
func TestInvitationUndone(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("CreateInvite, after effect %v", after), func(t *testing.T) {
			t.Parallel()
			s := newInvitation(t)
			before := s.snapshot(t)
			s.faults.set(fault{activities: []string{"CreateInvite"}, times: -1, after: after})
			made, again := &asked[workflows.IssuedInvite]{}, &asked[workflows.IssuedInvite]{}
			s.at(0, func() {
				s.env.UpdateWorkflow(workflows.UpdateInvite, "", made)
				s.env.UpdateWorkflow(workflows.UpdateInvite, "", again)
			})
			require.Error(t, s.play(s.input()), "so that an Idempotency-Key may try again")
			require.Error(t, made.err)
			require.Error(t, again.err, "the user who joined gets the same answer")
			require.Equal(t, before, s.snapshot(t))
			require.Zero(t, s.sealed(t))
		})
		for _, step := range []string{"CheckInvite", "CreateUser", "LinkActor", "AcceptInvite"} {
			t.Run(fmt.Sprintf("%s, after effect %v", step, after), func(t *testing.T) {
				t.Parallel()
				s := newInvitation(t)
				s.invite(0)
				var before map[string][]string
				s.at(time.Hour, func() {
					before = s.snapshot(t)
					s.faults.set(fault{activities: []string{step}, times: -1, after: after})
				})
				broken := s.accept(time.Hour, 1, "authid_1", 1)
				s.at(2*time.Hour, func() {
					require.Equal(t, before, s.snapshot(t))
					s.faults.set()
				})
				good := s.accept(3*time.Hour, 1, "authid_1", 2)
				s.plays(s.input(), workflows.InviteAccepted)
				require.Error(t, broken.err)
				requireAdmitted(t, good, "user_2")
				require.Equal(t, []string{"authid_1 user user_2"}, s.snapshot(t)["links"], "the undo of the link is real")
			})
		}
		for _, step := range []string{"ResendInvite", "RevokeInvite"} {
			t.Run(fmt.Sprintf("%s, after effect %v", step, after), func(t *testing.T) {
				t.Parallel()
				s := newInvitation(t)
				s.invite(0)
				s.at(time.Hour, func() { s.faults.set(fault{activities: []string{step}, times: -1, after: after}) })
				var broken error
				resent, revoked := s.resend(time.Hour, 2), s.revoke(time.Hour)
				s.at(3*time.Hour, func() { s.faults.set() })
				s.resend(4*time.Hour, 3)
				s.revoke(5 * time.Hour)
				outcome := workflows.InviteRevoked
				if step == "RevokeInvite" && after {
					outcome = workflows.InviteVoid // as the administrator who sends it again finds out
				}
				s.plays(s.input(), outcome)
				if broken = resent.err; step == "RevokeInvite" {
					broken = revoked.err
				}
				require.Error(t, broken)
				s.event(everlatch.EventInviteDeleted)
			})
		}
	}
}
