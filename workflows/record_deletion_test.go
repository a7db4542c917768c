//go:build record

package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordDeletions keeps the histories of accounts that end.
func TestRecordDeletions(t *testing.T) {
	r := newRecorder(t)
	h := r.house
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock decides
	refusals := 0
	h.erasers["crm"] = func(context.Context, everlatch.Erasure) error {
		if refusals--; refusals >= 0 {
			return errors.New("the CRM is away")
		}
		return nil
	}
	h.erasers["shop"] = func(context.Context, everlatch.Erasure) error { return nil }

	customer := func(id string) {
		_, err := h.store.CreateCustomer(t.Context(), everlatch.Customer{ID: id, Email: new(id + "@example.com"), HasAccount: true}, everlatch.Event{})
		require.NoError(t, err)
		h.identity(t, "authid_"+id)
		_, err = perform[workflows.Outcome](t, h, "link/"+id, workflows.SetAuthAppMetadata,
			workflows.SetAuthAppMetadataInput{AuthIdentityID: "authid_" + id, ActorType: "customer", ActorID: &id})
		require.NoError(t, err)
	}
	move := func(run client.WorkflowRun, update string, arg any) {
		handle, err := r.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: update,
			WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{arg},
		})
		require.NoError(t, err)
		require.NoError(t, handle.Get(t.Context(), nil))
	}
	play := func(name, id string, moves func(run client.WorkflowRun)) {
		run := r.start(t, name, workflows.AccountDeletion, workflows.AccountDeletionInput{CustomerID: id})
		moves(run)
		require.NoError(t, run.Get(t.Context(), nil))
		r.write(t, name, run)
	}
	schedule := func(run client.WorkflowRun, in time.Duration, event string) {
		move(run, workflows.UpdateSchedule, workflows.ScheduleDeletion{At: h.clock.Now().Add(in), EventID: event})
	}

	customer("cus_a")
	play("AccountDeletion/removed", "cus_a", func(run client.WorkflowRun) {
		schedule(run, 2*time.Second, "evt_a")
		schedule(run, time.Hour, "evt_again")
	})
	customer("cus_b")
	play("AccountDeletion/cancelled", "cus_b", func(run client.WorkflowRun) {
		schedule(run, time.Hour, "evt_b")
		move(run, workflows.UpdateCancel, workflows.CancelDeletion{EventID: "evt_c"})
	})
	play("AccountDeletion/gone", "cus_none", func(run client.WorkflowRun) {
		schedule(run, time.Hour, "evt_d")
	})
	h.faults.set(fault{activities: []string{"UnlinkActor", "RemoveIdentity"}, times: 3})
	customer("cus_d")
	_, err := h.store.ScheduleDeletion(t.Context(), "cus_d", h.clock.Now().Add(-time.Hour), everlatch.Event{})
	require.NoError(t, err)
	r.keep(t, "AccountDeletion/restored", workflows.AccountDeletion, workflows.AccountDeletionInput{CustomerID: "cus_d", At: h.clock.Now().Add(-time.Hour)})
	h.faults.set()
	customer("cus_e")
	r.keep(t, "RemoveCustomerAccount/erased", workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_e", Requested: true})
	r.keep(t, "RemoveCustomerAccount/unknown_since_erasure", workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_never"})
	_, err = createUser(t, h)
	require.NoError(t, err)
	r.keep(t, "RemoveUserAccount/erased", workflows.RemoveUserAccount, workflows.RemoveAccountInput{ActorID: "user_1"})

	erase := func(name, id string, requested bool) {
		customer(id)
		require.NoError(t, h.store.RemoveCustomer(t.Context(), id, everlatch.Event{}))
		r.keep(t, name, workflows.EraseAccount, workflows.EraseAccountInput{Requested: requested, Erasure: everlatch.Erasure{
			ActorType: "customer", ActorID: id, Email: id + "@example.com", AuthIdentityIDs: []string{"authid_" + id}, RemovedAt: h.clock.Now(),
		}})
	}
	erase("EraseAccount/purged", "cus_f", true)
	refusals = 2
	erase("EraseAccount/confirmed_late", "cus_g", false)
	delete(h.erasers, "crm")
	delete(h.erasers, "shop")
	erase("EraseAccount/no_erasers", "cus_h", true)
	customer("cus_i")
	_, err = h.store.ScheduleDeletion(t.Context(), "cus_i", h.clock.Now().Add(-2*time.Hour), everlatch.Event{})
	require.NoError(t, err)
	r.keep(t, "TendDeletions/restored", workflows.TendDeletions, workflows.TendDeletionsInput{Retention: 720 * time.Hour})
	r.keep(t, "TendDeletions/nothing", workflows.TendDeletions, workflows.TendDeletionsInput{})
}
