//go:build record

package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers/totp"
	"github.com/everlatch/everlatch/workflows"
)

// recordedFactors are enrolments of one identity each.
type recordedFactors struct {
	*recorder

	t       *testing.T
	answers map[string]vault.Ref
	hooks   *workflows.Hooks
	n       int
}

func newRecordedFactors(t *testing.T, r *recorder) *recordedFactors {
	t.Helper()
	r.house.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	r.house.withTOTP(t)
	return &recordedFactors{recorder: r, t: t, answers: map[string]vault.Ref{}}
}

func (f *recordedFactors) begin(name, identityID string) client.WorkflowRun {
	f.house.identity(f.t, identityID)
	return f.start(f.t, name, workflows.FactorEnrollment, workflows.FactorEnrollmentInput{AuthIdentityID: identityID, Method: "totp"})
}

func (f *recordedFactors) enroll(run client.WorkflowRun, id string) {
	f.answers[id] = f.house.vault.NewRef()
	f.send(f.t, run, workflows.UpdateEnrollFactor, workflows.EnrollFactor{FactorID: id, Label: "Phone", Answer: f.answers[id], TTL: time.Hour})
}

func (f *recordedFactors) confirm(run client.WorkflowRun, id, code string) {
	f.n++
	if code == "" {
		var err error
		code, err = totp.Code(f.house.shownSecret(f.t, f.answers[id]), f.house.clock.Now())
		require.NoError(f.t, err)
	}
	f.send(f.t, run, workflows.UpdateConfirmFactor, workflows.ConfirmFactor{
		FactorID: id, Code: f.house.answer(f.t, code), EventID: fmt.Sprint("evt_", id, "_", f.n), ActorType: "customer", SignInID: "sign_in",
		Hooks: f.hooks,
	})
}

func (f *recordedFactors) ends(name string, run client.WorkflowRun) {
	f.t.Logf("%s ends in %v", name, run.Get(f.t.Context(), nil))
	f.write(f.t, name, run)
}

// TestRecordFactors keeps the histories of second factors.
func TestRecordFactors(t *testing.T) {
	f := newRecordedFactors(t, newRecorder(t))
	h := f.house

	run := f.begin("FactorEnrollment/enabled", "authid_a")
	f.enroll(run, "authmfa_first")
	f.enroll(run, "authmfa_a")
	f.confirm(run, "authmfa_first", "000000")
	f.confirm(run, "authmfa_a", "wrong")
	f.confirm(run, "authmfa_a", "")
	f.ends("FactorEnrollment/enabled", run)

	run = f.begin("FactorEnrollment/exhausted", "authid_b")
	f.enroll(run, "authmfa_b")
	for range 11 {
		f.confirm(run, "authmfa_b", "wrong")
	}
	f.ends("FactorEnrollment/exhausted", run)

	run = f.begin("FactorEnrollment/removed", "authid_c")
	f.enroll(run, "authmfa_c")
	require.NoError(t, f.client.SignalWorkflow(t.Context(), run.GetID(), run.GetRunID(), workflows.SignalFactorRemoved, "authmfa_c"))
	f.ends("FactorEnrollment/removed", run)

	run = f.begin("FactorEnrollment/cancelled", "authid_d")
	f.enroll(run, "authmfa_d")
	require.NoError(t, f.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
	f.ends("FactorEnrollment/cancelled", run)

	run = f.start(t, "FactorEnrollment/refused", workflows.FactorEnrollment, workflows.FactorEnrollmentInput{AuthIdentityID: "authid_a", Method: "totp"})
	f.enroll(run, "authmfa_second")
	f.ends("FactorEnrollment/refused", run)

	codes := func(identityID, id string) workflows.GenerateRecoveryCodesInput {
		return workflows.GenerateRecoveryCodesInput{
			AuthIdentityID: identityID, ActorType: "customer", Count: 2, Codes: h.vault.NewRef(), TTL: time.Hour, EventID: "evt_codes_" + id,
		}
	}
	f.keep(t, "GenerateRecoveryCodes/generated", workflows.GenerateRecoveryCodes, codes("authid_a", "1"))
	f.keep(t, "GenerateRecoveryCodes/refused", workflows.GenerateRecoveryCodes, codes("authid_b", "2"))

	removal := func(id string) workflows.RemoveFactorInput {
		return workflows.RemoveFactorInput{
			AuthIdentityID: "authid_a", FactorID: id, ActorType: "customer", EventID: "evt_removal_" + id, AnswerID: "evt_answer_" + id,
		}
	}
	in := removal("authmfa_a")
	in.NeedsAnswer = true
	f.keep(t, "RemoveFactor/unproven", workflows.RemoveFactor, in)
	in.Method, in.Code = "totp", h.answer(t, "wrong")
	f.keep(t, "RemoveFactor/wrong_code", workflows.RemoveFactor, in)
	f.keep(t, "RemoveFactor/unknown", workflows.RemoveFactor, removal("authmfa_none"))
	in = removal("authmfa_a")
	in.RemovedBy, in.Reason = &everlatch.ActorRef{ActorType: "user", ActorID: "user_1"}, "lost phone"
	f.keep(t, "RemoveFactor/removed", workflows.RemoveFactor, in)
}

// TestRecordFactorsContinued records an enrolment that continues as new.
func TestRecordFactorsContinued(t *testing.T) {
	f := newRecordedFactors(t, newRecorderOn(t, embedded.Options{ContinueAsNewAfter: mostEvents}))
	run := f.begin("FactorEnrollment/continued", "authid_e")
	f.enroll(run, "authmfa_e")
	next := f.untilContinued(t, run, func() { f.confirm(run, "authmfa_e", "wrong") })
	f.confirm(next, "authmfa_e", "")
	f.keepBoth(t, "FactorEnrollment", run, next)
}
