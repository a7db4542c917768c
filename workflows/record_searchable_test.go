//go:build record

package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordSearchable keeps histories of executions that were started with search
// attributes, and so set others when they end.
func TestRecordSearchable(t *testing.T) {
	known := map[string]enumspb.IndexedValueType{}
	for _, key := range workflows.Attributes() {
		known[key.GetName()] = key.GetValueType()
	}
	r := newRecorderOn(t, embedded.Options{SearchAttributes: known})
	h := r.house
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	register(t, h, "authid_1")
	start := func(name string, workflow, in any) client.WorkflowRun {
		d := workflows.Describe(workflow, in, workflows.About{Subject: "h:1", RequestID: "req_1"})
		run, err := r.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: r.id(name, in), TaskQueue: r.queue, TypedSearchAttributes: d.Attributes, StaticSummary: d.Summary, StaticDetails: d.Details,
		}, workflow, in)
		require.NoError(t, err)
		return run
	}
	keep := func(name string, workflow, in any) {
		run := start(name, workflow, in)
		if err := run.Get(t.Context(), nil); err != nil {
			t.Logf("%s ends in %v", name, err)
		}
		r.write(t, name, run)
	}
	for name, pass := range map[string]string{"searchable": password, "searchable_refused": "wrong password"} {
		keep("Authenticate/"+name, workflows.Authenticate, workflows.AuthenticateInput{
			ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, pass),
		})
	}
	reset := start("PasswordReset/searchable", workflows.PasswordReset, workflows.PasswordResetInput{
		Provider: "emailpass", EntityKey: email, TTL: 2 * time.Second,
	})
	require.NoError(t, r.client.SignalWorkflow(t.Context(), reset.GetID(), reset.GetRunID(), workflows.SignalAsk,
		workflows.ResetRequest{ActorType: "customer", Names: workflows.Names{TokenID: "jti_1", EventID: "evt_1"}}))
	require.NoError(t, reset.Get(t.Context(), nil))
	r.write(t, "PasswordReset/searchable", reset)

	h.acts.Accounts.AnyEmail = true
	h.faults.set(
		fault{activities: []string{"CreateCustomer"}, times: -1},
		fault{activities: []string{"DiscardCustomer"}, times: -1, err: &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "Not now."}},
	)
	customer := everlatch.Customer{ID: "cus_1", Email: new(email), HasAccount: true, CreatedAt: h.clock.Now(), UpdatedAt: h.clock.Now()}
	keep("CreateCustomerAccount/searchable_needs_attention", workflows.CreateCustomerAccount,
		workflows.CreateCustomerAccountInput{AuthIdentityID: "authid_1", Customer: customer})
	h.faults.set()
	keep("CreateCustomerAccount/searchable", workflows.CreateCustomerAccount,
		workflows.CreateCustomerAccountInput{AuthIdentityID: "authid_1", Customer: customer})
	keep("RemoveCustomerAccount/searchable", workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_1"})
}
