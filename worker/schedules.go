package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch/internal/temporalkit"
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

// Scheduler keeps the schedules of one installation in a namespace that it may
// share with others.
type Scheduler struct {
	Temporal client.Client
	// TaskQueue is the configured name; the queue for deliveries runs the flows.
	TaskQueue string
	// Installation owns the schedules; those of another one are never touched.
	Installation string
	Log          *slog.Logger
}

// Ensure creates schedules, or updates them to what is wanted now, and deletes
// those of this installation that are no longer wanted. Every worker calls it
// when it starts; the result is the same for all of them. A schedule that fails
// keeps none of the others waiting; the error names each that did.
func (k *Scheduler) Ensure(ctx context.Context, wanted []Schedule) error {
	found, err := k.find(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, s := range wanted {
		if err := k.ensure(ctx, s, found.unowned[s.ID]); err != nil {
			problems = append(problems, fmt.Errorf("schedule %s: %w", s.ID, err))
		}
		delete(found.own, temporalkit.OwnedID(s.ID, k.Installation))
	}
	if len(problems) == 0 {
		problems = append(problems, k.remove(ctx, found.own), k.remove(ctx, found.unowned))
	}
	return errors.Join(problems...)
}

// queueMemo, followed by a task queue, is the key of a memo that tells which queue
// a schedule uses: two installations must not have the same.
const queueMemo = "everlatch-queue/"

// unownedMemo, followed by a task queue, is the key of a memo on the schedules of
// versions that knew no installations. This installation adopts those of its queue.
const unownedMemo = "everlatch-schedule-of/"

// schedules are those of a namespace that may concern an installation, by id.
type schedules struct{ own, unowned map[string]bool }

func (k *Scheduler) find(ctx context.Context) (schedules, error) {
	out := schedules{own: map[string]bool{}, unowned: map[string]bool{}}
	it, err := k.Temporal.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return out, err
	}
	for it.HasNext() {
		entry, err := it.Next()
		if err != nil {
			return out, err
		}
		memo := entry.Memo.GetFields()
		_, sameQueue := memo[queueMemo+k.TaskQueue]
		_, unowned := memo[unownedMemo+k.TaskQueue]
		switch {
		case k.owns(entry.Memo):
			out.own[entry.ID] = true
		case unowned:
			out.unowned[entry.ID] = true
		case sameQueue:
			k.Log.WarnContext(ctx, "another installation uses this task queue: each runs the flows of the other",
				slog.String("setting", "temporal.task_queue"), slog.String("task_queue", k.TaskQueue), slog.String("schedule", entry.ID))
		}
	}
	return out, nil
}

func (k *Scheduler) owns(memo *commonpb.Memo) bool {
	_, ours := memo.GetFields()[temporalkit.OwnerMemo(k.Installation)]
	return ours
}

func (k *Scheduler) options(s Schedule) client.ScheduleOptions {
	spec := client.ScheduleSpec{}
	if s.Cron != "" {
		spec.CronExpressions = []string{s.Cron}
	} else {
		spec.Intervals = []client.ScheduleIntervalSpec{{Every: s.Every}}
	}
	id := temporalkit.OwnedID(s.ID, k.Installation)
	action := &client.ScheduleWorkflowAction{ID: id, Workflow: s.Flow, TaskQueue: workflows.DeliveriesQueue(k.TaskQueue)}
	if s.Input != nil {
		action.Args = []any{s.Input}
	}
	o := client.ScheduleOptions{
		ID: id, Spec: spec, Action: action, Overlap: s.Overlap, CatchupWindow: s.CatchUp,
		Paused: s.Paused, Note: note(s.Paused),
		Memo: map[string]any{temporalkit.OwnerMemo(k.Installation): true, queueMemo + k.TaskQueue: true},
	}
	if o.Overlap == enumspb.SCHEDULE_OVERLAP_POLICY_UNSPECIFIED {
		o.Overlap = enumspb.SCHEDULE_OVERLAP_POLICY_SKIP
	}
	if o.CatchupWindow == 0 {
		o.CatchupWindow = time.Minute
	}
	return o
}

// ensure creates or updates a schedule. A memo cannot be changed, so an unowned
// schedule of the same id is adopted by another one that takes over its pause.
func (k *Scheduler) ensure(ctx context.Context, s Schedule, adopt bool) error {
	o := k.options(s)
	if adopt {
		old, err := k.handle(ctx, s.ID).Describe(ctx)
		if err != nil && !isAbsent(err) {
			return err
		}
		if err == nil && old.Schedule.State.Paused && old.Schedule.State.Note != pausedByConfiguration {
			o.Paused, o.Note = true, old.Schedule.State.Note
		}
	}
	_, err := k.Temporal.ScheduleClient().Create(ctx, o)
	if err == nil || !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	existing := k.handle(ctx, o.ID)
	found, err := existing.Describe(ctx)
	if err != nil {
		return err
	}
	if !k.owns(found.Memo) {
		return errors.New("the id " + o.ID + " belongs to another program")
	}
	o.Paused = s.Paused // what an operator has paused is the existing schedule's to know
	return existing.Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(current client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			return &client.ScheduleUpdate{Schedule: updated(current.Description.Schedule, o)}, nil
		},
	})
}

// updated is an existing schedule as it is wanted now.
func updated(schedule client.Schedule, o client.ScheduleOptions) *client.Schedule {
	schedule.Spec = &o.Spec
	schedule.Action = o.Action
	schedule.Policy.Overlap = o.Overlap
	schedule.Policy.CatchupWindow = o.CatchupWindow
	if o.Paused != schedule.State.Paused && schedule.State.Note == pausedByConfiguration || o.Paused {
		schedule.State.Paused = o.Paused
		schedule.State.Note = note(o.Paused)
	}
	return &schedule
}

// remove deletes schedules that are no longer wanted, or that were adopted.
func (k *Scheduler) remove(ctx context.Context, ids map[string]bool) error {
	for id := range ids {
		if err := k.handle(ctx, id).Delete(ctx); err != nil && !isAbsent(err) {
			return fmt.Errorf("delete schedule %s: %w", id, err)
		}
	}
	return nil
}

func (k *Scheduler) handle(ctx context.Context, id string) client.ScheduleHandle {
	return k.Temporal.ScheduleClient().GetHandle(ctx, id)
}

// isAbsent says that a schedule is gone: another worker was faster.
func isAbsent(err error) bool {
	_, absent := errors.AsType[*serviceerror.NotFound](err)
	return absent
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
