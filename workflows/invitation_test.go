package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

func TestInvitation(t *testing.T) {
	t.Parallel()

	t.Run("made, mailed, accepted once", func(t *testing.T) {
		t.Parallel()
		s := newInvitation(t)
		s.identity(t, "authid_2")
		made := s.invite(0)
		s.at(time.Hour, func() {
			ref, ok := everlatch.SecretOf(s.event(everlatch.EventInviteCreated).Data["token"])
			require.True(t, ok, "the token is a reference")
			said, err := s.token(vault.Ref(ref))
			require.NoError(t, err)
			require.Equal(t, "jti_1", said.TokenID)
			require.Equal(t, invitee, said.Email)
			require.Equal(t, made.out.Invite.ExpiresAt, said.ExpiresAt)
		})
		winner := s.accept(2*time.Hour, 1, "authid_1", 1)
		loser := s.accept(2*time.Hour+time.Nanosecond, 1, "authid_2", 2)
		s.plays(s.input(), workflows.InviteAccepted)

		made.requireDone(t)
		require.Equal(t, made.out, *s.end.Created)
		require.Equal(t, "f", made.out.Fingerprint)
		require.Equal(t, []string{"role_1"}, made.out.Invite.Roles)
		require.Equal(t, invitesName, made.out.Invite.WorkflowID)
		requireAdmitted(t, winner, "user_1")
		require.Equal(t, invitee, winner.out.User.Email, "the invited address")
		requireNotAdmitted(t, loser, everlatch.CodeUnauthorized, errInvalid)
		require.Equal(t, map[string][]string{
			"identities":  {"authid_1 vlive", "authid_2 vlive"},
			"credentials": {"pi_authid_1 authid_1 live", "pi_authid_2 authid_2 live"},
			"links":       {"authid_1 user user_1"},
			"users":       {"user_1 live"},
			"invites":     {"invite_1 grace@example.com accepted"},
			"events": {
				"auth.actor_linked released", "invite.accepted released", "invite.created released", "user.created released",
			},
		}, s.snapshot(t))
		created := s.event(everlatch.EventInviteCreated)
		require.Equal(t, invitee, created.Data["email"])
		require.Equal(t, everlatch.Metadata{"actor_type": "user", "actor_id": "user_9"}, created.Data["invited_by"])
		require.Equal(t, everlatch.Metadata{"id": "invite_1", "user_id": "user_1", "auth_identity_id": "authid_1"},
			s.event(everlatch.EventInviteAccepted).Data)
		require.Equal(t, everlatch.Metadata{"id": "user_1"}, s.event(everlatch.EventUserCreated).Data)
		_, err := s.token(made.out.Token)
		require.ErrorIs(t, err, everlatch.ErrInvalidData, "the token is shredded")
	})

	t.Run("of sixty at once with different bodies one wins", func(t *testing.T) {
		t.Parallel()
		s := newInvitation(t)
		s.invite(0)
		var answers []*asked[workflows.UserAccount]
		for i := range 60 {
			s.identity(t, fmt.Sprint("authid_at_once_", i))
			answers = append(answers, &asked[workflows.UserAccount]{})
		}
		s.at(time.Hour, func() {
			for i, a := range answers {
				s.env.UpdateWorkflow(workflows.UpdateAccept, "", a, workflows.AcceptInvite{
					TokenID: "jti_1", AuthIdentityID: fmt.Sprint("authid_at_once_", i), EventID: fmt.Sprint("evt_accepted_", i),
					User: everlatch.User{ID: fmt.Sprint("user_", i), Email: fmt.Sprintf("grace%d@example.com", i)},
				})
			}
		})
		s.plays(s.input(), workflows.InviteAccepted)
		admitted := 0
		for _, a := range answers {
			if a.requireDone(t); a.out.Refusal == nil {
				admitted++
				continue
			}
			requireNotAdmitted(t, a, everlatch.CodeUnauthorized, errInvalid)
		}
		require.Equal(t, 1, admitted)
		require.Len(t, s.snapshot(t)["users"], 1)
		require.Len(t, s.snapshot(t)["links"], 1)
	})

	t.Run("it expires, and can be sent again", func(t *testing.T) {
		t.Parallel()
		s := newInvitation(t)
		began := s.clock.Now()
		s.invite(0)
		s.plays(s.input(), workflows.InviteExpired)
		require.WithinDuration(t, began.Add(day), s.clock.Now(), time.Second)
		require.Equal(t, []string{"invite_1 grace@example.com live"}, s.snapshot(t)["invites"], "it stays in the list")

		late := s.restored(time.Hour)
		tooLate := late.accept(0, 1, "authid_1", 1)
		late.plays(workflows.InvitationInput{InviteID: "invite_1"}, workflows.InviteVoid)
		requireNotAdmitted(t, tooLate, everlatch.CodeUnauthorized, errTooLate)

		again := late.restored(time.Hour)
		resent := again.resend(0, 2)
		former := again.accept(time.Minute, 1, "authid_1", 1)
		good := again.accept(23*time.Hour, 2, "authid_1", 2)
		again.plays(workflows.InvitationInput{InviteID: "invite_1"}, workflows.InviteAccepted)
		resent.requireDone(t)
		requireNotAdmitted(t, former, everlatch.CodeUnauthorized, errInvalid)
		requireAdmitted(t, good, "user_2")
	})

	t.Run("another token supersedes the one before and moves the end", func(t *testing.T) {
		t.Parallel()
		s := newInvitation(t)
		made := s.invite(0)
		resent := s.resend(23*time.Hour, 2)
		s.at(23*time.Hour+time.Minute, func() {
			_, err := s.token(made.out.Token)
			require.ErrorIs(t, err, everlatch.ErrInvalidData, "a mail that is late has nothing to say")
			said, err := s.token(resent.out.Token)
			require.NoError(t, err)
			require.Equal(t, "jti_2", said.TokenID)
			ref, _ := everlatch.SecretOf(s.event(everlatch.EventInviteResent).Data["token"])
			require.Equal(t, string(resent.out.Token), ref)
		})
		former := s.accept(24*time.Hour, 1, "authid_1", 1)
		good := s.accept(46*time.Hour, 2, "authid_1", 2)
		s.plays(s.input(), workflows.InviteAccepted)
		requireNotAdmitted(t, former, everlatch.CodeUnauthorized, errInvalid)
		requireAdmitted(t, good, "user_2")
	})

	t.Run("revoked, it is void", func(t *testing.T) {
		t.Parallel()
		s := newInvitation(t)
		made := s.invite(0)
		revoked, same := &asked[workflows.Outcome]{}, &asked[workflows.Outcome]{}
		resent, late := &asked[workflows.IssuedInvite]{}, &asked[workflows.UserAccount]{}
		s.at(time.Hour, func() { // in one breath: the others wait for their turn
			s.env.UpdateWorkflow(workflows.UpdateRevoke, "", revoked, workflows.RevokeInvite{EventID: "evt_revoked"})
			s.env.UpdateWorkflow(workflows.UpdateRevoke, "", same, workflows.RevokeInvite{EventID: "evt_revoked_again"})
			s.env.UpdateWorkflow(workflows.UpdateResend, "", resent, s.grant(2))
			s.env.UpdateWorkflow(workflows.UpdateAccept, "", late, workflows.AcceptInvite{
				TokenID: "jti_1", AuthIdentityID: "authid_1", User: everlatch.User{ID: "user_1"}, EventID: "evt_late",
			})
		})
		s.plays(s.input(), workflows.InviteRevoked)
		revoked.requireDone(t)
		same.requireDone(t)
		require.Nil(t, same.out.Refusal)
		requireRefusal(t, resent.out.Refusal, everlatch.CodeInvalidData, "The following invites do not exist: invite_1")
		requireNotAdmitted(t, late, everlatch.CodeUnauthorized, errInvalid)
		require.Equal(t, everlatch.Metadata{"id": "invite_1"}, s.event(everlatch.EventInviteDeleted).Data)
		require.Empty(t, s.snapshot(t)["users"])
		_, err := s.token(made.out.Token)
		require.ErrorIs(t, err, everlatch.ErrInvalidData)
	})

	t.Run("for an address that is taken it is never made", func(t *testing.T) {
		t.Parallel()
		s := newInvitation(t)
		_, err := s.store.CreateUser(t.Context(), everlatch.User{ID: "user_0", Email: "GRACE@example.com"}, everlatch.Event{})
		require.NoError(t, err)
		made, again := &asked[workflows.IssuedInvite]{}, &asked[workflows.IssuedInvite]{}
		s.at(0, func() {
			s.env.UpdateWorkflow(workflows.UpdateInvite, "", made)
			s.env.UpdateWorkflow(workflows.UpdateInvite, "", again)
		})
		s.plays(s.input(), workflows.InviteRefused)
		requireRefusal(t, made.out.Refusal, everlatch.CodeInvalidData, "User account for following email(s) already exist: grace@example.com")
		require.Equal(t, made.out, again.out)
		require.Equal(t, made.out, *s.end.Created, "a repeated request gets the same refusal")
		require.Empty(t, s.snapshot(t)["invites"])
		require.Empty(t, s.snapshot(t)["events"])
		require.Zero(t, s.sealed(t), "no token of what never was")
	})

	t.Run("started for nothing, it ends", func(t *testing.T) {
		t.Parallel()
		newInvitation(t).plays(workflows.InvitationInput{InviteID: "invite_1"}, workflows.InviteExpired)
	})
}
