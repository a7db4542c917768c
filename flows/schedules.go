package flows

import (
	"context"
	"errors"
	"time"

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

	Flow   string `json:"flow"`
	Paused bool   `json:"paused"`
	// Note says why it is paused, "" for none.
	Note string `json:"note,omitempty"`
	// Last and Next are zero when it never ran, or will not.
	Last time.Time `json:"last,omitzero"`
	Next time.Time `json:"next,omitzero"`
}

// Schedules lists the scheduled jobs of this installation. The list lags a moment
// behind what was changed.
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
		if _, ours := entry.Memo.GetFields()[temporalkit.OwnerMemo(c.opts.Installation)]; !ours {
			continue
		}
		info := ScheduleInfo{
			ID: temporalkit.OwnID(entry.ID, c.opts.Installation), ScheduleID: entry.ID,
			Flow: entry.WorkflowType.Name, Paused: entry.Paused, Note: entry.Note,
		}
		if n := len(entry.RecentActions); n > 0 {
			info.Last = entry.RecentActions[n-1].ActualTime
		}
		if len(entry.NextActionTimes) > 0 && !entry.Paused {
			info.Next = entry.NextActionTimes[0]
		}
		out = append(out, info)
	}
	return out, nil
}

// PauseSchedule stops a job from starting, until [Client.ResumeSchedule]. A
// pause of this kind outlives restarts and changes of the configuration.
func (c *Client) PauseSchedule(ctx context.Context, id, note string) error {
	return scheduleFailure(id, c.schedule(ctx, id).Pause(ctx, client.SchedulePauseOptions{Note: note}))
}

// ResumeSchedule lets a paused job start again.
func (c *Client) ResumeSchedule(ctx context.Context, id, note string) error {
	return scheduleFailure(id, c.schedule(ctx, id).Unpause(ctx, client.ScheduleUnpauseOptions{Note: note}))
}

// TriggerSchedule starts a job now, paused or not.
func (c *Client) TriggerSchedule(ctx context.Context, id string) error {
	return scheduleFailure(id, c.schedule(ctx, id).Trigger(ctx, client.ScheduleTriggerOptions{}))
}

// BackfillSchedule starts a job for every time between from and to that its
// specification names, one after the other.
func (c *Client) BackfillSchedule(ctx context.Context, id string, from, to time.Time) error {
	return scheduleFailure(id, c.schedule(ctx, id).Backfill(ctx, client.ScheduleBackfillOptions{
		Backfill: []client.ScheduleBackfill{{Start: from, End: to, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL}},
	}))
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
