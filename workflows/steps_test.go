package workflows_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/workflows"
)

// desk is a custom table, with custom activities.
type desk struct {
	mu   sync.Mutex
	rows map[string]string // id to state
}

type deskInput struct{ ID, Identity string }

func (d *desk) set(id, state string) (activities.None, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if state == "" {
		delete(d.rows, id)
		return activities.None{}, nil
	}
	d.rows[id] = state
	return activities.None{}, nil
}

func (d *desk) PutCourier(_ context.Context, in deskInput) (activities.None, error) {
	if in.ID == "refused" {
		return activities.None{}, &everlatch.Error{Code: everlatch.CodeDuplicate, Message: "There is such a courier."}
	}
	return d.set(in.ID, "live")
}

func (d *desk) DiscardCourier(_ context.Context, in deskInput) (activities.None, error) {
	return d.set(in.ID, "")
}

func (d *desk) HideCourier(_ context.Context, in deskInput) (activities.None, error) {
	return d.set(in.ID, "hidden")
}

func (d *desk) ShowCourier(_ context.Context, in deskInput) (activities.None, error) {
	return d.set(in.ID, "live")
}

// createCourier and removeCourier are workflows as the guide has people write them.
func createCourier(ctx workflow.Context, in deskInput) (activities.None, error) {
	var steps workflows.Steps
	var desk *desk
	out, err := workflows.Do(ctx, &steps, desk.PutCourier, in, desk.DiscardCourier, in)
	if err == nil {
		err = steps.SetAppMetadata(ctx, in.Identity, "courier", in.ID)
	}
	if err == nil {
		err = steps.Emit(ctx, everlatch.Event{Name: "courier.hired", Data: everlatch.Metadata{"id": in.ID}})
	}
	if err != nil {
		return out, steps.Undo(ctx, err)
	}
	return out, steps.Done(ctx)
}

func removeCourier(ctx workflow.Context, in deskInput) (activities.None, error) {
	var steps workflows.Steps
	var desk *desk
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Second, ScheduleToCloseTimeout: 20 * time.Second})
	out, err := workflows.Do(ctx, &steps, desk.HideCourier, in, desk.ShowCourier, in)
	if err == nil {
		err = steps.ReleaseIdentities(ctx, "courier", in.ID)
	}
	if err == nil {
		_, err = workflows.Run(ctx, desk.HideCourier, in)
	}
	if err != nil {
		return out, steps.Undo(ctx, err)
	}
	return out, steps.Done(ctx)
}

func fireVendor(ctx workflow.Context, identity string) error {
	var steps workflows.Steps
	if err := steps.UnsetAppMetadata(ctx, identity, "vendor"); err != nil {
		return steps.Undo(ctx, err)
	}
	return steps.Done(ctx)
}

func withDesk(t *testing.T, h *house) *desk {
	t.Helper()
	d := &desk{rows: map[string]string{}}
	h.own = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterActivity(d)
		env.RegisterWorkflow(createCourier)
		env.RegisterWorkflow(removeCourier)
		env.RegisterWorkflow(fireVendor)
	}
	return d
}

