package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// withRole is a house where there is role_1.
func (h *house) withRole(t *testing.T) {
	t.Helper()
	_, err := h.store.SetUpRBAC(t.Context(), []everlatch.Policy{{Resource: "user", Operation: "read", Name: new("n"), Description: new("d")}})
	require.NoError(t, err)
	_, err = h.store.CreateRole(t.Context(), store.Operator("tests"), everlatch.Role{ID: "role_1", Name: "One"}, nil)
	require.NoError(t, err)
}

func (h *house) rolesOf(t *testing.T, userID string) []string {
	t.Helper()
	access, err := h.store.Access(t.Context(), userID)
	require.NoError(t, err)
	return access.Roles
}

// TestInvitationGivesRoles: the administrator who accepts gets the roles of the invite, with the
// user or not at all, however a step fails (docs/contract.md#s4-6).
func TestInvitationGivesRoles(t *testing.T) {
	t.Parallel()

	for _, step := range []string{"CheckInvite", "CreateUser", "LinkActor", "AcceptInvite"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s fails once, after effect %v", step, after), func(t *testing.T) {
				t.Parallel()
				s := newInvitation(t)
				s.withRole(t)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				s.invite(0)
				winner := s.accept(time.Hour, 1, "authid_1", 1)
				s.plays(s.input(), workflows.InviteAccepted)
				requireAdmitted(t, winner, "user_1")
				require.Equal(t, []string{"role_1"}, s.rolesOf(t, "user_1"))
			})
		}
	}
	t.Run("undone with the user", func(t *testing.T) {
		t.Parallel()
		s := newInvitation(t)
		s.withRole(t)
		s.invite(0)
		refused := s.accept(time.Hour, 1, "authid_unknown", 1)
		s.at(2*time.Hour, func() {
			requireNotAdmitted(t, refused, everlatch.CodeNotFound, "AuthIdentity with id: authid_unknown was not found")
			require.Zero(t, s.roleLinks(t))
		})
		winner := s.accept(3*time.Hour, 1, "authid_1", 2)
		s.plays(s.input(), workflows.InviteAccepted)
		requireAdmitted(t, winner, "user_2")
		require.Equal(t, []string{"role_1"}, s.rolesOf(t, "user_2"))
		require.Equal(t, 1, s.roleLinks(t))
	})
	t.Run("a role that was deleted meanwhile is left out", func(t *testing.T) {
		t.Parallel()
		s := newInvitation(t)
		s.withRole(t)
		s.invite(0)
		s.at(time.Hour, func() {
			require.NoError(t, s.store.DeleteRole(t.Context(), store.Operator("tests"), "role_1"))
		})
		winner := s.accept(2*time.Hour, 1, "authid_1", 1)
		s.plays(s.input(), workflows.InviteAccepted)
		requireAdmitted(t, winner, "user_1")
		require.Empty(t, s.rolesOf(t, "user_1"))
	})
}

func (h *house) roleLinks(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, h.store.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM user_rbac_role`).Scan(&n))
	return n
}

// TestTheLastSuperAdminIsNotRemoved: the flow is refused and leaves everything
// as it was.
func TestTheLastSuperAdminIsNotRemoved(t *testing.T) {
	t.Parallel()

	h := newHouse(t)
	_, err := createUser(t, h)
	require.NoError(t, err)
	h.withRole(t)
	before := h.snapshot(t)
	remove := func(n int) error {
		_, err := perform[workflows.Outcome](t, h, fmt.Sprint("remove-user-account/user_1/", n), workflows.RemoveUserAccount,
			workflows.RemoveAccountInput{ActorID: "user_1"})
		return err
	}

	err = remove(1)
	require.Equal(t, everlatch.CodeNotAllowed, everlatch.ErrorCode(err))
	require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: store.LastSuperAdmin})
	require.Equal(t, before, h.snapshot(t))

	_, err = h.store.CreateUser(t.Context(), everlatch.User{ID: "user_2", Email: "b@example.com"}, everlatch.Event{}, everlatch.RoleSuperAdmin)
	require.NoError(t, err)
	require.NoError(t, remove(2))
}
