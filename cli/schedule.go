package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
)

func (p *program) scheduleCommand() *cobra.Command {
	schedule := &cobra.Command{
		Use:   "schedule",
		Short: "Show, pause and start scheduled jobs",
		Long: "A scheduled job starts a workflow at certain times. The configuration and the program define the jobs; a worker\n" +
			"writes them to Temporal when it starts.",
		Example: "  everlatch schedule list\n" +
			"  everlatch schedule pause clean-up --note 'until the backup is done'",
		Args: noSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	schedule.AddCommand(p.scheduleListCommand(), p.schedulePauseCommand(), p.scheduleResumeCommand(),
		p.scheduleTriggerCommand(), p.scheduleBackfillCommand())
	return schedule
}

func (p *program) scheduleListCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the jobs with their last and next start",
		Long:    "Lists all jobs of the Temporal namespace. A change takes a moment to appear in the list.",
		Example: "  everlatch schedule list --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withSchedules(c, func(ctx context.Context, f *flows.Client) error {
				jobs, err := f.Schedules(ctx)
				if err != nil {
					return err
				}
				slices.SortFunc(jobs, func(a, b flows.ScheduleInfo) int { return cmp.Compare(a.ID, b.ID) })
				return p.answer(asJSON, map[string]any{"schedules": jobs}, func(w io.Writer) { writeSchedules(w, jobs) })
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func writeSchedules(w io.Writer, jobs []flows.ScheduleInfo) {
	row(w, "ID", "FLOW", "LAST", "NEXT", "NOTE")
	for _, job := range jobs {
		next := moment(job.Next)
		if job.Paused {
			next = "paused"
		}
		row(w, job.ID, job.Flow, moment(job.Last), next, job.Note)
	}
}

// changed is the answer of the other commands.
type changed struct {
	ID string `json:"id"`
	// Action is paused, resumed, triggered or backfilled.
	Action string `json:"action"`
}

// change runs a command that changes the job it names. The sentence reports it;
// its %s is the job.
func (p *program) change(c *cobra.Command, asJSON bool, done changed, sentence string, do func(ctx context.Context, f *flows.Client) error) error {
	return p.withSchedules(c, func(ctx context.Context, f *flows.Client) error {
		if err := do(ctx, f); err != nil {
			return err
		}
		return p.answer(asJSON, done, func(w io.Writer) { _, _ = fmt.Fprintf(w, sentence+"\n", done.ID) })
	})
}

func (p *program) schedulePauseCommand() *cobra.Command {
	var note string
	var asJSON bool
	c := &cobra.Command{
		Use:     "pause ID",
		Short:   "Pause a job until it is resumed",
		Long:    "Pauses a job until it is resumed. The pause survives restarts and changes of the configuration.",
		Example: "  everlatch schedule pause clean-up --note 'until the backup is done'",
		Args:    oneArg("the id of a job"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.change(c, asJSON, changed{args[0], "paused"}, "%s is paused.", func(ctx context.Context, f *flows.Client) error {
				return f.PauseSchedule(ctx, args[0], note)
			})
		},
	}
	c.Flags().StringVar(&note, "note", "paused with "+p.name+" schedule", "why; the list shows it")
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) scheduleResumeCommand() *cobra.Command {
	var note string
	var asJSON bool
	c := &cobra.Command{
		Use:     "resume ID",
		Short:   "Resume a paused job",
		Example: "  everlatch schedule resume clean-up",
		Args:    oneArg("the id of a job"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.change(c, asJSON, changed{args[0], "resumed"}, "%s is resumed.", func(ctx context.Context, f *flows.Client) error {
				return f.ResumeSchedule(ctx, args[0], note)
			})
		},
	}
	c.Flags().StringVar(&note, "note", "resumed with "+p.name+" schedule", "a note for the list")
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) scheduleTriggerCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "trigger ID",
		Short:   "Start a job now, paused or not",
		Example: "  everlatch schedule trigger clean-up",
		Args:    oneArg("the id of a job"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.change(c, asJSON, changed{args[0], "triggered"}, "%s starts now.", func(ctx context.Context, f *flows.Client) error {
				return f.TriggerSchedule(ctx, args[0])
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) scheduleBackfillCommand() *cobra.Command {
	var from, to string
	var asJSON bool
	c := &cobra.Command{
		Use:     "backfill ID --from TIME --to TIME",
		Short:   "Start a job once for each of its times in a period of the past",
		Long:    "Starts a job once for each of its times between two moments, one after the other.",
		Example: "  everlatch schedule backfill report --from 2026-11-01T00:00:00Z --to 2026-11-08T00:00:00Z",
		Args:    oneArg("the id of a job"),
		RunE: func(c *cobra.Command, args []string) error {
			start, end, err := period(from, to)
			if err != nil {
				return err
			}
			sentence := "%s starts for each of its times from " + moment(start) + " to " + moment(end) + "."
			return p.change(c, asJSON, changed{args[0], "backfilled"}, sentence, func(ctx context.Context, f *flows.Client) error {
				return f.BackfillSchedule(ctx, args[0], start, end)
			})
		},
	}
	c.Flags().StringVar(&from, "from", "", "the first moment, such as 2026-11-01T00:00:00Z")
	c.Flags().StringVar(&to, "to", "", "the last moment")
	_ = c.MarkFlagRequired("from") // fails only for a flag that is not there
	_ = c.MarkFlagRequired("to")
	jsonFlag(c, &asJSON)
	return c
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
