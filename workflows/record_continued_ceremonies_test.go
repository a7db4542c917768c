//go:build record

package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/passkeytest"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordContinuedCeremonies records flows of one answer that continue as new, because
// an outage leaves them open.
func TestRecordContinuedCeremonies(t *testing.T) {
	r := newRecorderOn(t, embedded.Options{ContinueAsNewAfter: mostEvents})
	h := r.house
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	outage := func(step string) { h.faults.set(fault{activities: []string{step}, times: -1, err: errRefusedStep}) }
	repeated := func(name string, workflow, in any, step, update string, arg func() any) {
		run := r.start(t, name+"/continued", workflow, in)
		outage(step)
		next := r.untilContinued(t, run, func() { r.send(t, run, update, arg()) })
		h.faults.set()
		r.send(t, next, update, arg())
		r.keepBoth(t, name, run, next)
	}

	s := &passkeyScene{house: h, t: t, device: &passkeytest.Device{Origin: shop, Verifies: true, Counts: true}}
	s.enter(h)
	in := registrationOf(firstChallenge)
	in.IdentityID, in.ProviderIdentityID, in.EventID = "authid_p", "pi_p", "evt_p"
	repeated("PasskeyRegistration", workflows.PasskeyRegistration, in, "CreatePasskey", workflows.UpdateAnswer,
		func() any { return s.creates("authid_p", firstChallenge) })
	repeated("PasskeySignIn", workflows.PasskeySignIn, signInWith(otherChallenge), "CheckPasskey", workflows.UpdateAnswer,
		func() any { return s.signs(otherChallenge) })

	h.known(t, "authid_noticed", "emailpass", "noticed@example.com", "noticed@example.com")
	repeated("SignInNotice", workflows.SignInNotice, workflows.SignInNoticeInput{
		SignIn: workflows.NoticedSignIn{ID: "s_1", AuthIdentityID: "authid_noticed", Provider: "emailpass", ActorType: "customer", Device: "Firefox"},
		Until:  h.clock.Now().Add(30 * day),
		Grant:  workflows.LinkGrant{TokenID: "good", EventID: "evt_noticed", Token: h.vault.NewRef(), TTL: time.Hour},
	}, "DisownSignIn", workflows.UpdateDisownSignIn, func() any { return workflows.DisownSignIn{TokenID: "good", EventID: "evt_disowned"} })

	r.continuedVerification(t)
	r.continuedCleanUp(t)
}

func (r *recorder) continuedVerification(t *testing.T) {
	c := &recordedCode{recorder: r, t: t, name: "Verification/continued", n: 1}
	_, err := r.house.store.RegisterIdentity(t.Context(), store.NewIdentity{
		ID: c.identity(), ProviderIdentityID: "pi_" + c.identity(), Provider: "emailpass", EntityID: c.identity() + "@example.com", EntityKey: c.identity() + "@example.com",
	})
	require.NoError(t, err)
	c.run = r.start(t, c.name, workflows.Verification, workflows.VerificationInput{
		AuthIdentityID: c.identity(), EntityType: "email", EntityID: c.identity() + "@example.com",
	})
	first := c.run
	next := r.untilContinued(t, first, func() { c.request("token") })
	c.run = next
	c.confirm("", "")
	r.keepBoth(t, "Verification", first, next)
}

// continuedCleanUp records a clean-up that has more to do than one run does.
func (r *recorder) continuedCleanUp(t *testing.T) {
	queue, batches := r.queue+"-full", 0
	w := sdkworker.New(r.client, queue, sdkworker.Options{MaxConcurrentActivityExecutionSize: 1})
	w.RegisterWorkflow(workflows.CleanUp)
	w.RegisterActivityWithOptions(func(_ context.Context, in activities.BatchInput) (activities.BatchOutput, error) {
		if batches++; batches > 100 {
			return activities.BatchOutput{}, nil
		}
		return activities.BatchOutput{Removed: in.Limit}, nil
	}, activity.RegisterOptions{Name: "SweepExpired"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := r.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "record/CleanUp/continued", TaskQueue: queue}, workflows.CleanUp)
	require.NoError(t, err)
	first := r.client.GetWorkflow(t.Context(), run.GetID(), run.GetRunID())
	require.NoError(t, first.Get(t.Context(), nil)) // follows the runs
	latest, err := r.client.DescribeWorkflowExecution(t.Context(), run.GetID(), "")
	require.NoError(t, err)
	r.keepBoth(t, "CleanUp", r.client.GetWorkflow(t.Context(), run.GetID(), run.GetRunID()),
		r.client.GetWorkflow(t.Context(), run.GetID(), latest.GetWorkflowExecutionInfo().GetExecution().GetRunId()))
}
