package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// eraser is another system: it refuses some times, and then has nothing.
type eraser struct {
	refusals int
	err      error
	told     []everlatch.Erasure
}

func (e *eraser) erase(_ context.Context, erasure everlatch.Erasure) error {
	e.told = append(e.told, erasure)
	if e.refusals != 0 {
		e.refusals--
		return e.err
	}
	return nil
}

// erasedHouse has a customer who was removed.
func erasedHouse(t *testing.T) (*house, *testsuite.TestWorkflowEnvironment, workflows.EraseAccountInput) {
	t.Helper()
	h := newHouse(t)
	twoIdentities(t, h)
	require.NoError(t, h.store.RemoveCustomer(t.Context(), "cus_1", everlatch.Event{}))
	env := h.env(t, "erase-account/customer/cus_1")
	h.clock.of(env)
	return h, env, workflows.EraseAccountInput{Requested: true, Erasure: everlatch.Erasure{
		ActorType: "customer", ActorID: "cus_1", Email: email, AuthIdentityIDs: []string{"authid_1", "authid_2"}, RemovedAt: env.Now(),
	}}
}

func playErasure(t *testing.T, env *testsuite.TestWorkflowEnvironment, in workflows.EraseAccountInput) (end workflows.ErasureProgress) {
	t.Helper()
	env.ExecuteWorkflow(workflows.EraseAccount, in)
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, env.GetWorkflowResult(&end))
	return end
}

func progress(t *testing.T, env *testsuite.TestWorkflowEnvironment) (p workflows.ErasureProgress) {
	t.Helper()
	answer, err := env.QueryWorkflow(workflows.QueryErasure)
	require.NoError(t, err)
	require.NoError(t, answer.Get(&p))
	return p
}

