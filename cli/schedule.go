package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
)

func (p *program) scheduleCommand() *cobra.Command {
	schedule := group("schedule", "Show, pause and start scheduled jobs",
		p.scheduleListCommand(), p.schedulePauseCommand(), p.scheduleResumeCommand(), p.scheduleTriggerCommand(),
		p.scheduleBackfillCommand())
	schedule.Long = "A scheduled job starts a workflow at certain times. The configuration and the program define the jobs; a worker\n" +
		"writes them to Temporal when it starts."
	schedule.Example = "  everlatch schedule list\n" +
		"  everlatch schedule pause clean-up --note 'until the backup is done'"
	return schedule
}

func (p *program) scheduleListCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the jobs with when they start, and how the last run went",
		Long:    "Lists the jobs of this installation. A change takes a moment to appear in the list.",
		Example: "  everlatch schedule list --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withSchedules(c, func(ctx context.Context, f *flows.Client) error {
				jobs, err := f.Schedules(ctx)
				if err != nil {
					return err
				}
				return p.answer(asJSON, map[string]any{"schedules": jobs}, func(w io.Writer) { writeSchedules(w, jobs) })
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func writeSchedules(w io.Writer, jobs []flows.ScheduleInfo) {
	row(w, "ID", "FLOW", "WHEN", "LAST", "WENT", "NEXT", "NOTE")
	for _, job := range jobs {
		next, went := moment(job.Next), "-"
		if job.Paused {
			next = "paused"
		}
		if len(job.Runs) > 0 {
			went = cmp.Or(job.Runs[0].Outcome, job.Runs[0].Status)
		}
		row(w, job.ID, job.Flow, job.Spec, moment(job.Last), went, next, job.Note)
	}
}

// changed is the answer of the other commands.
type changed struct {
	ID string `json:"id"`
	// Action is paused, resumed, triggered or backfilled.
	Action string `json:"action"`
}

// job is a command that does something to the job that its argument names.
type job struct {
	// action is what the answer in JSON says was done; the sentence says it in
	// words, and its %s is the job.
	action, sentence string
	do               func(ctx context.Context, f *flows.Client, id string) error
}

// jobCommand makes c that command, which prepare describes from its flags.
func (p *program) jobCommand(c *cobra.Command, prepare func() (job, error)) *cobra.Command {
	var asJSON bool
	c.Args = oneArg("the id of a job")
	c.RunE = func(c *cobra.Command, args []string) error {
		j, err := prepare()
		if err != nil {
			return err
		}
		return p.withSchedules(c, func(ctx context.Context, f *flows.Client) error {
			if err := j.do(ctx, f, args[0]); err != nil {
				return err
			}
			return p.answer(asJSON, changed{args[0], j.action}, func(w io.Writer) { _, _ = fmt.Fprintf(w, j.sentence+"\n", args[0]) })
		})
	}
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) schedulePauseCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "pause ID",
		Short:   "Pause a job until it is resumed",
		Long:    "Pauses a job until it is resumed. The pause survives restarts and changes of the configuration.",
		Example: "  everlatch schedule pause clean-up --note 'until the backup is done'",
	}
	note := c.Flags().String("note", "paused with "+p.name+" schedule", "why; the list shows it")
	return p.jobCommand(c, func() (job, error) {
		return job{"paused", "%s is paused.", func(ctx context.Context, f *flows.Client, id string) error {
			return f.PauseSchedule(ctx, id, *note)
		}}, nil
	})
}

func (p *program) scheduleResumeCommand() *cobra.Command {
	c := &cobra.Command{Use: "resume ID", Short: "Resume a paused job", Example: "  everlatch schedule resume clean-up"}
	note := c.Flags().String("note", "resumed with "+p.name+" schedule", "a note for the list")
	return p.jobCommand(c, func() (job, error) {
		return job{"resumed", "%s is resumed.", func(ctx context.Context, f *flows.Client, id string) error {
			return f.ResumeSchedule(ctx, id, *note)
		}}, nil
	})
}

func (p *program) scheduleTriggerCommand() *cobra.Command {
	return p.jobCommand(&cobra.Command{
		Use: "trigger ID", Short: "Start a job now, paused or not", Example: "  everlatch schedule trigger clean-up",
	}, func() (job, error) {
		return job{"triggered", "%s starts now.", func(ctx context.Context, f *flows.Client, id string) error {
			return f.TriggerSchedule(ctx, id)
		}}, nil
	})
}

func (p *program) scheduleBackfillCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "backfill ID --from TIME --to TIME",
		Short:   "Start a job once for each of its times in a period of the past",
		Long:    "Starts a job once for each of its times between two moments, one after the other.",
		Example: "  everlatch schedule backfill report --from 2026-11-01T00:00:00Z --to 2026-11-08T00:00:00Z",
	}
	from := c.Flags().String("from", "", "the first moment, such as 2026-11-01T00:00:00Z")
	to := c.Flags().String("to", "", "the last moment")
	_ = c.MarkFlagRequired("from") // fails only for a flag that was not added
	_ = c.MarkFlagRequired("to")
	return p.jobCommand(c, func() (job, error) {
		start, end, err := period(*from, *to)
		sentence := "%s starts for each of its times from " + moment(start) + " to " + moment(end) + "."
		return job{"backfilled", sentence, func(ctx context.Context, f *flows.Client, id string) error {
			return f.BackfillSchedule(ctx, id, start, end)
		}}, err
	})
}

// period reads two moments in order.
func period(from, to string) (start, end time.Time, err error) {
	var problems []error
	read := func(flag, text string) time.Time {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			problems = append(problems, fmt.Errorf("--%s is %q, and a time such as 2026-11-01T00:00:00Z is expected", flag, text))
		}
		return t
	}
	start, end = read("from", from), read("to", to)
	if len(problems) == 0 && !end.After(start) {
		problems = append(problems, fmt.Errorf("--to, %s, is not after --from, %s", to, from))
	}
	return start, end, errors.Join(problems...)
}

// withSchedules calls do with the client of the schedules. An outage comes with a
// question that helps.
func (p *program) withSchedules(c *cobra.Command, do func(ctx context.Context, f *flows.Client) error) error {
	return p.onFlows(c, existing, func(ctx context.Context, t target) error {
		err := do(ctx, t.app.Flows())
		if errors.Is(err, everlatch.ErrUnavailable) {
			return unavailable(err, "is Temporal reachable?")
		}
		return err
	})
}
