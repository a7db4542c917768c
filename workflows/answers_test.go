package workflows_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// requestedAs sends an update as the request of an id.
func (s *emailScene) requestedAs(at time.Duration, id, update string, arg any) *asked[workflows.ChangedEmail] {
	a := &asked[workflows.ChangedEmail]{}
	s.at(at, func() { s.env.UpdateWorkflow(update, workflows.RequestPrefix+id, a, arg) })
	return a
}

func (s *emailScene) confirmation(n, undo int) workflows.ConfirmEmail {
	return workflows.ConfirmEmail{TokenID: fmt.Sprint("ask", n), Undo: s.grant("undo", undo, 3*day)}
}

// continued returns the input of the execution that follows.
func continued[I any](t *testing.T, err error) (in I) {
	t.Helper()
	again, ok := errors.AsType[*workflow.ContinueAsNewError](err)
	require.True(t, ok, "%v", err)
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
	return in
}

// Temporal knows the updates of one run only: a request that is repeated after the
// flow has continued as new still gets the first answer, and happens once.
func TestAnswerOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	s := newEmailChange(t)
	s.request(0, 1, "new@example.com")
	s.at(time.Minute, func() { s.env.SetContinueAsNewSuggested(true) })
	first := s.requestedAs(2*time.Minute, "confirm", workflows.UpdateConfirmEmail, s.confirmation(1, 1))
	s.env.ExecuteWorkflow(workflows.EmailChange, workflows.EmailChangeInput{Actor: everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"}})
	in := continued[workflows.EmailChangeInput](t, s.env.GetWorkflowError())
	requireChanged(t, first, "new@example.com")
	require.Len(t, in.Answers, 1)

	next := &emailScene{house: s.house, t: t, env: s.house.env(t, emailsName)}
	s.clock.of(next.env)
	repeated := next.requestedAs(time.Minute, "confirm", workflows.UpdateConfirmEmail, s.confirmation(1, 2))
	another := next.requestedAs(2*time.Minute, "another", workflows.UpdateConfirmEmail, s.confirmation(1, 3))
	next.at(time.Hour, func() { next.env.SetContinueAsNewSuggested(true) })
	undone := next.requestedAs(2*time.Hour, "undo", workflows.UpdateUndoEmail, workflows.UndoEmail{TokenID: "undo1", EventID: "evt_undone"})
	next.env.ExecuteWorkflow(workflows.EmailChange, in)
	require.NoError(t, next.env.GetWorkflowError(), "nothing is open any more")
	requireChanged(t, repeated, "new@example.com")
	requireInvalid(t, another)
	requireChanged(t, undone, email)
	next.requireEmail(email)
	require.Len(t, next.events(everlatch.EventEmailChanged), 1)
}

// What an execution hands on is bounded: the latest answers, of requests only.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	s := newInvitation(t)
	s.invite(0)
	refuse := func(n int, id string) *asked[workflows.UserAccount] {
		a := &asked[workflows.UserAccount]{}
		s.at(time.Duration(n+1)*time.Minute, func() {
			s.env.UpdateWorkflow(workflows.UpdateAccept, id, a, workflows.AcceptInvite{TokenID: "jti_bad", AuthIdentityID: "authid_1", EventID: "evt"})
		})
		return a
	}
	for n := range 20 {
		refuse(n, fmt.Sprint(workflows.RequestPrefix, n))
	}
	last := refuse(20, "")
	s.at(20*time.Minute+time.Second, func() { s.env.SetContinueAsNewSuggested(true) })
	in := continued[workflows.InvitationInput](t, s.play(s.input()))
	requireNotAdmitted(t, last, everlatch.CodeUnauthorized, errInvalid)
	require.Len(t, in.Answers, 16)
	require.Equal(t, workflows.RequestPrefix+"4", in.Answers[0].UpdateID)
	require.Equal(t, workflows.RequestPrefix+"19", in.Answers[15].UpdateID)
}
