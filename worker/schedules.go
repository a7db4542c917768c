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

// Schedule is a scheduled job: a flow that is started at certain times.
type Schedule struct {
	// ID identifies it and never changes.
	ID string
	// Flow is the name of a workflow that this task queue runs.
	Flow string
	// Input is its argument, nil for none.
	Input any
	// Cron or Every says when: five fields or a word such as @daily, or the
	// time between two starts.
	Cron  string
	Every time.Duration
	// Overlap says what happens while an earlier run is still active; zero skips
	// the start.
	Overlap enumspb.ScheduleOverlapPolicy
	// CatchUp is how late a start may be after an outage; 0 is one minute. A later
	// start is skipped.
	CatchUp time.Duration
	// Paused creates the schedule without starting runs.
	Paused bool
}

// EnsureSchedules, for the interactive queue of an installation, creates schedules, or updates them to what is wanted now, and
// deletes those of this task queue that are no longer wanted. Every worker
// calls it when it starts; the result is the same for all of them.
func EnsureSchedules(ctx context.Context, c client.Client, taskQueue string, wanted []Schedule) error {
	keep := map[string]bool{}
	for _, s := range wanted {
		keep[s.ID] = true
		if err := ensure(ctx, c.ScheduleClient(), s.options(taskQueue)); err != nil {
			return fmt.Errorf("schedule %s: %w", s.ID, err)
		}
	}
	return removeOthers(ctx, c, taskQueue, keep)
}

// ownerMemo, followed by a task queue, is the key of a memo on schedules that
// the workers of that queue manage. A schedule without it was created by another
// program. It is the key that says so, because values are encrypted.
const ownerMemo = "everlatch-schedule-of/"

func (s Schedule) options(taskQueue string) client.ScheduleOptions {
	spec := client.ScheduleSpec{}
	if s.Cron != "" {
		spec.CronExpressions = []string{s.Cron}
	} else {
		spec.Intervals = []client.ScheduleIntervalSpec{{Every: s.Every}}
	}
	action := &client.ScheduleWorkflowAction{ID: s.ID, Workflow: s.Flow, TaskQueue: workflows.DeliveriesQueue(taskQueue)}
	if s.Input != nil {
		action.Args = []any{s.Input}
	}
	o := client.ScheduleOptions{
		ID: s.ID, Spec: spec, Action: action, Overlap: s.Overlap, CatchupWindow: s.CatchUp,
		Paused: s.Paused, Note: note(s.Paused), Memo: map[string]any{ownerMemo + taskQueue: true},
	}
	if o.Overlap == enumspb.SCHEDULE_OVERLAP_POLICY_UNSPECIFIED {
		o.Overlap = enumspb.SCHEDULE_OVERLAP_POLICY_SKIP
	}
	if o.CatchupWindow == 0 {
		o.CatchupWindow = time.Minute
	}
	return o
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

// removeOthers deletes schedules that are no longer configured.
func removeOthers(ctx context.Context, c client.Client, taskQueue string, keep map[string]bool) error {
	it, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return err
	}
	for it.HasNext() {
		entry, err := it.Next()
		if err != nil {
			return err
		}
		if _, ours := entry.Memo.GetFields()[ownerMemo+taskQueue]; !ours || keep[entry.ID] {
			continue
		}
		if err := c.ScheduleClient().GetHandle(ctx, entry.ID).Delete(ctx); err != nil {
			return fmt.Errorf("delete schedule %s: %w", entry.ID, err)
		}
	}
	return nil
}

// pausedByConfiguration marks a pause that configuration may lift again; one
// that an operator made stays.
const pausedByConfiguration = "paused by configuration"

func note(paused bool) string {
	if paused {
		return pausedByConfiguration
	}
	return ""
}