func TestEraseAccount(t *testing.T) {
	t.Parallel()
	errAway := errors.New("the CRM is away")

	t.Run("each is asked until it confirms, and delays no other", func(t *testing.T) {
		t.Parallel()
		h, env, in := erasedHouse(t)
		crm, shop := &eraser{refusals: 40, err: errAway}, &eraser{}
		h.erasers["crm"], h.erasers["shop"] = crm.erase, shop.erase
		env.RegisterDelayedCallback(func() {
			p := progress(t, env)
			require.Equal(t, []string{"crm"}, p.Waiting)
			require.Len(t, p.Confirmed, 1)
			require.Equal(t, "shop", p.Confirmed[0].Name)
			require.Empty(t, h.released(t, everlatch.EventCustomerErased), "no receipt yet")
			require.Equal(t, []string{"cus_1 removed"}, h.snapshot(t)["customers"], "nor is the last trace gone")
		}, time.Hour)
		start := env.Now()

		end := playErasure(t, env, in)

		require.Greater(t, env.Now().Sub(start), 4*time.Hour, "days can pass")
		require.Empty(t, end.Waiting)
		require.Len(t, crm.told, 41)
		require.Len(t, shop.told, 1, "who has confirmed is left alone")
		require.Equal(t, in.Erasure.ActorID, shop.told[0].ActorID)
		require.Equal(t, in.Erasure.Email, shop.told[0].Email)
		require.Equal(t, in.Erasure.AuthIdentityIDs, shop.told[0].AuthIdentityIDs)
		require.Empty(t, h.snapshot(t)["customers"], "purged")
		receipts := h.released(t, everlatch.EventCustomerErased)
		require.Len(t, receipts, 1)
		require.Equal(t, "cus_1", receipts[0]["id"])
		require.Equal(t, true, receipts[0]["purged"])
		list, ok := receipts[0]["erasers"].([]any)
		require.True(t, ok)
		require.Len(t, list, 2)
		require.Equal(t, "crm", list[1].(map[string]any)["name"], "in the order of the confirmations") //nolint:forcetypeassert // it is JSON
		require.NotContains(t, fmt.Sprint(receipts), email, "a receipt names no person")
		ref, sealed := everlatch.SecretOf(receipts[0]["email"])
		require.True(t, sealed)
		address, err := h.vault.Get(t.Context(), vault.Ref(ref))
		require.NoError(t, err)
		require.Equal(t, email, string(address.Reveal()), "for the last mail")
	})

	t.Run("an error with a code is no confirmation", func(t *testing.T) {
		t.Parallel()
		for name, err := range map[string]error{
			"a refusal": everlatch.ErrInvalidData, "for ever, it says": everlatch.Permanent(errAway),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				h, env, in := erasedHouse(t)
				crm := &eraser{refusals: 3, err: err}
				h.erasers["crm"] = crm.erase
				playErasure(t, env, in)
				require.Len(t, crm.told, 4)
			})
		}
	})

	t.Run("one that panics is asked again", func(t *testing.T) {
		t.Parallel()
		h, env, in := erasedHouse(t)
		calls := 0
		h.erasers["crm"] = func(context.Context, everlatch.Erasure) error {
			if calls++; calls < 3 {
				panic("nil pointer")
			}
			return nil
		}
		playErasure(t, env, in)
		require.Equal(t, 3, calls)
	})

	t.Run("without erasers there is a receipt at once", func(t *testing.T) {
		t.Parallel()
		h, env, in := erasedHouse(t)
		playErasure(t, env, in)
		require.Len(t, h.released(t, everlatch.EventCustomerErased), 1)
		require.Empty(t, h.snapshot(t)["customers"])
	})

	t.Run("a process that does not know them decides nothing", func(t *testing.T) {
		t.Parallel()
		h, env, in := erasedHouse(t)
		crm := &eraser{}
		h.acts.Erasures.Erasers = nil // a command that borrows a worker
		env.RegisterDelayedCallback(func() {
			require.Empty(t, h.released(t, everlatch.EventCustomerErased))
			h.acts.Erasures.Erasers = map[string]everlatch.Eraser{"crm": crm.erase}
		}, time.Hour)
		playErasure(t, env, in)
		require.Len(t, crm.told, 1)
	})

	t.Run("an eraser that the program lost is waited for", func(t *testing.T) {
		t.Parallel()
		h, env, in := erasedHouse(t)
		crm := &eraser{refusals: 20, err: errAway}
		h.erasers["crm"] = crm.erase
		env.RegisterDelayedCallback(func() { delete(h.erasers, "crm") }, time.Minute)
		env.RegisterDelayedCallback(func() {
			require.Equal(t, []string{"crm"}, progress(t, env).Waiting)
			crm.refusals, h.erasers["crm"] = 0, crm.erase
		}, 5*day)
		playErasure(t, env, in)
		require.Empty(t, progress(t, env).Waiting)
	})

	t.Run("what an administrator removed is kept, hidden, and no mail is sent", func(t *testing.T) {
		t.Parallel()
		h, env, in := erasedHouse(t)
		in.Requested = false
		playErasure(t, env, in)
		require.Equal(t, []string{"cus_1 removed"}, h.snapshot(t)["customers"])
		receipt := h.released(t, everlatch.EventCustomerErased)[0]
		require.Equal(t, false, receipt["purged"])
		require.NotContains(t, receipt, "email")
		state, err := h.store.AccountState(t.Context(), "customer", "cus_1")
		require.NoError(t, err)
		require.False(t, state.ErasedAt.IsZero())
	})

	for _, step := range []string{"ListErasers", "Erase", "FinishErasure"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s fails once, after effect %v", step, after), func(t *testing.T) {
				t.Parallel()
				h, env, in := erasedHouse(t)
				h.erasers["crm"] = (&eraser{}).erase
				h.faults.set(fault{activities: []string{step}, times: 1, after: after})
				end := playErasure(t, env, in)
				require.Len(t, end.Confirmed, 1)
				require.Len(t, h.released(t, everlatch.EventCustomerErased), 1, "one receipt")
				require.Empty(t, h.snapshot(t)["customers"])
			})
		}
	}
}

