package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/worker"
	"github.com/everlatch/everlatch/workflows"
)

// overlaps are the words of the configuration for Temporal's policies.
var overlaps = map[string]enumspb.ScheduleOverlapPolicy{
	"skip":            enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
	"buffer_one":      enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
	"buffer_all":      enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL,
	"cancel_other":    enumspb.SCHEDULE_OVERLAP_POLICY_CANCEL_OTHER,
	"terminate_other": enumspb.SCHEDULE_OVERLAP_POLICY_TERMINATE_OTHER,
	"allow_all":       enumspb.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL,
}

// The ids of the schedules that come with Everlatch.
const (
	scheduleCleanUp       = "clean-up"
	scheduleRemoveOrphans = "remove-orphans"
	scheduleTendEvents    = "tend-events"
	scheduleDeadLetters   = "report-dead-letters"
	scheduleTendDeletions = "tend-deletions"
	// ScheduleReseal seals again what previous keys have sealed.
	ScheduleReseal = "reseal"
)

// newSchedules gathers the scheduled jobs: ours, those of the configuration,
// those of the program.
func (a *App) newSchedules() ([]Schedule, error) {
	out := a.ownSchedules()
	for _, c := range a.cfg.Schedules {
		s := Schedule{
			ID: c.ID, Flow: c.Flow, Cron: c.Cron, Every: c.Every.Duration(), Overlap: overlaps[c.Overlap],
			CatchUp: c.CatchUp.Duration(), Paused: c.Paused,
		}
		if c.Input != nil {
			s.Input = c.Input
		}
		out = append(out, s)
	}
	out = append(out, a.opts.schedules...)
	var problems []error
	seen := map[string]bool{}
	for _, s := range out {
		input, _ := s.Input.(map[string]any)
		if err := a.checkFlow(s.Flow, input); err != nil {
			problems = append(problems, fmt.Errorf("schedule %q: %w", s.ID, err))
		}
		switch {
		case s.ID == "":
			problems = append(problems, errors.New("a schedule needs an id"))
		case seen[s.ID]:
			problems = append(problems, fmt.Errorf("the schedule id %q is given twice", s.ID))
		case (s.Cron == "") == (s.Every <= 0):
			problems = append(problems, fmt.Errorf("schedule %q: exactly one of cron and every is expected", s.ID))
		case s.Cron != "":
			if err := config.CheckCron(s.Cron); err != nil {
				problems = append(problems, fmt.Errorf("schedule %q: cron: %w", s.ID, err))
			}
		}
		seen[s.ID] = true
	}
	return out, errors.Join(problems...)
}

func (a *App) ownSchedules() []Schedule {
	c := a.cfg
	every, grace := c.Worker.CleanUpEvery.Duration(), c.Accounts.OrphanGrace.Duration()
	return []Schedule{
		{ID: scheduleCleanUp, Flow: "CleanUp", Every: every},
		{
			ID: scheduleRemoveOrphans, Flow: "RemoveOrphans", Every: every, Paused: grace <= 0,
			Input: workflows.RemoveOrphansInput{Grace: grace},
		},
		{ID: ScheduleReseal, Flow: "Reseal", Every: every, Input: workflows.ResealInput{}},
		{ID: scheduleTendEvents, Flow: "TendEvents", Every: every, Input: workflows.TendEventsInput{
			Retention: c.Events.Retention.Duration(), LostAfter: c.Events.RetryFor.Duration() + lostMargin,
		}},
		{ID: scheduleTendDeletions, Flow: "TendDeletions", Every: every, Input: workflows.TendDeletionsInput{
			Retention: c.Deletion.Retention.Duration(),
		}},
		{
			ID: scheduleDeadLetters, Flow: "ReportDeadLetters", Every: reportEvery, Paused: c.Mail.ReportTo == "",
			Input: workflows.ReportDeadLettersInput{To: c.Mail.ReportTo, Every: reportEvery},
		},
	}
}

// lastScheduleRetry is the longest wait between two attempts to write schedules.
// Temporal may refuse one for good, and the others run meanwhile.
const lastScheduleRetry = time.Minute

// keepSchedules writes the schedules, again until it has succeeded or ctx ends.
func (a *App) keepSchedules(ctx context.Context) {
	k := worker.Scheduler{
		Temporal: a.temporal, TaskQueue: a.cfg.Temporal.TaskQueue, Installation: a.installation, Log: a.log,
	}
	a.until(ctx, "the schedules are not in place", func() error { return k.Ensure(ctx, a.schedules) })
}

// renewSchedules writes the schedules again when another key seals payloads: their inputs
// are sealed, too, and stay as they are until they are written.
func (a *App) renewSchedules(ctx context.Context) {
	ticker := time.NewTicker(a.cfg.Keys.RefreshEvery.Duration())
	defer ticker.Stop()
	for sealed := a.rings.Codec.Current(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if current := a.rings.Codec.Current(); current != sealed {
			a.keepSchedules(ctx)
			sealed = current
		}
	}
}

// checkRetention warns when Temporal forgets a delivery before it is given up: one
// that has ended while the database was away would be made again.
func (a *App) checkRetention(ctx context.Context) {
	opts, err := temporalOptions(&a.cfg, a.opts.environ)
	if err != nil {
		return // no connection without them
	}
	namespace := cmp.Or(opts.Namespace, client.DefaultNamespace)
	a.until(ctx, "the retention of the namespace is not known", func() error {
		got, err := a.temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
		if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
			return nil // the credentials of a worker need not reach further
		}
		if err != nil {
			return err
		}
		retention, retryFor := got.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(), a.cfg.Events.RetryFor.Duration()
		if retention < retryFor {
			a.log.WarnContext(ctx, "deliveries are retried for longer than Temporal remembers them: one may be made twice",
				slog.String("setting", "events.retry_for"), slog.String("retry_for", retryFor.String()),
				slog.String("namespace", namespace), slog.String("retention", retention.String()))
		}
		return nil
	})
}

// until calls do until it succeeds or ctx ends.
func (a *App) until(ctx context.Context, problem string, do func() error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for wait := firstRetry; ; wait = min(2*wait, lastScheduleRetry) {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := do()
		if err == nil || ctx.Err() != nil {
			return
		}
		a.log.WarnContext(ctx, "trying again", slog.String("problem", problem), slog.String("again_in", wait.String()), slog.Any("error", everlatch.Cause(err)))
		timer.Reset(wait)
	}
}
