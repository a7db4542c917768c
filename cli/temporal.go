package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/flows"
)

func (p *program) temporalCommand() *cobra.Command {
	return group("temporal", "Prepare Temporal, and roll out workers", p.temporalSetupCommand(), p.deploymentCommand())
}

const (
	// defaultRetention is that of a namespace that setup creates.
	defaultRetention = 72 * time.Hour
	// setupWithin bounds a setup. A cluster that starts at the same time needs a minute.
	setupWithin = 90 * time.Second
)

func (p *program) temporalSetupCommand() *cobra.Command {
	var asJSON bool
	var retention time.Duration
	c := &cobra.Command{
		Use:   "setup",
		Short: "Create the namespace and the search attributes",
		Long: "Creates the namespace of temporal.namespace, and the search attributes by which flows are found in it. It says\n" +
			"what it did, and changes nothing when it is repeated. `everlatch dev` needs none of it.",
		Example: "  everlatch temporal setup\n  everlatch temporal setup --retention 168h --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := p.load(c)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Context(), setupWithin)
			defer cancel()
			done, err := app.SetUpTemporal(ctx, cfg, p.environ,
				flows.SetUpOptions{Retention: retention, SetRetention: c.Flags().Changed("retention")})
			if err != nil {
				return err
			}
			return p.answer(asJSON, done, func(w io.Writer) { writeSetup(w, done) })
		},
	}
	c.Flags().DurationVar(&retention, "retention", defaultRetention,
		"how long Temporal keeps finished workflows; that of an existing namespace changes only if it is given")
	jsonFlag(c, &asJSON)
	return c
}

func writeSetup(w io.Writer, done flows.SetUpResult) {
	switch {
	case done.Created:
		_, _ = fmt.Fprintf(w, "Created the namespace %s, which keeps finished workflows for %s.\n", done.Namespace, done.Retention)
	case done.Before > 0:
		_, _ = fmt.Fprintf(w, "The namespace %s keeps finished workflows for %s now; it was %s.\n", done.Namespace, done.Retention, done.Before)
	default:
		_, _ = fmt.Fprintf(w, "The namespace %s exists, and keeps finished workflows for %s.\n", done.Namespace, done.Retention)
	}
	if len(done.Added) == 0 {
		_, _ = fmt.Fprintln(w, "It has all search attributes.")
		return
	}
	_, _ = fmt.Fprintf(w, "Added search attributes: %s.\n", strings.Join(done.Added, ", "))
}