// Every removal of an account calls its erasers, once.
func TestRemovalErases(t *testing.T) {
	t.Parallel()
	erasures := func(t *testing.T, h *house, removal any, id string) (started []workflows.EraseAccountInput) {
		t.Helper()
		env := h.env(t, "remove/"+id)
		env.OnWorkflow(workflows.EraseAccount, mock.Anything, mock.Anything).Return(
			func(_ workflow.Context, in workflows.EraseAccountInput) (workflows.ErasureProgress, error) {
				started = append(started, in)
				return workflows.ErasureProgress{}, nil
			}).Maybe()
		env.ExecuteWorkflow(removal, workflows.RemoveAccountInput{ActorID: id})
		require.NoError(t, env.GetWorkflowError())
		return started
	}

	t.Run("of a customer", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		twoIdentities(t, h)
		started := erasures(t, h, workflows.RemoveCustomerAccount, "cus_1")
		require.Len(t, started, 1)
		e := started[0].Erasure
		require.Equal(t, "customer", e.ActorType)
		require.Equal(t, "cus_1", e.ActorID)
		require.Equal(t, email, e.Email)
		require.ElementsMatch(t, []string{"authid_1", "authid_2"}, e.AuthIdentityIDs)
		require.False(t, e.RemovedAt.IsZero())

		require.Len(t, erasures(t, h, workflows.RemoveCustomerAccount, "cus_1"), 1, "it was not finished")
		require.NoError(t, h.store.FinishErasure(t.Context(), "customer", "cus_1", false, everlatch.Event{}))
		require.Empty(t, erasures(t, h, workflows.RemoveCustomerAccount, "cus_1"), "it was")
	})
	t.Run("of an administrator", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		_, err := createUser(t, h)
		require.NoError(t, err)
		started := erasures(t, h, workflows.RemoveUserAccount, "user_1")
		require.Len(t, started, 1)
		require.Equal(t, "user", started[0].Erasure.ActorType)
		require.Equal(t, "root@example.com", started[0].Erasure.Email)
	})
	t.Run("without an account", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, erasures(t, newHouse(t), workflows.RemoveCustomerAccount, "cus_nope"))
	})
}

// TestTendDeletions restarts what is overdue, and purges what is old.
func TestTendDeletions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	twoIdentities(t, h)
	now := h.clock.Now()
	_, err := h.store.ScheduleDeletion(t.Context(), "cus_1", now.Add(-2*time.Hour), everlatch.Event{})
	require.NoError(t, err)
	for _, id := range []string{"cus_old", "cus_late"} {
		_, err = h.store.CreateCustomer(t.Context(), everlatch.Customer{ID: id, Email: new(id + "@example.com")}, everlatch.Event{})
		require.NoError(t, err)
	}
	_, err = h.store.ScheduleDeletion(t.Context(), "cus_late", now.Add(-time.Minute), everlatch.Event{})
	require.NoError(t, err)
	require.NoError(t, h.store.RemoveCustomer(t.Context(), "cus_old", everlatch.Event{}))
	tend := func(retention time.Duration) (taken []string) {
		env := h.env(t, "tend-deletions")
		env.SetStartTime(h.clock.Now())
		env.OnWorkflow(workflows.AccountDeletion, mock.Anything, mock.Anything).Return(
			func(_ workflow.Context, in workflows.AccountDeletionInput) (string, error) {
				taken = append(taken, in.CustomerID)
				return workflows.DeletionRemoved, nil
			}).Maybe()
		env.ExecuteWorkflow(workflows.TendDeletions, workflows.TendDeletionsInput{Retention: retention})
		require.NoError(t, env.GetWorkflowError())
		return taken
	}

	require.Equal(t, []string{"cus_1"}, tend(30*day), "one that is only late is not lost")
	require.Contains(t, h.snapshot(t)["customers"], "cus_old removed")
	h.clock.Advance(31 * day)
	tend(0)
	require.Contains(t, h.snapshot(t)["customers"], "cus_old removed", "0 keeps it for ever")
	require.ElementsMatch(t, []string{"cus_1", "cus_late"}, tend(30*day))
	require.ElementsMatch(t, []string{"cus_1 live", "cus_late live"}, h.snapshot(t)["customers"])
}
