package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch/workflows"
)

// The ids of the schedules; each starts the workflow of the same name.
const (
	ScheduleCleanUp       = "clean-up"
	ScheduleRemoveOrphans = "remove-orphans"
)

// Schedules say how often the house is cleaned.
type Schedules struct {
	TaskQueue string
	// CleanUpEvery is the interval of clean-up.
	CleanUpEvery time.Duration
	// OrphanGrace is how long an identity without an actor is kept after its
	// last use (W4); 0 keeps it for ever, and pauses the schedule.
	OrphanGrace time.Duration
	// OrphansEvery is the interval of remove-orphans.
	OrphansEvery time.Duration
}

// EnsureSchedules creates the schedules, or updates them to what is configured
// now. Every worker calls it at its start; they all come to the same end.
func EnsureSchedules(ctx context.Context, c client.Client, s Schedules) error {
	for _, o := range []client.ScheduleOptions{
		s.options(ScheduleCleanUp, s.CleanUpEvery, false, workflows.CleanUp),
		s.options(ScheduleRemoveOrphans, s.OrphansEvery, s.OrphanGrace <= 0,
			workflows.RemoveOrphans, workflows.RemoveOrphansInput{Grace: s.OrphanGrace}),
	} {
		if err := ensure(ctx, c.ScheduleClient(), o); err != nil {
			return fmt.Errorf("schedule %s: %w", o.ID, err)
		}
	}
	return nil
}

func (s Schedules) options(
	id string, every time.Duration, paused bool, workflow any, args ...any,
) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:   id,
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}},
		Action: &client.ScheduleWorkflowAction{
			ID: id, Workflow: workflow, Args: args, TaskQueue: s.TaskQueue,
		},
		// A slow run is not doubled, and runs missed while everything was
		// stopped are not made up for: one does the work of all.
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: time.Minute,
		Paused:        paused,
		Note:          note(paused),
	}
}

func ensure(ctx context.Context, c client.ScheduleClient, o client.ScheduleOptions) error {
	_, err := c.Create(ctx, o)
	if err == nil || !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return c.GetHandle(ctx, o.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(current client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := current.Description.Schedule
			schedule.Spec = &o.Spec
			schedule.Action = o.Action
			schedule.Policy.Overlap = o.Overlap
			schedule.Policy.CatchupWindow = o.CatchupWindow
			if o.Paused != schedule.State.Paused && schedule.State.Note == pausedByConfiguration || o.Paused {
				schedule.State.Paused = o.Paused
				schedule.State.Note = note(o.Paused)
			}
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
}

// pausedByConfiguration marks a pause that configuration may lift again; one
// that a person made by hand stays.
const pausedByConfiguration = "paused by configuration"

func note(paused bool) string {
	if paused {
		return pausedByConfiguration
	}
	return ""
}
