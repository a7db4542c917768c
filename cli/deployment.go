package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/flows"
)

// unversioned is the word for workers without a version.
const unversioned = "unversioned"

func (p *program) deploymentCommand() *cobra.Command {
	return group("deployment", "Roll out versions of the workers", p.deploymentShowCommand(), p.setCurrentCommand(), p.rampCommand())
}

func (p *program) deploymentShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show",
		Short: "List the versions of the workers",
		Long: "Lists the versions of the deployment temporal.deployment.name: which is current, which queues their workers\n" +
			"poll, and how many running flows stay with each. Workers of a version that is drained can be stopped.",
		Example: "  everlatch temporal deployment show\n  everlatch temporal deployment show --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onDeployment(c, func(ctx context.Context, d *flows.Deployment) error {
				versions, err := d.Versions(ctx)
				if err != nil {
					return err
				}
				return p.answer(asJSON, versions, func(w io.Writer) { writeVersions(w, d.Name, versions) })
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) setCurrentCommand() *cobra.Command {
	var wait time.Duration
	c := &cobra.Command{
		Use:   "set-current BUILD_ID",
		Short: "Make a version current: it gets all new flows, and those that wait",
		Long: "Makes a version of the workers current. It is refused while no worker of the version polls one of the queues;\n" +
			"--wait waits for them. The word unversioned stands for workers without temporal.deployment.name.",
		Example: "  everlatch temporal deployment set-current v1.4.0 --wait 5m\n  everlatch temporal deployment set-current unversioned",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id := args[0]
			return p.onDeployment(c, func(ctx context.Context, d *flows.Deployment) error {
				if err := withWorkers(ctx, wait, func() error { return d.SetCurrent(ctx, buildID(id)) }); err != nil {
					return err
				}
				_, err := fmt.Fprintf(p.stdout, "The current version is %s.\n", id)
				return err
			})
		},
	}
	c.Flags().DurationVar(&wait, "wait", 0, "how long to wait for workers of the version")
	return c
}

func (p *program) rampCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "ramp BUILD_ID PERCENT",
		Short: "Give a version a share of the flows; 0 takes it back",
		Long: "Gives a version of the workers a share of what the current version gets: of new flows, and of those that wait.\n" +
			"set-current gives it the rest.",
		Example: "  everlatch temporal deployment ramp v1.4.0 10",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			percent, err := strconv.ParseFloat(strings.TrimSuffix(args[1], "%"), 32)
			if err != nil || percent < 0 || percent > 100 {
				return fmt.Errorf("the share is %q, and must be a number from 0 to 100", args[1])
			}
			return p.onDeployment(c, func(ctx context.Context, d *flows.Deployment) error {
				if err := d.Ramp(ctx, buildID(args[0]), float32(percent)); err != nil {
					return err
				}
				_, err := fmt.Fprintf(p.stdout, "Version %s gets %g %%.\n", args[0], percent)
				return err
			})
		},
	}
}

// buildID is "" for workers without a version.
func buildID(word string) string {
	if word == unversioned {
		return ""
	}
	return word
}

// withWorkers repeats do while workers are missing.
func withWorkers(ctx context.Context, wait time.Duration, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		err := do()
		if !errors.Is(err, flows.ErrNoWorkers) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

func (p *program) onDeployment(c *cobra.Command, do func(context.Context, *flows.Deployment) error) error {
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	d, closeIt, err := app.OpenDeployment(cfg, p.environ)
	if err != nil {
		return err
	}
	defer closeIt()
	return do(c.Context(), d)
}

func writeVersions(w io.Writer, name string, versions []flows.Version) {
	if len(versions) == 0 {
		_, _ = fmt.Fprintf(w, "The deployment %s has no versions: no worker with this name has started.\n", name)
		return
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "BUILD ID\tSTATUS\tQUEUES POLLED\tFLOWS\tSINCE")
	for _, v := range versions {
		status, polled := v.Status, strings.Join(v.Polled, ", ")
		if v.Status == flows.VersionRamping {
			status = fmt.Sprintf("%s %g %%", status, v.Percent)
		}
		if polled == "" {
			polled = "none"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", v.BuildID, status, polled, v.Pinned, v.Since.Format(time.RFC3339))
	}
	_ = table.Flush()
	for _, v := range versions {
		if v.Pinned > 0 && len(v.Polled) == 0 {
			_, _ = fmt.Fprintf(w, "%s stay with %s, which has no workers. Within some minutes the workers let Everlatch's own go on with the current version; "+
				"for custom workflows start a worker of it again.\n", counted(int(v.Pinned), "flow"), v.BuildID)
		}
	}
}
