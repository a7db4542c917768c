package api

import (
	"cmp"
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/wire"
)

// scheduleFlows are about the scheduled jobs of this installation. An id of another one is
// [everlatch.ErrNotFound].
type scheduleFlows interface {
	Schedules(ctx context.Context) ([]flows.ScheduleInfo, error)
	Schedule(ctx context.Context, id string) (flows.ScheduleInfo, error)
	PauseSchedule(ctx context.Context, id, note string) error
	ResumeSchedule(ctx context.Context, id, note string) error
	TriggerSchedule(ctx context.Context, id string) error
}

var scheduleTable = render.Table[flows.ScheduleInfo]{
	render.Text("id", func(i *flows.ScheduleInfo) string { return i.ID }),
	render.Text("schedule_id", func(i *flows.ScheduleInfo) string { return i.ScheduleID }),
	render.Text("owner", func(i *flows.ScheduleInfo) string { return i.Owner }),
	render.Text("workflow", func(i *flows.ScheduleInfo) string { return i.Flow }),
	render.Text("spec", func(i *flows.ScheduleInfo) string { return i.Spec }),
	render.Bool("paused", func(i *flows.ScheduleInfo) bool { return i.Paused }),
	render.Text("note", func(i *flows.ScheduleInfo) string { return i.Note }),
	render.NullableTime("last_run_at", func(i *flows.ScheduleInfo) *time.Time { return unlessZero(i.Last) }),
	render.NullableTime("next_run_at", func(i *flows.ScheduleInfo) *time.Time { return unlessZero(i.Next) }),
	{Name: "runs", Write: func(b []byte, i *flows.ScheduleInfo) []byte { return runTable.AppendAll(b, i.Runs, runFields) }},
}

var (
	scheduleShape   = render.ShapeOf(scheduleTable)
	scheduleRecords = resource[flows.ScheduleInfo]{name: "schedule", plural: "schedules", table: scheduleTable, shape: scheduleShape}
	scheduleFilters = query.Schema{{Name: "paused", Kind: query.Choice, Choices: []string{"true", "false"}}}
	scheduleFields  = query.Schema{{Name: "note", Kind: query.Text}}
)

const schedulePage = 50

// runTable is a start of a job.
var runTable = render.Table[flows.ScheduleRun]{
	render.Time("at", func(r *flows.ScheduleRun) time.Time { return r.At }),
	render.Text("flow_id", func(r *flows.ScheduleRun) string { return r.WorkflowID }),
	render.Text("status", func(r *flows.ScheduleRun) string { return r.Status }),
	render.Text("outcome", func(r *flows.ScheduleRun) string { return r.Outcome }),
}

var runFields = render.ShapeOf(runTable).Defaults()

// listSchedules lists the jobs of this installation; there are few, and Temporal lists them
// all at once.
func (s *Server) listSchedules(c echo.Context) error {
	p, err := s.listed(c, scheduleShape, scheduleFilters, schedulePage)
	if err != nil {
		return err
	}
	found, err := s.deps.Flows.Schedules(c.Request().Context())
	if err != nil {
		return err
	}
	jobs := found[:0]
	for _, job := range found {
		if wanted := p.Filters.Plain("paused"); wanted == "" || job.Paused == (wanted == "true") {
			jobs = append(jobs, job)
		}
	}
	count := len(jobs)
	jobs = jobs[min(p.Offset, count):]
	return writeList(c, scheduleRecords.plural, scheduleTable, p, jobs[:min(p.Limit, len(jobs))], count)
}

func (s *Server) readSchedule(c echo.Context) error {
	return scheduleRecords.show(s, c, s.deps.Flows.Schedule)
}

func (s *Server) pauseSchedule(c echo.Context) error {
	return s.changeSchedule(c, "paused", s.deps.Flows.PauseSchedule)
}

func (s *Server) resumeSchedule(c echo.Context) error {
	return s.changeSchedule(c, "resumed", s.deps.Flows.ResumeSchedule)
}

// changeSchedule does something to a job that leaves a note, which names the administrator
// unless the request has one.
func (s *Server) changeSchedule(c echo.Context, done string, do func(ctx context.Context, id, note string) error) error {
	ctx := c.Request().Context()
	return scheduleRecords.change(s, c, scheduleFields, func(in query.Input) (flows.ScheduleInfo, error) {
		note := done + " by " + cmp.Or(callOf(c).auth.UserID(), callOf(c).auth.Claims().ActorID)
		if given := in.Text("note"); given != nil && *given != "" {
			note = *given
		}
		if len(note) > maxScheduleNote {
			return flows.ScheduleInfo{}, errScheduleNote
		}
		if err := do(ctx, c.Param("id"), note); err != nil {
			return flows.ScheduleInfo{}, err
		}
		return s.deps.Flows.Schedule(ctx, c.Param("id"))
	})
}

// maxScheduleNote is in bytes: Temporal keeps the note in the state of the schedule.
const maxScheduleNote = 500

// triggerSchedule starts a job now, paused or not. While an earlier run goes on, the overlap
// policy of the job decides; by default the start is skipped, so a repeated request is safe.
func (s *Server) triggerSchedule(c echo.Context) error {
	if _, err := (query.Schema{}).CheckBody(wire.Of(c).Body); err != nil {
		return err
	}
	return scheduleRecords.show(s, c, func(ctx context.Context, id string) (flows.ScheduleInfo, error) {
		if err := s.deps.Flows.TriggerSchedule(ctx, id); err != nil {
			return flows.ScheduleInfo{}, err
		}
		return s.deps.Flows.Schedule(ctx, id)
	})
}
