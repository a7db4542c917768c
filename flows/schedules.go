package flows

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
)

// ScheduleInfo is a scheduled job as operators see it.
type ScheduleInfo struct {
	ID string `json:"id"`
	// ScheduleID is the one in Temporal, which also names the installation.
	ScheduleID string `json:"schedule_id"`
	// Owner is the installation.
	Owner string `json:"owner"`

	Flow string `json:"flow"`
	// Spec says in words when it starts, such as "every 10 minutes".
	Spec   string `json:"spec"`
	Paused bool   `json:"paused"`
	// Note says why it is paused, "" for none.
	Note string `json:"note,omitempty"`
	// Last and Next are zero when it never ran, or will not.
	Last time.Time `json:"last,omitzero"`
	Next time.Time `json:"next,omitzero"`
	// Runs are the latest starts, the last one first.
	Runs []ScheduleRun `json:"runs"`
}

// ScheduleRun is a start of a scheduled job.
type ScheduleRun struct {
	At time.Time `json:"at"`
	// WorkflowID is that of the flow.
	WorkflowID string `json:"workflow_id"`
	// Status is that of [FlowInfo], or unknown: Temporal no longer keeps the flow, or does
	// not list it yet.
	Status string `json:"status"`
	// Outcome is that of [FlowInfo].
	Outcome string `json:"outcome,omitempty"`
}

// mostRuns is how many starts of a job are shown.
const mostRuns = 5

// Schedules lists the scheduled jobs of this installation by id, each as it is now: a job
// that was made a moment ago may be missing yet.
func (c *Client) Schedules(ctx context.Context) ([]ScheduleInfo, error) {
	it, err := c.opts.Temporal.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return nil, failure(err)
	}
	out := []ScheduleInfo{}
	for it.HasNext() {
		entry, err := it.Next()
		if err != nil {
			return nil, failure(err)
		}
		if !c.owns(entry.Memo) {
			continue
		}
		// What the list says of a job lags behind; an operator who has just paused one looks at it.
		info, err := c.scheduleNow(ctx, temporalkit.OwnID(entry.ID, c.opts.Installation))
		if errors.Is(err, everlatch.ErrNotFound) {
			continue // deleted a moment ago
		}
		if err != nil {
			return nil, err
		}
		out = append(out, info)
	}
	slices.SortFunc(out, func(a, b ScheduleInfo) int { return cmp.Compare(a.ID, b.ID) })
	return out, c.addOutcomes(ctx, out)
}

// Schedule returns a job as it is now. One of another installation does not exist.
func (c *Client) Schedule(ctx context.Context, id string) (ScheduleInfo, error) {
	info, err := c.scheduleNow(ctx, id)
	if err != nil {
		return ScheduleInfo{}, err
	}
	out := []ScheduleInfo{info}
	err = c.addOutcomes(ctx, out)
	return out[0], err
}

// scheduleNow returns a job without the outcomes of its runs.
func (c *Client) scheduleNow(ctx context.Context, id string) (ScheduleInfo, error) {
	found, err := c.ownSchedule(ctx, id)
	if err != nil {
		return ScheduleInfo{}, err
	}
	info := ScheduleInfo{
		ID: id, ScheduleID: temporalkit.OwnedID(id, c.opts.Installation), Owner: c.opts.Installation,
		Spec: specWords(found.Schedule.Spec), Runs: latestRuns(found.Info.RecentActions),
	}
	if len(info.Runs) > 0 {
		info.Last = info.Runs[0].At
	}
	if next := found.Info.NextActionTimes; len(next) > 0 {
		info.Next = next[0]
	}
	if action, ok := found.Schedule.Action.(*client.ScheduleWorkflowAction); ok {
		info.Flow, _ = action.Workflow.(string)
	}
	if state := found.Schedule.State; state != nil {
		info.Note, info.Paused = state.Note, state.Paused
		if info.Paused {
			info.Next = time.Time{}
		}
	}
	return info, nil
}

func (c *Client) owns(memo *commonpb.Memo) bool {
	_, ours := memo.GetFields()[temporalkit.OwnerMemo(c.opts.Installation)]
	return ours
}

