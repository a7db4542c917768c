//go:build record

package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordChallenges records what becomes of challenges.
func TestRecordChallenges(t *testing.T) {
	s := recordedChallenges(t, newRecorder(t))
	s.play("passed", time.Minute, func(run client.WorkflowRun) {
		s.prompts(run, "push")
		s.answers(run, "pin", wrongCode)
		s.answers(run, "pin", rightCode)
	})
	s.play("prompted", time.Minute, func(run client.WorkflowRun) {
		s.prompts(run, "push")
		s.answers(run, "push", "push-2")
	})
	s.in.StepUp = true
	s.play("recovery_code", time.Minute, func(run client.WorkflowRun) { s.answers(run, everlatch.MethodRecoveryCode, "code-a") })
	s.in.StepUp = false
	s.play("too_many_attempts", time.Minute, func(run client.WorkflowRun) {
		for range 5 {
			s.answers(run, "pin", wrongCode)
		}
	})
	s.play("expired", 2*time.Second, func(client.WorkflowRun) {})
	s.play("void", time.Minute, nil)

	run := s.start(t, "MFAChallenge/cancelled", workflows.MFAChallenge, s.in)
	s.send(t, run, workflows.UpdateBeginChallenge, activities.None{})
	require.NoError(t, s.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
	require.Error(t, run.Get(t.Context(), nil))
	s.write(t, "MFAChallenge/cancelled", run)
}

// TestRecordContinuedChallenge records one that continues as new.
func TestRecordContinuedChallenge(t *testing.T) {
	s := recordedChallenges(t, newRecorderOn(t, embedded.Options{ContinueAsNewAfter: mostEvents}))
	s.in.TTL = time.Minute
	run := s.start(t, "MFAChallenge/continued", workflows.MFAChallenge, s.in)
	s.send(t, run, workflows.UpdateBeginChallenge, activities.None{})
	s.answers(run, "pin", wrongCode)
	next := s.untilContinued(t, run, func() { s.prompts(run, "push") })
	s.answers(next, "pin", rightCode)
	s.keepBoth(t, "MFAChallenge", run, next)
}

// recordedChallenge is a challengeScene on a server.
type recordedChallenge struct {
	*recorder
	*challengeScene
}

func recordedChallenges(t *testing.T, r *recorder) *recordedChallenge {
	t.Helper()
	h := r.house
	register(t, h, "authid_1")
	h.identity(t, "authid_none")
	s := &recordedChallenge{recorder: r, challengeScene: challengeIn(t, h)}
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // see resets
	return s
}

func (s *recordedChallenge) play(name string, ttl time.Duration, moves func(run client.WorkflowRun)) {
	t, in := s.challengeScene.t, s.in
	in.TTL = ttl
	if moves == nil {
		in.AuthIdentityID, moves = "authid_none", func(client.WorkflowRun) {}
	}
	run := s.start(t, "MFAChallenge/"+name, workflows.MFAChallenge, in)
	s.send(t, run, workflows.UpdateBeginChallenge, activities.None{})
	moves(run)
	require.NoError(t, run.Get(t.Context(), nil))
	s.write(t, "MFAChallenge/"+name, run)
}

func (s *recordedChallenge) answers(run client.WorkflowRun, method, code string) {
	s.n++
	s.send(s.challengeScene.t, run, workflows.UpdateVerifyChallenge, workflows.VerifyChallenge{
		ChallengedSignIn: s.of, Method: method, Code: s.sealed(code), Fingerprint: method,
		UseID: fmt.Sprint("evt_use_", s.n), EventID: fmt.Sprint("evt_answer_", s.n), SignInEventID: fmt.Sprint("evt_sign_in_", s.n),
		Hooks: s.hooks,
	})
}

func (s *recordedChallenge) prompts(run client.WorkflowRun, method string) {
	s.send(s.challengeScene.t, run, workflows.UpdatePromptChallenge,
		workflows.PromptChallenge{ChallengedSignIn: s.of, Method: method, Secret: s.vault.NewRef()})
}
