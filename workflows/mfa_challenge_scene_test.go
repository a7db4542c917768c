package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

const (
	challengeID = "authmfachal_1"
	rightCode   = "246810"
	wrongCode   = "000000"
)

// pinFactor is a second factor whose answer is always the same.
type pinFactor struct{}

func (pinFactor) Method() string      { return "pin" }
func (pinFactor) DisplayName() string { return "PIN" }

func (pinFactor) Enroll(context.Context, providers.FactorEnrollment) (providers.EnrolledFactor, error) {
	return providers.EnrolledFactor{}, nil
}

func (pinFactor) Verify(_ context.Context, in providers.FactorAnswer) (providers.FactorVerdict, error) {
	if in.Code != rightCode {
		return providers.FactorVerdict{}, &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "wrong"}
	}
	return providers.FactorVerdict{}, nil
}

// pushFactor sends a code for each prompt: push-1, push-2 and so on.
type pushFactor struct {
	pinFactor

	sent int
}

func (*pushFactor) Method() string { return "push" }

func (p *pushFactor) Prompt(context.Context, []providers.FactorRecord) (providers.FactorPrompt, error) {
	p.sent++
	return providers.FactorPrompt{
		Public: everlatch.Metadata{"sent": p.sent}, Secret: fmt.Append(nil, "push-", p.sent),
	}, nil
}

func (*pushFactor) Verify(_ context.Context, in providers.FactorAnswer) (providers.FactorVerdict, error) {
	if len(in.Prompt) == 0 || in.Code != string(in.Prompt) {
		return providers.FactorVerdict{}, &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "wrong"}
	}
	return providers.FactorVerdict{}, nil
}

// challengeScene is an MFAChallenge of authid_1 under way, with answers at chosen times.
// The identity has a PIN, a push device and two recovery codes.
type challengeScene struct {
	*house

	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
	of  workflows.ChallengedSignIn
	in  workflows.MFAChallengeInput
	n   int
	// hooks are those of the answers.
	hooks *workflows.Hooks
}

func newChallenge(t *testing.T) *challengeScene {
	t.Helper()
	h := newHouse(t)
	register(t, h, "authid_1")
	return challengeIn(t, h)
}

func challengeIn(t *testing.T, h *house) *challengeScene {
	t.Helper()
	h.withFactors(t, pinFactor{}, &pushFactor{})
	h.acts.Challenges.LoginEvents = true
	for i, method := range []string{"pin", "push"} {
		h.factor(t, "authid_1", fmt.Sprint("authmfa_", i), method)
	}
	h.recoveryCodes(t, "authid_1", "code-a", "code-b")
	s := &challengeScene{house: h, t: t, env: h.env(t, "mfa-challenge/"+challengeID)}
	h.clock.of(s.env)
	s.of = workflows.ChallengedSignIn{AuthIdentityID: "authid_1", SignInID: "sign_in_1", CredentialVersion: 1}
	s.in = workflows.MFAChallengeInput{
		ID: challengeID, ChallengedSignIn: s.of, ActorType: "customer", Provider: "emailpass", TTL: 5 * time.Minute, MaxAttempts: 5,
	}
	return s
}

// withFactors registers methods of second factors.
func (h *house) withFactors(t *testing.T, methods ...providers.SecondFactor) {
	t.Helper()
	h.acts.Factors.Methods = providers.NewFactors()
	for _, m := range methods {
		require.NoError(t, h.acts.Factors.Methods.Add(m))
	}
	h.acts.Challenges.Methods = h.acts.Factors.Methods
}

// factor gives an identity an enabled factor.
func (h *house) factor(t *testing.T, identityID, id, method string) {
	t.Helper()
	_, err := h.store.StartFactor(t.Context(), store.NewFactor{
		ID: id, IdentityID: identityID, Provider: method,
		Secret: h.vault.Wrap(vault.NewSecret([]byte("secret")), "second factor "+identityID+" "+id),
	})
	require.NoError(t, err)
	_, err = h.store.EnableFactor(t.Context(), store.FactorUse{IdentityID: identityID, FactorID: id}, everlatch.Event{ID: "evt_" + id, Name: everlatch.EventMFAEnabled})
	require.NoError(t, err)
}

func (h *house) recoveryCodes(t *testing.T, identityID string, codes ...string) {
	t.Helper()
	hashes := make([]string, len(codes))
	for i, code := range codes {
		hashes[i] = h.vault.HashEach("recovery code", identityID, code)[0]
	}
	require.NoError(t, h.store.ReplaceRecoveryCodes(t.Context(), identityID, hashes, everlatch.Event{ID: "evt_codes_" + identityID, Name: everlatch.EventRecoveryCodesGenerated}))
}

func (s *challengeScene) sealed(code string) vault.Ref {
	s.t.Helper()
	raw, err := json.Marshal(code)
	require.NoError(s.t, err)
	ref, err := s.vault.Put(s.t.Context(), vault.NewSecret(raw))
	require.NoError(s.t, err)
	return ref
}

func (s *challengeScene) begin() *asked[workflows.BegunChallenge] {
	return askOf[workflows.BegunChallenge](s.env, 0, workflows.UpdateBeginChallenge)
}

func (s *challengeScene) verify(at time.Duration, method, code string) *asked[workflows.PassedChallenge] {
	return s.verifyAs(at, s.of, method, code)
}

func (s *challengeScene) verifyAs(at time.Duration, of workflows.ChallengedSignIn, method, code string) *asked[workflows.PassedChallenge] {
	s.n++
	return askOf[workflows.PassedChallenge](s.env, at, workflows.UpdateVerifyChallenge, workflows.VerifyChallenge{
		ChallengedSignIn: of, Method: method, Code: s.sealed(code), Fingerprint: method + code,
		UseID: fmt.Sprint("evt_use_", s.n), EventID: fmt.Sprint("evt_answer_", s.n), SignInEventID: fmt.Sprint("evt_sign_in_", s.n),
		Hooks: s.hooks, ActorID: "cus_1",
	})
}

func (s *challengeScene) prompt(at time.Duration, method string) *asked[workflows.PromptedChallenge] {
	return askOf[workflows.PromptedChallenge](s.env, at, workflows.UpdatePromptChallenge,
		workflows.PromptChallenge{ChallengedSignIn: s.of, Method: method, Secret: s.vault.NewRef()})
}

func (s *challengeScene) plays(outcome string) {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.MFAChallenge, s.in)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
	var got workflows.ClosedChallenge
	require.NoError(s.t, s.env.GetWorkflowResult(&got))
	require.Equal(s.t, workflows.ClosedChallenge{ChallengedSignIn: s.of, Outcome: outcome}, got)
}

// refused checks that an answer was refused, by a validator or by the handler.
func (a *asked[T]) refused(t *testing.T, r *everlatch.Refusal, code everlatch.Code, message string) {
	t.Helper()
	require.True(t, a.done)
	if a.rejected != nil {
		var refused *everlatch.Error
		require.ErrorAs(t, a.rejected, &refused)
		r = new(everlatch.RefusalOf(refused))
	}
	require.NoError(t, a.err)
	requireRefusal(t, r, code, message)
}

func requirePassed(t *testing.T, a *asked[workflows.PassedChallenge], method string) {
	t.Helper()
	a.requireDone(t)
	require.Nil(t, a.out.Refusal)
	require.Equal(t, method, a.out.Method)
	require.Equal(t, "customer", a.out.ActorType)
	require.Equal(t, "emailpass", a.out.Provider)
	require.NotEmpty(t, a.out.TokenID)
	require.NotZero(t, a.out.At)
}
