package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// What stands against a person leaves the invite as it is (docs/weak-spots.md#w8).
func TestInvitationRefusals(t *testing.T) {
	t.Parallel()

	t.Run("an address that got a user meanwhile", func(t *testing.T) {
		t.Parallel()
		s := newInvitation(t)
		s.invite(0)
		s.at(time.Hour, func() {
			_, err := s.store.CreateUser(t.Context(), everlatch.User{ID: "user_0", Email: invitee}, everlatch.Event{})
			require.NoError(t, err)
		})
		taken := s.accept(2*time.Hour, 1, "authid_1", 1)
		s.at(3*time.Hour, func() { require.NoError(t, s.store.RemoveUser(t.Context(), "user_0", everlatch.Event{})) })
		good := s.accept(4*time.Hour, 1, "authid_1", 2)
		s.plays(s.input(), workflows.InviteAccepted)
		requireNotAdmitted(t, taken, everlatch.CodeInvalidData, "User with email: grace@example.com, already exists.")
		requireAdmitted(t, good, "user_2")
	})

	t.Run("an identity that is an administrator", func(t *testing.T) {
		t.Parallel()
		s := newInvitation(t)
		s.identity(t, "authid_2")
		require.NoError(t, s.store.LinkActor(t.Context(), store.Link{IdentityID: "authid_1", ActorType: "user", ActorID: "user_0"}))
		s.invite(0)
		linked := s.accept(time.Hour, 1, "authid_1", 1)
		gone := s.accept(time.Hour, 1, "authid_nope", 2)
		good := s.accept(2*time.Hour, 1, "authid_2", 3)
		s.plays(s.input(), workflows.InviteAccepted)
		requireNotAdmitted(t, linked, everlatch.CodeNotAllowed, "The auth identity is already linked to another user.")
		require.Equal(t, everlatch.CodeNotFound, gone.out.Refusal.Code)
		requireAdmitted(t, good, "user_3")
		require.Equal(t, []string{"authid_1 user user_0", "authid_2 user user_3"}, s.snapshot(t)["links"])
		require.Equal(t, []string{"user_3 live"}, s.snapshot(t)["users"])
		s.event(everlatch.EventUserCreated)
	})
}

// docs/weak-spots.md#w6: an identity that has proved the invited address needs no token.
func TestInvitationByAddress(t *testing.T) {
	t.Parallel()
	s := newInvitation(t)
	s.invite(0)
	byAddress := func(at time.Duration, email string, user int) *asked[workflows.UserAccount] {
		return s.acceptAs(at, workflows.AcceptInvite{Email: email, AuthIdentityID: "authid_1"}, user)
	}
	refused := []*asked[workflows.UserAccount]{
		byAddress(time.Hour, "eve@example.com", 1), byAddress(time.Hour, "", 2),
		s.acceptAs(time.Hour, workflows.AcceptInvite{Email: "eve@example.com", TokenID: "jti_1", AuthIdentityID: "authid_1"}, 3),
	}
	good := byAddress(2*time.Hour, "Grace@Example.com", 4)
	s.plays(s.input(), workflows.InviteAccepted)
	for _, a := range refused {
		requireNotAdmitted(t, a, everlatch.CodeUnauthorized, errInvalid)
	}
	requireAdmitted(t, good, "user_4")
	require.Equal(t, invitee, good.out.User.Email)
}

// An invite whose execution was terminated, or that came with an import, is taken
// up by whatever move comes first.
func TestInvitationRestored(t *testing.T) {
	t.Parallel()
	pending := workflows.InvitationInput{InviteID: "invite_1"}
	lost := func(t *testing.T) *inviteScene {
		t.Helper()
		s := newInvitation(t)
		_, err := s.store.CreateInvite(t.Context(), everlatch.Invite{
			ID: "invite_1", InviteOffer: everlatch.InviteOffer{Email: invitee}, ExpiresAt: s.clock.Now().Add(10 * time.Hour),
		}, "jti_1", everlatch.Event{})
		require.NoError(t, err)
		return s
	}
	t.Run("by who accepts", func(t *testing.T) {
		t.Parallel()
		s := lost(t)
		good := s.accept(0, 1, "authid_1", 1)
		s.plays(pending, workflows.InviteAccepted)
		requireAdmitted(t, good, "user_1")
	})
	t.Run("by who is refused, and then waits no longer than the invite", func(t *testing.T) {
		t.Parallel()
		s := lost(t)
		_, err := s.store.CreateUser(t.Context(), everlatch.User{ID: "user_0", Email: invitee}, everlatch.Event{})
		require.NoError(t, err)
		began := s.clock.Now()
		s.accept(0, 1, "authid_1", 1)
		s.plays(pending, workflows.InviteExpired)
		require.WithinDuration(t, began.Add(10*time.Hour), s.clock.Now(), time.Second)
	})
	t.Run("by who revokes", func(t *testing.T) {
		t.Parallel()
		s := lost(t)
		s.revoke(0)
		s.plays(pending, workflows.InviteRevoked)
		s.event(everlatch.EventInviteDeleted)
	})
	t.Run("by a bad token, and ends at once", func(t *testing.T) {
		t.Parallel()
		s := lost(t)
		bad := s.accept(0, 2, "authid_1", 1)
		s.plays(pending, workflows.InviteVoid)
		requireNotAdmitted(t, bad, everlatch.CodeUnauthorized, errInvalid)
	})
	t.Run("by a bad token and a good move in one breath", func(t *testing.T) {
		t.Parallel()
		s := lost(t)
		bad, resent := &asked[workflows.UserAccount]{}, &asked[workflows.IssuedInvite]{}
		s.at(0, func() {
			s.env.UpdateWorkflow(workflows.UpdateAccept, "", bad, workflows.AcceptInvite{
				TokenID: "jti_bad", AuthIdentityID: "authid_1", User: everlatch.User{ID: "user_1"}, EventID: "evt_bad",
			})
			s.env.UpdateWorkflow(workflows.UpdateResend, "", resent, s.grant(2))
		})
		good := s.accept(20*time.Hour, 2, "authid_1", 2)
		s.plays(pending, workflows.InviteAccepted)
		requireNotAdmitted(t, bad, everlatch.CodeUnauthorized, errInvalid)
		resent.requireDone(t)
		requireAdmitted(t, good, "user_2")
	})
	t.Run("by a repeated request, whose first answer was lost", func(t *testing.T) {
		t.Parallel()
		s := lost(t)
		unknown := s.invite(0)
		s.plays(pending, workflows.InviteExpired)
		require.Equal(t, everlatch.CodeConflict, unknown.out.Refusal.Code)
		require.Equal(t, []string{"invite_1 grace@example.com live"}, s.snapshot(t)["invites"])
	})
}

// A history that grows long is begun afresh, with everything that counts.
func TestInvitationStartsAfresh(t *testing.T) {
	t.Parallel()
	s := newInvitation(t)
	s.env.SetContinueAsNewSuggested(true)
	made := s.invite(0)
	err := s.play(s.input())
	in := continued[workflows.InvitationInput](t, err)
	require.Nil(t, in.New)

	next := s.restored(0)
	repeated := next.invite(time.Minute)
	good := next.accept(23*time.Hour, 1, "authid_1", 1)
	next.plays(in, workflows.InviteAccepted)
	require.Equal(t, made.out, repeated.out, "a repeated request gets the first answer")
	require.Equal(t, made.out, *next.end.Created)
	requireAdmitted(t, good, "user_1")
	_, err = s.token(made.out.Token)
	require.ErrorIs(t, err, everlatch.ErrInvalidData, "shredded by who knows where it was")
}
