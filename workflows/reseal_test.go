package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// rotateVault seals n secrets, and then gives the vault another key from a time on. It returns
// the refs.
func (h *house) rotateVault(t *testing.T, n int, from time.Time) []vault.Ref {
	t.Helper()
	require.NoError(t, h.rings.Open(t.Context(), h.store, nil, keys.Process{}))
	refs := make([]vault.Ref, n)
	for i := range refs {
		ref, err := h.vault.PutFor(t.Context(), vault.NewSecret([]byte(fmt.Sprint(i))), 1000*time.Hour)
		require.NoError(t, err)
		refs[i] = ref
	}
	h.clock.Advance(time.Minute)
	added, err := h.rings.Rotate(t.Context(), keys.Vault, false)
	require.NoError(t, err)
	require.NoError(t, h.store.ActivateRingKey(t.Context(), keys.Vault, added.ID, from))
	return refs
}

// useNewKey loads the rings again.
func (h *house) useNewKey(t *testing.T) {
	t.Helper()
	h.clock.Advance(2 * time.Minute)
	require.NoError(t, h.rings.Renew(t.Context()))
	require.NotEqual(t, "k1", h.rings.Vault.Current())
}

func (h *house) sealedWith(t *testing.T, keyID string) int64 {
	t.Helper()
	n, err := h.store.CountSealed(t.Context(), store.SealedSecrets, keyID)
	require.NoError(t, err)
	return n
}

// TestReseal: everything is sealed again once, also when each step fails once before or after it
// has done its work.
func TestReseal(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]fault{
		"as it should":  nil,
		"fails first":   {{activities: []string{"PlanReseal"}, times: 1}, {activities: []string{"ResealBatch"}, times: 1}},
		"answers lost":  {{activities: []string{"PlanReseal"}, times: 2, after: true}, {activities: []string{"ResealBatch"}, times: 2, after: true}},
		"database away": {{activities: []string{"ResealBatch"}, times: 20}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			refs := h.rotateVault(t, 450, h.clock.Now().Add(time.Minute))
			h.useNewKey(t)
			h.faults.set(rules...)
			out, err := perform[workflows.ResealProgress](t, h, "reseal", workflows.Reseal, workflows.ResealInput{})
			require.NoError(t, err)
			require.Len(t, out.Tables, 1)
			require.Equal(t, activities.ResealTask{Source: store.SealedSecrets, Ring: keys.Vault, Waiting: 450}, out.Tables[0].ResealTask)
			require.Zero(t, h.sealedWith(t, "k1"))
			require.EqualValues(t, 450, h.sealedWith(t, h.rings.Vault.Current()))
			for i, ref := range refs {
				secret, err := h.vault.Get(t.Context(), ref)
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint(i), string(secret.Reveal()))
			}
			out, err = perform[workflows.ResealProgress](t, h, "reseal", workflows.Reseal, workflows.ResealInput{})
			require.NoError(t, err)
			require.Empty(t, out.Tables, "nothing is left")
		})
	}
}

// TestResealWaits until every process seals with the new key.
func TestResealWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.env(t, "reseal")
	h.rotateVault(t, 3, env.Now())
	h.clock.of(env)
	var waited time.Duration
	env.SetOnTimerScheduledListener(func(_ string, d time.Duration) { waited += d })
	h.faults.set(fault{activities: []string{"ResealBatch"}, times: 1, meanwhile: func() { _ = h.rings.Renew(t.Context()) }})
	env.ExecuteWorkflow(workflows.Reseal, workflows.ResealInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Greater(t, waited, 5*time.Second)
	require.Zero(t, h.sealedWith(t, "k1"))
}

// TestResealProgress: a query tells how far it is.
func TestResealProgress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rotateVault(t, 250, h.clock.Now().Add(time.Minute))
	h.useNewKey(t)
	env := h.env(t, "reseal")
	var seen workflows.ResealProgress
	h.faults.set(fault{activities: []string{"ResealBatch"}, meanwhile: func() {
		if answer, err := env.QueryWorkflow(workflows.QueryReseal); err == nil {
			_ = answer.Get(&seen)
		}
	}})
	env.ExecuteWorkflow(workflows.Reseal, workflows.ResealInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, seen.Tables, 1)
	require.EqualValues(t, 250, seen.Tables[0].Waiting)
}

// TestCancelledReseal: what is sealed again stays, and the next run does the rest.
func TestCancelledReseal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rotateVault(t, 450, h.clock.Now().Add(time.Minute))
	h.useNewKey(t)
	h.cancelAt = "ResealBatch"
	_, err := perform[workflows.ResealProgress](t, h, "reseal", workflows.Reseal, workflows.ResealInput{})
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	h.cancelAt = ""
	_, err = perform[workflows.ResealProgress](t, h, "reseal", workflows.Reseal, workflows.ResealInput{})
	require.NoError(t, err)
	require.Zero(t, h.sealedWith(t, "k1"))
}

// TestLongReseal: many batches continue as new, with their progress.
func TestLongReseal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rotateVault(t, 3, h.clock.Now().Add(time.Minute))
	h.useNewKey(t)
	env := h.env(t, "reseal")
	env.OnActivity((*activities.Reseals).ResealBatch, mock.Anything, mock.Anything, mock.Anything).Return(activities.ResealBatchOutput{Next: "sec_1", Resealed: 200}, nil)
	env.ExecuteWorkflow(workflows.Reseal, workflows.ResealInput{})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	out, err := perform[workflows.ResealProgress](t, h, "reseal", workflows.Reseal, workflows.ResealInput{Progress: workflows.ResealProgress{
		Tables: []workflows.ResealTable{{ResealTask: activities.ResealTask{Source: store.SealedSecrets, Ring: keys.Vault, Waiting: 3}, Resealed: 50_000}},
	}})
	require.NoError(t, err)
	require.EqualValues(t, 50_003, out.Tables[0].Resealed)
}
