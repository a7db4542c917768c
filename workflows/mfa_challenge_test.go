package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

const (
	challengeWrong   = "Invalid MFA challenge code"
	challengeTooMany = "MFA challenge has too many failed attempts"
	challengeUnknown = `MFA challenge with id "authmfachal_1" was not found`
)

func TestMFAChallenge(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T, s *challengeScene){
		"passed": func(t *testing.T, s *challengeScene) {
			began := s.env.Now()
			begun := s.begin()
			wrong, right := s.verify(time.Second, "pin", wrongCode), s.verify(time.Minute, "pin", rightCode)
			s.plays(workflows.ChallengePassed)
			begun.requireDone(t)
			require.Equal(t, []string{"pin", "push", everlatch.MethodRecoveryCode}, begun.out.Methods)
			require.WithinDuration(t, began.Add(5*time.Minute), begun.out.ExpiresAt, time.Second)
			require.Equal(t, 5, begun.out.MaxAttempts)
			wrong.refused(t, wrong.out.Refusal, everlatch.CodeNotAllowed, challengeWrong)
			requirePassed(t, right, "pin")
			require.WithinDuration(t, began.Add(time.Minute), right.out.At, time.Second)
			require.False(t, right.out.StepUp)

			failed := s.released(t, everlatch.EventMFAChallengeFailed)
			require.Len(t, failed, 1)
			require.EqualValues(t, 1, failed[0]["attempts"])
			passed := s.released(t, everlatch.EventMFAChallengePassed)
			require.Len(t, passed, 1)
			require.Equal(t, "authmfa_0", passed[0]["mfa_id"])
			signedIn := s.released(t, everlatch.EventLoginSucceeded)
			require.Len(t, signedIn, 1, "the sign-in succeeds now")
			require.Equal(t, "authid_1", signedIn[0]["auth_identity_id"])
		},
		"a step-up is no sign-in": func(t *testing.T, s *challengeScene) {
			s.in.StepUp = true
			s.begin()
			right := s.verify(time.Second, "pin", rightCode)
			s.plays(workflows.ChallengePassed)
			requirePassed(t, right, "pin")
			require.True(t, right.out.StepUp)
			require.Empty(t, s.released(t, everlatch.EventLoginSucceeded))
			require.Len(t, s.released(t, everlatch.EventMFAChallengePassed), 1)
		},
		"a recovery code is used up": func(t *testing.T, s *challengeScene) {
			s.begin()
			right := s.verify(time.Second, everlatch.MethodRecoveryCode, "code-a")
			s.plays(workflows.ChallengePassed)
			requirePassed(t, right, everlatch.MethodRecoveryCode)
			left, err := s.store.RecoveryCodes(t.Context(), "authid_1")
			require.NoError(t, err)
			require.Equal(t, 1, left)
			require.Len(t, s.released(t, everlatch.EventRecoveryCodeUsed), 1)
		},
		"too many wrong answers": func(t *testing.T, s *challengeScene) {
			s.begin()
			var answers []*asked[workflows.PassedChallenge]
			for i := range 4 {
				answers = append(answers, s.verify(time.Duration(i+1)*time.Second, "pin", wrongCode))
			}
			last := s.verify(5*time.Second, "pin", wrongCode)
			s.plays(workflows.ChallengeExhausted)
			for _, a := range answers {
				a.refused(t, a.out.Refusal, everlatch.CodeNotAllowed, challengeWrong)
			}
			last.refused(t, last.out.Refusal, everlatch.CodeNotAllowed, challengeTooMany)
			require.Equal(t, everlatch.ReasonChallengeLastCode, last.out.Refusal.Reason)
			require.Empty(t, s.released(t, everlatch.EventLoginSucceeded))
		},
		"wrong answers at once are counted exactly": func(t *testing.T, s *challengeScene) {
			s.begin()
			var answers []*asked[workflows.PassedChallenge]
			for range 20 {
				answers = append(answers, s.verify(time.Second, "pin", wrongCode))
			}
			s.plays(workflows.ChallengeExhausted)
			counted := map[everlatch.Reason]int{} //nolint:exhaustive // those of answers
			for _, a := range answers {
				a.requireDone(t)
				counted[a.out.Refusal.Reason]++
			}
			require.Equal(t, map[everlatch.Reason]int{ //nolint:exhaustive // those of answers
				everlatch.ReasonChallengeCode: 4, everlatch.ReasonChallengeLastCode: 1, everlatch.ReasonChallengeExhausted: 15,
			}, counted)
			require.Len(t, s.released(t, everlatch.EventMFAChallengeFailed), 5)
		},
		"the right answer many times at once is accepted once": func(t *testing.T, s *challengeScene) {
			s.begin()
			var answers []*asked[workflows.PassedChallenge]
			for range 20 {
				answers = append(answers, s.verify(time.Second, everlatch.MethodRecoveryCode, "code-a"))
			}
			other := s.verify(time.Second, everlatch.MethodRecoveryCode, "code-b")
			s.plays(workflows.ChallengePassed)
			for _, a := range answers {
				requirePassed(t, a, everlatch.MethodRecoveryCode)
				require.Equal(t, answers[0].out, a.out)
			}
			other.refused(t, other.out.Refusal, everlatch.CodeNotAllowed, "MFA challenge has already been completed")
			left, err := s.store.RecoveryCodes(t.Context(), "authid_1")
			require.NoError(t, err)
			require.Equal(t, 1, left)
			require.Len(t, s.released(t, everlatch.EventLoginSucceeded), 1)
		},
		"expired": func(t *testing.T, s *challengeScene) {
			began := s.env.Now()
			s.begin()
			s.plays(workflows.ChallengeExpired)
			require.WithinDuration(t, began.Add(5*time.Minute), s.env.Now(), time.Second)
		},
		"another sign-in": func(t *testing.T, s *challengeScene) {
			s.begin()
			var answers []*asked[workflows.PassedChallenge]
			for i, of := range []workflows.ChallengedSignIn{
				{AuthIdentityID: "authid_2", SignInID: "sign_in_1", CredentialVersion: 1},
				{AuthIdentityID: "authid_1", SignInID: "sign_in_2", CredentialVersion: 1},
				{AuthIdentityID: "authid_1", SignInID: "sign_in_1", CredentialVersion: 2},
				{},
			} {
				answers = append(answers, s.verifyAs(time.Duration(i+1)*time.Second, of, "pin", rightCode))
			}
			s.plays(workflows.ChallengeExpired)
			for _, a := range answers {
				a.refused(t, a.out.Refusal, everlatch.CodeNotFound, challengeUnknown)
				require.Error(t, a.rejected, "it leaves no trace in history")
			}
		},
		"a method that is not offered": func(t *testing.T, s *challengeScene) {
			s.begin()
			refused := s.verify(time.Second, "sms", rightCode)
			s.plays(workflows.ChallengeExpired)
			refused.refused(t, refused.out.Refusal, everlatch.CodeInvalidData, `MFA challenge does not support method "sms"`)
		},
		"prompted": func(t *testing.T, s *challengeScene) {
			s.begin()
			early := s.verify(time.Second, "push", "push-1")
			first, second := s.prompt(2*time.Second, "push"), s.prompt(3*time.Second, "push")
			old, right := s.verify(4*time.Second, "push", "push-1"), s.verify(5*time.Second, "push", "push-2")
			s.plays(workflows.ChallengePassed)
			early.refused(t, early.out.Refusal, everlatch.CodeNotAllowed, challengeWrong)
			require.EqualValues(t, 1, first.out.Public["sent"])
			require.EqualValues(t, 2, second.out.Public["sent"])
			old.refused(t, old.out.Refusal, everlatch.CodeNotAllowed, challengeWrong)
			requirePassed(t, right, "push")
		},
		"prompted too often": func(t *testing.T, s *challengeScene) {
			s.begin()
			var prompts []*asked[workflows.PromptedChallenge]
			for i := range 11 {
				prompts = append(prompts, s.prompt(time.Duration(i+1)*time.Second, "push"))
			}
			other := s.prompt(time.Minute, "sms")
			s.plays(workflows.ChallengeExpired)
			require.EqualValues(t, 10, prompts[9].out.Public["sent"])
			prompts[10].refused(t, prompts[10].out.Refusal, everlatch.CodeNotAllowed, "This was asked for too often. Sign in again.")
			other.refused(t, other.out.Refusal, everlatch.CodeInvalidData, `MFA challenge does not support method "sms"`)
		},
		"an answer that is no longer stored counts nothing": func(t *testing.T, s *challengeScene) {
			s.begin()
			s.env.RegisterDelayedCallback(func() { require.NoError(t, s.vault.Delete(t.Context(), "x")) }, time.Second)
			lost := askOf[workflows.PassedChallenge](s.env, time.Second, workflows.UpdateVerifyChallenge, workflows.VerifyChallenge{
				ChallengedSignIn: s.of, Method: "pin", Code: s.vault.NewRef(), UseID: "evt_u", EventID: "evt_e",
			})
			right := s.verify(2*time.Second, "pin", rightCode)
			s.plays(workflows.ChallengePassed)
			lost.requireDone(t)
			require.NotNil(t, lost.out.Refusal)
			require.Empty(t, s.released(t, everlatch.EventMFAChallengeFailed))
			requirePassed(t, right, "pin")
		},
		"the factors are gone": func(t *testing.T, s *challengeScene) {
			for i := range 2 {
				_, err := s.store.DisableFactor(t.Context(), "authid_1", fmt.Sprint("authmfa_", i), everlatch.Event{ID: fmt.Sprint("evt_off_", i), Name: everlatch.EventMFADisabled})
				require.NoError(t, err)
			}
			begun := s.begin()
			s.plays(workflows.ChallengeVoid)
			begun.refused(t, begun.out.Refusal, everlatch.CodeNotAllowed, "Auth identity does not have any enabled MFA methods")
		},
		"only recovery codes can be verified": func(t *testing.T, s *challengeScene) {
			s.withFactors(t)
			begun := s.begin()
			right := s.verify(time.Second, everlatch.MethodRecoveryCode, "code-b")
			s.plays(workflows.ChallengePassed)
			require.Equal(t, []string{everlatch.MethodRecoveryCode}, begun.out.Methods)
			requirePassed(t, right, everlatch.MethodRecoveryCode)
		},
		"nothing can be verified": func(t *testing.T, s *challengeScene) {
			s.withFactors(t)
			for i, code := range []string{"code-a", "code-b"} {
				used, err := s.store.UseRecoveryCode(t.Context(), "authid_1", s.vault.HashEach("recovery code", "authid_1", code),
					everlatch.Event{ID: fmt.Sprint("evt_r_", i), Name: everlatch.EventRecoveryCodeUsed, Data: everlatch.Metadata{}})
				require.NoError(t, err)
				require.True(t, used)
			}
			begun := s.begin()
			refused := s.verify(time.Minute, "pin", rightCode)
			s.plays(workflows.ChallengeExpired)
			require.Error(t, begun.err)
			refused.refused(t, refused.out.Refusal, everlatch.CodeInvalidData, `MFA challenge does not support method "pin"`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newChallenge(t))
		})
	}
}

