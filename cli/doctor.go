package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/doctor"
)

func (p *program) doctorCommand() *cobra.Command {
	var asJSON bool
	var skip []string
	var e app.Examination
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything the service depends on, and say how to mend what is wrong",
		Long: "Looks at the settings, the database, Temporal, the mail server, the services of providers, the targets of\n" +
			"webhooks and their clocks. It changes nothing, sends nothing without --send-to, and shows no secret. Run it with the\n" +
			"configuration of an API or worker; without one it looks at the dev service that runs on the data folder.\n\n" +
			"It fails when it finds a fault. Warnings do not count.",
		Example: "  everlatch doctor\n  everlatch doctor --json --skip temporal.workers     # before the first worker runs\n" +
			"  everlatch doctor --send-to you@example.com",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if e.Within <= 0 {
				return fmt.Errorf("--within is %s, and more than 0 is expected", e.Within)
			}
			if err := checkSkipped(skip); err != nil {
				return err
			}
			report, err := p.examine(c, e)
			if err != nil {
				return err
			}
			report = report.Without(skip)
			if err := p.answer(asJSON, report, func(w io.Writer) { writeReport(w, report) }); err != nil {
				return err
			}
			if !report.OK {
				return fmt.Errorf("%s", counted(report.Faults, "fault"))
			}
			return nil
		},
	}
	c.Flags().DurationVar(&e.Within, "within", doctor.DefaultWithin, "how long each part may take")
	c.Flags().StringVar(&e.SendTo, "send-to", "", "send a test mail to this address")
	c.Flags().StringSliceVar(&skip, "skip", nil, "checks to leave out, such as temporal.workers")
	jsonFlag(c, &asJSON)
	return c
}

func checkSkipped(skip []string) error {
	var ids []string
	for _, check := range doctor.Checks() {
		ids = append(ids, check.ID)
	}
	for _, id := range skip {
		if !slices.Contains(ids, id) {
			return fmt.Errorf("--skip: there is no check %q; there are %s", id, strings.Join(ids, ", "))
		}
	}
	return nil
}

// examine looks at the configured installation, or at the dev service that runs on the data
// folder when there is none.
func (p *program) examine(c *cobra.Command, e app.Examination) (doctor.Report, error) {
	cfg, wrong := p.load(c)
	var problems config.Problems
	if wrong != nil && !errors.As(wrong, &problems) {
		return doctor.Report{}, wrong
	}
	if onFolder(c, cfg) {
		if r, ok := runningOn(cfg.Data.Dir); ok {
			return p.examineDev(c, e, r)
		}
		if c.Flags().Changed("data") {
			return doctor.Report{}, fmt.Errorf("no dev service runs on the folder %s: start one with `%s dev --data %[1]s`", cfg.Data.Dir, p.name)
		}
	}
	e.Unread = wrong
	return app.Examine(c.Context(), cfg, e, p.with(app.WithEnviron(p.environ))...), nil
}

func (p *program) examineDev(c *cobra.Command, e app.Examination, r running) (doctor.Report, error) {
	cfg, err := p.loadDev(c)
	if err != nil {
		return doctor.Report{}, err
	}
	f, err := openFolder(cfg.Data.Dir)
	if err != nil {
		return doctor.Report{}, err
	}
	if err := errors.Join(cfg.Generate(f.path), f.close()); err != nil {
		return doctor.Report{}, err
	}
	cfg.Data.Dir, cfg.Database.URL = f.path, f.database()
	cfg.Temporal.Address, cfg.Temporal.Namespace = r.Temporal, r.Namespace
	linkToPages(&cfg, strings.TrimPrefix(r.API, "http://"))
	return app.Examine(c.Context(), cfg, e, p.with(app.WithWeakSecrets())...), nil
}

// writeReport lists the findings, each with what to do below it. Checks that were skipped
// for one reason share a line.
func writeReport(w io.Writer, r doctor.Report) {
	fine, left := 0, r.Findings
	for len(left) > 0 {
		f := left[0]
		if f.Status == doctor.Skipped {
			n := skippedTogether(left)
			row(w, string(f.Status), names(left[:n]), f.Message)
			left = left[n:]
			continue
		}
		left = left[1:]
		row(w, string(f.Status), strings.TrimSpace(f.Check+" "+f.About), f.Message)
		if f.Advice != "" {
			_, _ = fmt.Fprintf(w, "\t\t→ %s\n", f.Advice)
		}
		if f.Status == doctor.OK {
			fine++
		}
	}
	_, _ = fmt.Fprintf(w, "\n%s, %s, %d ok\n", counted(r.Faults, "fault"), counted(r.Warnings, "warning"), fine)
}

// skippedTogether counts the findings at the start of a list that were skipped in one group
// for one reason.
func skippedTogether(list []doctor.Finding) int {
	group, _, _ := strings.Cut(list[0].Check, ".")
	for i, f := range list {
		if f.Status != doctor.Skipped || f.Message != list[0].Message || f.About != list[0].About || !strings.HasPrefix(f.Check, group+".") {
			return i
		}
	}
	return len(list)
}

// names is the name of a check, or of a group where there are several.
func names(list []doctor.Finding) string {
	group, _, _ := strings.Cut(list[0].Check, ".")
	if len(list) == 1 {
		return strings.TrimSpace(list[0].Check + " " + list[0].About)
	}
	return fmt.Sprintf("%s %s(%d checks)", group, strings.TrimLeft(list[0].About+" ", " "), len(list))
}
