package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

const emailsName = "email-change/customer/cus_1"

// emailScene is an EmailChange of Ada's under way, with moves at chosen times.
type emailScene struct {
	*house

	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
}

func newEmailChange(t *testing.T) *emailScene {
	t.Helper()
	h := newHouse(t)
	register(t, h, "authid_1")
	_, err := createCustomer(t, h, "authid_1", "cus_1", email)
	require.NoError(t, err)
	s := &emailScene{house: h, t: t, env: h.env(t, emailsName)}
	h.clock.of(s.env)
	return s
}

func (s *emailScene) grant(kind string, n int, ttl time.Duration) workflows.LinkGrant {
	return workflows.LinkGrant{
		TokenID: fmt.Sprint(kind, n), EventID: fmt.Sprint("evt_", kind, n), Token: s.vault.NewRef(), TTL: ttl,
	}
}

// request asks for an address, as the n-th request.
func (s *emailScene) request(at time.Duration, n int, to string) *asked[workflows.Outcome] {
	return s.requestUnder(at, n, to, 0)
}

// requestUnder is request by a user who is signed in under a credential
// version; 0 is that of the moment.
func (s *emailScene) requestUnder(at time.Duration, n int, to string, version int64) *asked[workflows.Outcome] {
	a := &asked[workflows.Outcome]{}
	s.env.RegisterDelayedCallback(func() {
		in := workflows.RequestEmail{
			AuthIdentityID: "authid_1", CredentialVersion: version, Email: to, Grant: s.grant("ask", n, day),
			AnnouncedID: fmt.Sprint("evt_announced", n), ResendAfter: time.Minute,
		}
		if version == 0 {
			in.CredentialVersion = s.version()
		}
		s.env.UpdateWorkflow(workflows.UpdateRequestEmail, "", a, in)
	}, at)
	return a
}

func (s *emailScene) confirm(at time.Duration, n, undo int) *asked[workflows.ChangedEmail] {
	return s.move(at, workflows.UpdateConfirmEmail, workflows.ConfirmEmail{
		TokenID: fmt.Sprint("ask", n), Undo: s.grant("undo", undo, 3*day),
	})
}

func (s *emailScene) undo(at time.Duration, n int) *asked[workflows.ChangedEmail] {
	return s.move(at, workflows.UpdateUndoEmail, workflows.UndoEmail{TokenID: fmt.Sprint("undo", n), EventID: fmt.Sprint("evt_undone", n)})
}

func (s *emailScene) move(at time.Duration, update string, arg any) *asked[workflows.ChangedEmail] {
	a := &asked[workflows.ChangedEmail]{}
	s.at(at, func() { s.env.UpdateWorkflow(update, "", a, arg) })
	return a
}

func (s *emailScene) at(d time.Duration, do func()) { s.env.RegisterDelayedCallback(do, d) }

// plays runs the flow to its end.
func (s *emailScene) plays() {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.EmailChange, workflows.EmailChangeInput{Actor: everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"}})
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
}

// requireLasted checks how long the flow took. Tokens count in whole seconds.
func (s *emailScene) requireLasted(began time.Time, want time.Duration) {
	s.t.Helper()
	require.WithinDuration(s.t, began.Add(want), s.env.Now(), 2*time.Second)
}

func (s *emailScene) version() int64 {
	identity, err := s.store.Identity(s.t.Context(), "authid_1")
	require.NoError(s.t, err)
	return identity.CredentialVersion
}

// requireEmail checks that account and login have an address, and no other.
func (s *emailScene) requireEmail(want string) {
	s.t.Helper()
	customer, err := s.store.Customer(s.t.Context(), "cus_1")
	require.NoError(s.t, err)
	require.Equal(s.t, want, *customer.Email)
	found, err := s.store.FindCredential(s.t.Context(), "emailpass", want)
	require.NoError(s.t, err)
	require.Equal(s.t, "authid_1", found.Identity.ID)
}

// events are the released ones of a name, the first one first.
func (s *emailScene) events(name string) []everlatch.Event {
	s.t.Helper()
	events, _, err := s.store.Events(s.t.Context(), store.EventFilter{Name: name, Released: new(true)}, store.Page{})
	require.NoError(s.t, err)
	return events
}

// token opens the token of an event as the mailer does; "" when it is gone.
func (s *emailScene) token(e everlatch.Event, purpose tokens.Purpose) string {
	s.t.Helper()
	ref, sealed := everlatch.SecretOf(e.Data["token"])
	require.True(s.t, sealed, "%v", e.Data)
	secret, err := s.vault.Get(s.t.Context(), vault.Ref(ref))
	if err != nil {
		return ""
	}
	said, err := s.tokens.VerifyEmail(string(secret.Reveal()), purpose)
	require.NoError(s.t, err)
	require.Equal(s.t, "cus_1", said.ActorID)
	return said.ID
}

func requireChanged(t *testing.T, a *asked[workflows.ChangedEmail], want string) {
	t.Helper()
	a.requireDone(t)
	require.Nil(t, a.out.Refusal)
	require.Equal(t, want, a.out.Email)
}

// requireInvalid checks a token that is void, at the validator or behind it.
func requireInvalid(t *testing.T, a *asked[workflows.ChangedEmail]) {
	t.Helper()
	require.True(t, a.done)
	require.NoError(t, a.err)
	if a.rejected != nil {
		require.ErrorIs(t, a.rejected, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid})
		return
	}
	requireRefusal(t, a.out.Refusal, everlatch.CodeUnauthorized, "Invalid token")
}