// ownSagas are the workflows above, each with a desk for every house.
func ownSagas() map[string]saga {
	var mu sync.Mutex
	desks := map[*house]*desk{}
	deskOf := func(t *testing.T, h *house) *desk {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if desks[h] == nil {
			desks[h] = withDesk(t, h)
		}
		return desks[h]
	}
	hire := func(t *testing.T, h *house) error {
		t.Helper()
		_, err := perform[activities.None](t, h, "hire/1", createCourier, deskInput{"cour_1", "authid_2"})
		return err
	}
	return map[string]saga{
		"a workflow that creates": {
			steps:   []string{"PutCourier", "FindLink", "LinkActor", "RecordEvent"},
			lasting: []string{"ReleaseEvents"},
			prepare: func(t *testing.T, h *house) { deskOf(t, h); twoIdentities(t, h) },
			run: func(t *testing.T, h *house) error {
				err := hire(t, h)
				want := map[string]string{"cour_1": "live"}
				if err != nil {
					want = map[string]string{}
				}
				require.Equal(t, want, deskOf(t, h).rows)
				return err
			},
			done: func(t *testing.T, h *house) {
				s := h.snapshot(t)
				require.Contains(t, s["links"], "authid_2 courier cour_1")
				require.Contains(t, s["events"], "courier.hired released")
				require.NotContains(t, s["events"], "courier.hired pending")
			},
		},
		"a workflow that removes": {
			steps:   []string{"HideCourier", "FindIdentities", "FindLink", "UnlinkActor", "RemoveIdentity"},
			lasting: []string{"PurgeIdentity", "ReleaseEvents"},
			prepare: func(t *testing.T, h *house) {
				deskOf(t, h)
				twoIdentities(t, h)
				require.NoError(t, hire(t, h))
				in := registerInput(t, h, "authid_3")
				in.Request = h.seal(t, "only@example.com", password)
				_, err := perform[workflows.Login](t, h, "register/authid_3", workflows.Register, in)
				require.NoError(t, err)
				_, err = perform[workflows.Outcome](t, h, "link/3", workflows.SetAuthAppMetadata, workflows.SetAuthAppMetadataInput{
					AuthIdentityID: "authid_3", ActorType: "courier", ActorID: new("cour_1"),
				})
				require.NoError(t, err)
			},
			run: func(t *testing.T, h *house) error {
				_, err := perform[activities.None](t, h, "fire/1", removeCourier, deskInput{ID: "cour_1"})
				want := map[string]string{"cour_1": "hidden"}
				if err != nil {
					want["cour_1"] = "live"
				}
				require.Equal(t, want, deskOf(t, h).rows)
				return err
			},
			done: func(t *testing.T, h *house) {
				s := h.snapshot(t)
				require.Equal(t, []string{"authid_1 vlive", "authid_2 vlive"}, s["identities"])
				require.NotContains(t, s["links"], "authid_2 courier cour_1")
				require.Contains(t, s["events"], "auth.identity_deleted released")
			},
		},
	}
}

func TestEveryStepOfACustomWorkflowFails(t *testing.T) {
	t.Parallel()
	everyStepFails(t, ownSagas())
}

func TestSteps(t *testing.T) {
	t.Parallel()

	t.Run("a link that was there before is not undone", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		d := withDesk(t, h)
		twoIdentities(t, h)
		in := deskInput{"cour_1", "authid_2"}
		_, err := perform[activities.None](t, h, "hire/1", createCourier, in)
		require.NoError(t, err)
		before := h.snapshot(t)
		h.faults.set(fault{activities: []string{"RecordEvent"}, times: -1})

		_, err = perform[activities.None](t, h, "hire/2", createCourier, in)

		require.Error(t, err)
		require.Equal(t, before, h.snapshot(t))
		require.Empty(t, d.rows, "the row is what this workflow made: its activity took the id for its own")
	})

	t.Run("a refusal reaches the caller", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		withDesk(t, h)
		twoIdentities(t, h)
		_, err := perform[activities.None](t, h, "hire/1", createCourier, deskInput{"refused", "authid_1"})
		require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeDuplicate, Message: "There is such a courier."})
		require.Equal(t, 1, h.faults.called("PutCourier"), "a refusal is not tried again")
		_, err = perform[activities.None](t, h, "hire/2", createCourier, deskInput{"cour_2", "authid_gone"})
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		_, err = perform[activities.None](t, h, "hire/3", createCourier, deskInput{"cour_3", "authid_1"})
		require.NoError(t, err)
		_, err = perform[activities.None](t, h, "hire/4", createCourier, deskInput{"cour_4", "authid_1"})
		require.ErrorIs(t, err, everlatch.ErrNotAllowed)
	})

	t.Run("unset twice, then set again", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		withDesk(t, h)
		register(t, h, "authid_1")
		require.NoError(t, setVendor(t, h, new("vendor_1")))
		for _, execution := range []string{"1", "2"} {
			env := h.env(t, "fire-vendor/"+execution)
			env.ExecuteWorkflow(fireVendor, "authid_1")
			require.NoError(t, env.GetWorkflowError())
			require.Empty(t, h.snapshot(t)["links"])
		}
		require.NoError(t, setVendor(t, h, new("vendor_2")))
	})

	t.Run("a cancelled workflow is undone all the same", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		d := withDesk(t, h)
		register(t, h, "authid_1")
		before := h.snapshot(t)
		env := h.env(t, "hire/1")
		h.faults.set(fault{activities: []string{"PutCourier"}, times: -1, after: true})
		env.RegisterDelayedCallback(env.CancelWorkflow, 10*time.Second)
		env.ExecuteWorkflow(createCourier, deskInput{"cour_1", "authid_1"})
		require.Error(t, env.GetWorkflowError())
		require.Empty(t, d.rows)
		require.Equal(t, before, h.snapshot(t))
	})
}
