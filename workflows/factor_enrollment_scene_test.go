package workflows_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/totp"
	"github.com/everlatch/everlatch/workflows"
)

// withTOTP registers the method under the clock of the house.
func (h *house) withTOTP(t *testing.T) {
	t.Helper()
	method, err := totp.New(totp.Options{Now: h.clock.Now})
	require.NoError(t, err)
	h.acts.Factors.Methods = providers.NewFactors()
	require.NoError(t, h.acts.Factors.Methods.Add(method))
}

// answer seals a code as the API does.
func (h *house) answer(t *testing.T, code string) vault.Ref {
	t.Helper()
	raw, err := json.Marshal(code)
	require.NoError(t, err)
	ref, err := h.vault.Put(t.Context(), vault.NewSecret(raw))
	require.NoError(t, err)
	return ref
}

// shownSecret is the TOTP secret that an enrolment has shown.
func (h *house) shownSecret(t *testing.T, ref vault.Ref) string {
	t.Helper()
	sealed, err := h.vault.Get(t.Context(), ref)
	require.NoError(t, err)
	public, err := workflows.EnrolledPublic(sealed)
	require.NoError(t, err)
	secret, ok := public["secret"].(string)
	require.True(t, ok)
	return secret
}

// enrollScene is a FactorEnrollment of authid_1 under way, with requests at chosen times.
type enrollScene struct {
	*house

	t       *testing.T
	env     *testsuite.TestWorkflowEnvironment
	answers map[int]vault.Ref
	n       int
	// hooks come with the next codes.
	hooks *workflows.Hooks
}

func newEnrollment(t *testing.T) *enrollScene {
	t.Helper()
	h := newHouse(t)
	register(t, h, "authid_1")
	_, err := createCustomer(t, h, "authid_1", "cus_1", email)
	require.NoError(t, err)
	return enrollmentIn(t, h)
}

func enrollmentIn(t *testing.T, h *house) *enrollScene {
	t.Helper()
	h.withTOTP(t)
	s := &enrollScene{house: h, t: t, env: h.env(t, workflows.EnrollmentID("authid_1", "totp")), answers: map[int]vault.Ref{}}
	h.clock.of(s.env)
	return s
}

func factorID(n int) string { return fmt.Sprint("authmfa_", n) }

// enroll asks for the n-th factor.
func (s *enrollScene) enroll(at time.Duration, n int) *asked[workflows.EnrolledFactor] {
	s.answers[n] = s.vault.NewRef()
	return askOf[workflows.EnrolledFactor](s.env, at, workflows.UpdateEnrollFactor, workflows.EnrollFactor{
		FactorID: factorID(n), Label: "Phone", Answer: s.answers[n], TTL: 2 * time.Hour,
	})
}

// confirm sends the right code for the n-th factor, and wrong another one for the first.
func (s *enrollScene) confirm(at time.Duration, n int) *asked[workflows.Outcome] {
	return s.send(at, n, func() string {
		code, err := totp.Code(s.shownSecret(s.t, s.answers[n]), s.clock.Now())
		require.NoError(s.t, err)
		return code
	})
}

func (s *enrollScene) wrong(at time.Duration) *asked[workflows.Outcome] {
	return s.send(at, 1, func() string { return "wrong!" })
}

func (s *enrollScene) send(at time.Duration, n int, code func() string) *asked[workflows.Outcome] {
	a := &asked[workflows.Outcome]{}
	s.n++
	event, hooks := fmt.Sprint("evt_confirm_", s.n), s.hooks
	s.at(at, func() {
		s.env.UpdateWorkflow(workflows.UpdateConfirmFactor, "", a, workflows.ConfirmFactor{
			FactorID: factorID(n), Code: s.answer(s.t, code()), EventID: event, ActorType: "customer", SignInID: "sign_in_1",
			Hooks: hooks,
		})
	})
	return a
}

func (s *enrollScene) at(d time.Duration, do func()) { s.env.RegisterDelayedCallback(do, d) }

func (s *enrollScene) plays(outcome string) {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.FactorEnrollment, workflows.FactorEnrollmentInput{AuthIdentityID: "authid_1", Method: "totp"})
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
	var got string
	require.NoError(s.t, s.env.GetWorkflowResult(&got))
	require.Equal(s.t, outcome, got)
}

func (s *enrollScene) requireStatus(n int, want everlatch.FactorStatus) {
	s.t.Helper()
	f, err := s.store.Factor(s.t.Context(), "authid_1", factorID(n))
	require.NoError(s.t, err)
	require.Equal(s.t, want, f.Status)
}

// requireFactorNeeded checks whether sign-ins need a second factor.
func (s *enrollScene) requireFactorNeeded(want bool) {
	s.t.Helper()
	standing, err := s.store.Standing(s.t.Context(), "authid_1", "customer", "")
	require.NoError(s.t, err)
	require.Equal(s.t, want, !standing.MFAEnabledAt.IsZero())
}

func requireCode(t *testing.T, a *asked[workflows.Outcome], message string) {
	t.Helper()
	a.requireDone(t)
	if message == "" {
		require.Nil(t, a.out.Refusal)
		return
	}
	requireRefusal(t, a.out.Refusal, everlatch.CodeNotAllowed, message)
}
