package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

const (
	day         = 24 * time.Hour
	invitee     = "grace@example.com"
	errInvalid  = "The invite token is invalid"
	errTooLate  = "The invite has expired"
	invitesName = "invitation/invite_1"
)

// inviteScene is an Invitation under way, with moves at chosen times.
type inviteScene struct {
	*house

	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
	end workflows.InvitationEnd
}

func newInvitation(t *testing.T) *inviteScene {
	t.Helper()
	h := newHouse(t)
	h.identity(t, "authid_1")
	s := &inviteScene{house: h, t: t, env: h.env(t, invitesName)}
	h.clock.of(s.env)
	return s
}

// restored is another execution for the same invite, later.
func (s *inviteScene) restored(later time.Duration) *inviteScene {
	s.t.Helper()
	next := &inviteScene{house: s.house, t: s.t, env: s.house.env(s.t, invitesName)}
	next.env.SetStartTime(s.clock.Now().Add(later))
	s.clock.of(next.env)
	return next
}

// identity registers an identity without an actor.
func (h *house) identity(t *testing.T, id string) {
	t.Helper()
	_, err := h.store.RegisterIdentity(t.Context(), store.NewIdentity{
		ID: id, ProviderIdentityID: "pi_" + id, Provider: "emailpass", EntityID: id, EntityKey: id,
	})
	require.NoError(t, err)
}

func (s *inviteScene) grant(n int) workflows.InviteGrant {
	return workflows.InviteGrant{
		LinkGrant: workflows.LinkGrant{TokenID: fmt.Sprint("jti_", n), EventID: fmt.Sprint("evt_grant_", n), Token: s.vault.NewRef(), TTL: day},
		InvitedBy: everlatch.ActorRef{ActorType: "user", ActorID: "user_9"},
	}
}

func (s *inviteScene) input() workflows.InvitationInput {
	return workflows.InvitationInput{InviteID: "invite_1", New: &workflows.NewInvite{
		InviteOffer: everlatch.InviteOffer{Email: invitee, Roles: []string{"role_1"}, Metadata: everlatch.Metadata{"team": "a"}}, Grant: s.grant(1), Fingerprint: "f",
	}}
}

// asked is the answer to an update.
type asked[T any] struct {
	out           T
	rejected, err error
	done          bool
}

func (a *asked[T]) Accept()          {}
func (a *asked[T]) Reject(err error) { a.rejected, a.done = temporalkit.Decode(err), true }
func (a *asked[T]) Complete(success any, err error) {
	a.done, a.err = true, err
	if out, ok := success.(T); ok {
		a.out = out
	}
}

// ask makes a move at a time after the start.
func ask[T any](s *inviteScene, at time.Duration, update string, args ...any) *asked[T] {
	return askOf[T](s.env, at, update, args...)
}

func askOf[T any](env *testsuite.TestWorkflowEnvironment, at time.Duration, update string, args ...any) *asked[T] {
	a := &asked[T]{}
	env.RegisterDelayedCallback(func() { env.UpdateWorkflow(update, "", a, args...) }, at)
	return a
}

func (s *inviteScene) invite(at time.Duration) *asked[workflows.IssuedInvite] {
	return ask[workflows.IssuedInvite](s, at, workflows.UpdateInvite)
}

func (s *inviteScene) resend(at time.Duration, n int) *asked[workflows.IssuedInvite] {
	return ask[workflows.IssuedInvite](s, at, workflows.UpdateResend, s.grant(n))
}

func (s *inviteScene) revoke(at time.Duration) *asked[workflows.Outcome] {
	return ask[workflows.Outcome](s, at, workflows.UpdateRevoke, workflows.RevokeInvite{EventID: "evt_revoked"})
}

// accept brings the n-th token, for a user of the number.
func (s *inviteScene) accept(at time.Duration, n int, identity string, user int) *asked[workflows.UserAccount] {
	return s.acceptAs(at, workflows.AcceptInvite{TokenID: fmt.Sprint("jti_", n), AuthIdentityID: identity}, user)
}

func (s *inviteScene) acceptAs(at time.Duration, in workflows.AcceptInvite, user int) *asked[workflows.UserAccount] {
	in.EventID = fmt.Sprint("evt_accepted_", user)
	in.User.ID, in.User.FirstName = fmt.Sprint("user_", user), new(fmt.Sprint("Grace ", user))
	return ask[workflows.UserAccount](s, at, workflows.UpdateAccept, in)
}

func (s *inviteScene) at(d time.Duration, do func()) { s.env.RegisterDelayedCallback(do, d) }

func (s *inviteScene) play(in workflows.InvitationInput) error {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.Invitation, in)
	require.True(s.t, s.env.IsWorkflowCompleted())
	if err := s.env.GetWorkflowError(); err != nil {
		return err
	}
	return s.env.GetWorkflowResult(&s.end)
}

// plays is play to a certain end.
func (s *inviteScene) plays(in workflows.InvitationInput, outcome string) {
	s.t.Helper()
	require.NoError(s.t, s.play(in))
	require.Equal(s.t, outcome, s.end.Outcome)
}

func (s *inviteScene) event(name string) everlatch.Event {
	s.t.Helper()
	events, _, err := s.store.Events(s.t.Context(), store.EventFilter{Name: name, Released: new(true)}, store.Page{})
	require.NoError(s.t, err)
	require.Len(s.t, events, 1, name)
	require.Equal(s.t, invitesName, events[0].GroupID)
	return events[0]
}

// token opens what is sealed for a subscriber.
func (s *inviteScene) token(ref vault.Ref) (tokens.Invite, error) {
	secret, err := s.vault.Get(s.t.Context(), ref)
	if err != nil {
		return tokens.Invite{}, err
	}
	return s.tokens.VerifyInvite(string(secret.Reveal()))
}

func (a *asked[T]) requireDone(t *testing.T) {
	t.Helper()
	require.True(t, a.done)
	require.NoError(t, a.rejected)
	require.NoError(t, a.err)
}

func requireAdmitted(t *testing.T, a *asked[workflows.UserAccount], id string) {
	t.Helper()
	a.requireDone(t)
	require.Nil(t, a.out.Refusal)
	require.Equal(t, id, a.out.User.ID)
}

func requireNotAdmitted(t *testing.T, a *asked[workflows.UserAccount], code everlatch.Code, message string) {
	t.Helper()
	a.requireDone(t)
	requireRefusal(t, a.out.Refusal, code, message)
}

func (s *inviteScene) sealed(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, s.store.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM sealed_secret`).Scan(&n))
	return n
}