// Every activity fails once, before and after its work; the flow promises the same.
func TestMFAChallengeFaults(t *testing.T) {
	t.Parallel()
	steps := []string{"OfferMethods", "VerifyFactor", "PromptFactor", "FailChallenge", "PassChallenge", "ReleaseEvents"}
	for _, step := range steps {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint(step, " after its work: ", after), func(t *testing.T) {
				t.Parallel()
				s := newChallenge(t)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				s.begin()
				prompted := s.prompt(time.Second, "push")
				wrong := s.verify(10*time.Second, "push", wrongCode)
				right := s.verify(time.Minute, everlatch.MethodRecoveryCode, "code-a")
				s.plays(workflows.ChallengePassed)
				require.Positive(t, s.faults.called(step))
				prompted.requireDone(t)
				wrong.refused(t, wrong.out.Refusal, everlatch.CodeNotAllowed, challengeWrong)
				requirePassed(t, right, everlatch.MethodRecoveryCode)
				for _, name := range []string{everlatch.EventMFAChallengeFailed, everlatch.EventMFAChallengePassed, everlatch.EventLoginSucceeded, everlatch.EventRecoveryCodeUsed} {
					require.Len(t, s.released(t, name), 1, name)
				}
			})
		}
	}

	t.Run("an outage counts nothing", func(t *testing.T) {
		t.Parallel()
		s := newChallenge(t)
		s.faults.set(fault{activities: []string{"VerifyFactor"}, times: -1})
		s.begin()
		lost := s.verify(time.Second, "pin", rightCode)
		s.env.RegisterDelayedCallback(func() { s.faults.set() }, 2*time.Minute)
		right := s.verify(3*time.Minute, "pin", rightCode)
		s.plays(workflows.ChallengePassed)
		require.Error(t, lost.err)
		requirePassed(t, right, "pin")
		require.Empty(t, s.released(t, everlatch.EventMFAChallengeFailed))
	})
}

// A cancelled challenge waits for the answer that is being checked.
func TestMFAChallengeCancelled(t *testing.T) {
	t.Parallel()
	for _, during := range []string{"OfferMethods", "VerifyFactor", "PassChallenge"} {
		t.Run(during, func(t *testing.T) {
			t.Parallel()
			s := newChallenge(t)
			s.faults.set(fault{activities: []string{during}, meanwhile: s.env.CancelWorkflow})
			s.begin()
			answer := s.verify(time.Second, "pin", rightCode)
			s.env.ExecuteWorkflow(workflows.MFAChallenge, s.in)
			require.True(t, s.env.IsWorkflowCompleted())
			if during == "OfferMethods" {
				require.Error(t, s.env.GetWorkflowError())
				return
			}
			requirePassed(t, answer, "pin")
			require.NoError(t, s.env.GetWorkflowError())
		})
	}
}
