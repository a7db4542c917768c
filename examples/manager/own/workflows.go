package main

import (
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/workflows"
)

// table names the activities; the worker has the real ones.
var table *Managers

// HireManagerInput is the argument of [HireManager].
type HireManagerInput struct {
	AuthIdentityID string  `json:"auth_identity_id"`
	Manager        Manager `json:"manager"`
}

// HireManager makes who has registered a manager: a row, and a link that puts
// manager_id into their tokens. Either both are there at the end, or neither.
func HireManager(ctx workflow.Context, in HireManagerInput) (Manager, error) {
	var steps workflows.Steps
	manager, err := workflows.Do(ctx, &steps, table.AddManager, in.Manager, table.DiscardManager, in.Manager)
	if err == nil {
		err = steps.SetAppMetadata(ctx, in.AuthIdentityID, "manager", manager.ID)
	}
	if err == nil {
		err = steps.Emit(ctx, everlatch.Event{Name: "manager.hired", Data: everlatch.Metadata{"id": manager.ID}})
	}
	if err != nil {
		return Manager{}, steps.Undo(ctx, err)
	}
	return manager, steps.Done(ctx)
}

// DismissManager ends the work of a manager, and all that they could sign in with.
func DismissManager(ctx workflow.Context, id string) (activities.None, error) {
	var steps workflows.Steps
	dismissal := Dismissal{ID: id, By: workflow.GetInfo(ctx).WorkflowExecution.ID}
	_, err := workflows.Do(ctx, &steps, table.HideManager, dismissal, table.ShowManager, dismissal)
	if err == nil {
		err = steps.ReleaseIdentities(ctx, "manager", id)
	}
	if err != nil {
		return activities.None{}, steps.Undo(ctx, err)
	}
	return activities.None{}, steps.Done(ctx)
}