// latestRuns returns the starts of a job, the last one first.
func latestRuns(recent []client.ScheduleActionResult) []ScheduleRun {
	runs := []ScheduleRun{}
	for i := len(recent) - 1; i >= 0 && len(runs) < mostRuns; i-- {
		run := ScheduleRun{At: recent[i].ActualTime, Status: statuses[enumspb.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED]}
		if started := recent[i].StartWorkflowResult; started != nil {
			run.WorkflowID = started.WorkflowID
		}
		runs = append(runs, run)
	}
	return runs
}

const (
	// idsAtOnce bounds the length of a query.
	idsAtOnce = 100
	// mostRunsListed bounds what is read for them: a run may have been continued often.
	mostRunsListed = 1000
)

// addOutcomes looks up how the runs of schedules have ended.
func (c *Client) addOutcomes(ctx context.Context, jobs []ScheduleInfo) error {
	runs := map[string][]*ScheduleRun{}
	for _, job := range jobs {
		for i := range job.Runs {
			if run := &job.Runs[i]; run.WorkflowID != "" {
				runs[run.WorkflowID] = append(runs[run.WorkflowID], run)
			}
		}
	}
	for workflowIDs := range slices.Chunk(slices.Sorted(maps.Keys(runs)), idsAtOnce) {
		found, err := c.flowsWhere(ctx, in("WorkflowId", workflowIDs), mostRunsListed)
		if err != nil {
			return err
		}
		latest := map[string]FlowInfo{}
		for _, f := range found { // of one that was continued, the last execution tells
			if known, seen := latest[f.ID]; !seen || f.StartedAt.After(known.StartedAt) {
				latest[f.ID] = f
			}
		}
		for id, f := range latest {
			for _, run := range runs[id] {
				run.Status, run.Outcome = f.Status, f.Outcome
			}
		}
	}
	return nil
}

// ownSchedule describes a job. Those of others in the namespace are neither shown nor changed.
func (c *Client) ownSchedule(ctx context.Context, id string) (*client.ScheduleDescription, error) {
	found, err := c.schedule(ctx, id).Describe(ctx)
	if err == nil && !c.owns(found.Memo) {
		err = serviceerror.NewNotFound("the schedule belongs to another program")
	}
	return found, scheduleFailure(id, err)
}

// onOwn calls do with the handle of a job of this installation.
func (c *Client) onOwn(ctx context.Context, id string, do func(client.ScheduleHandle) error) error {
	if _, err := c.ownSchedule(ctx, id); err != nil {
		return err
	}
	return scheduleFailure(id, do(c.schedule(ctx, id)))
}

// PauseSchedule stops a job from starting, until [Client.ResumeSchedule]. A
// pause of this kind outlives restarts and changes of the configuration.
func (c *Client) PauseSchedule(ctx context.Context, id, note string) error {
	return c.onOwn(ctx, id, func(h client.ScheduleHandle) error { return h.Pause(ctx, client.SchedulePauseOptions{Note: note}) })
}

// ResumeSchedule lets a paused job start again.
func (c *Client) ResumeSchedule(ctx context.Context, id, note string) error {
	return c.onOwn(ctx, id, func(h client.ScheduleHandle) error { return h.Unpause(ctx, client.ScheduleUnpauseOptions{Note: note}) })
}

// TriggerSchedule starts a job now, paused or not.
func (c *Client) TriggerSchedule(ctx context.Context, id string) error {
	return c.onOwn(ctx, id, func(h client.ScheduleHandle) error { return h.Trigger(ctx, client.ScheduleTriggerOptions{}) })
}

// BackfillSchedule starts a job for every time between from and to that its
// specification names, one after the other.
func (c *Client) BackfillSchedule(ctx context.Context, id string, from, to time.Time) error {
	return c.onOwn(ctx, id, func(h client.ScheduleHandle) error {
		return h.Backfill(ctx, client.ScheduleBackfillOptions{
			Backfill: []client.ScheduleBackfill{{Start: from, End: to, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL}},
		})
	})
}

func (c *Client) schedule(ctx context.Context, id string) client.ScheduleHandle {
	return c.opts.Temporal.ScheduleClient().GetHandle(ctx, temporalkit.OwnedID(id, c.opts.Installation))
}

func scheduleFailure(id string, err error) error {
	if _, absent := errors.AsType[*serviceerror.NotFound](err); absent {
		return &everlatch.Error{Code: everlatch.CodeNotFound, Reason: everlatch.ReasonScheduleUnknown, Details: map[string]string{"id": id}, Err: err}
	}
	if err != nil {
		return failure(err)
	}
	return nil
}
