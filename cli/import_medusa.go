package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/internal/imports/medusa"
)

// medusaRequest is what `import medusa` was asked for.
type medusaRequest struct {
	importRequest

	from string
	medusa.Options

	follow bool
	every  time.Duration
	until  string
}

func (p *program) importMedusaCommand() *cobra.Command {
	r := medusaRequest{importRequest: importRequest{source: "medusa"}}
	c := &cobra.Command{
		Use:   "medusa --from URL",
		Short: "Import the accounts of a Medusa 2 installation from its database",
		Long: "Imports the accounts of a Medusa 2 installation: identities with their passwords and second factors, customers with\n" +
			"addresses and groups, administrators, invites, API keys and roles (docs/guides/move-from-medusa.md). Medusa's database\n" +
			"is read at one point in time, and never written. Second factors need auth.mfa.encryption_key, the key of Medusa.\n\n" +
			"With --follow, the command goes on and imports what changes in Medusa, until --until or Ctrl-C: then it compares\n" +
			"everything once more, and reports. Run everlatch import medusa again at any time: it imports what has changed.\n\n" +
			"Leave the password out of the URL, and give it in PGPASSWORD or ~/.pgpass: other users of the machine can see\n" +
			"the arguments of a command.",
		Example: "  everlatch import medusa --from postgres://medusa@db/medusa --dry-run\n" +
			"  everlatch import medusa --from postgres://medusa@db/medusa --follow",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.importMedusa(c, r) },
	}
	p.importFlags(c, &r.importRequest)
	f := c.Flags()
	f.StringVar(&r.from, "from", "", "URL of Medusa's database; with ?search_path=SCHEMA where the schema is not public")
	f.BoolVar(&r.LeaveOutFactors, "leave-out-factors", false, "import identities without second factors that cannot be moved, instead of refusing them")
	f.IntVar(&r.MaxRemoved, "max-removed", 10, "how many percent of the imported records of a type are removed here at most, when their rows are gone from Medusa")
	f.BoolVar(&r.follow, "follow", false, "go on, and import what changes")
	f.DurationVar(&r.every, "every", 10*time.Second, "with --follow, how often to look for changes")
	f.StringVar(&r.until, "until", "", "with --follow, when to stop: a time of RFC 3339, or a duration such as 2h")
	c.MarkFlagsMutuallyExclusive("follow", "dry-run")
	c.MarkFlagsMutuallyExclusive("follow", "detach")
	_ = c.MarkFlagRequired("from") // fails for a flag that is not there
	return c
}

func (p *program) importMedusa(c *cobra.Command, r medusaRequest) error {
	until, err := untilTime(r.until, clock())
	switch {
	case err != nil:
		return err
	case r.MaxRemoved < 0 || r.MaxRemoved > 100:
		return fmt.Errorf("--max-removed is %d, and a percentage from 0 to 100 is expected", r.MaxRemoved)
	case r.every <= 0:
		return fmt.Errorf("--every is %s, and a positive duration is expected", r.every)
	case r.until != "" && !r.follow:
		return errors.New("--until needs --follow")
	}
	stop := c.Context()
	if r.follow { // the signal that ends it must not end the import of what it has read
		c.SetContext(context.WithoutCancel(stop))
	}
	return p.onFlows(c, orNew, func(ctx context.Context, t target) error {
		options := r.Options
		options.FactorKey, options.Imported = t.app.Imports().Keys.Medusa, t.store.OriginRecords
		source, err := medusa.Open(ctx, r.from, options)
		if err != nil {
			return err
		}
		if warning := source.Warning(); warning != "" {
			_, _ = fmt.Fprintln(p.stderr, "Warning: "+warning)
		}
		if !r.follow {
			return p.runImport(ctx, t, r.importRequest, source.All(ctx))
		}
		f := follow{program: p, target: t, request: r.importRequest, from: source.Follow(), every: r.every, until: until}
		return f.run(ctx, stop.Done())
	})
}

// untilTime is the time that --until names, zero for none.
func untilTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || !at.After(now) {
		return time.Time{}, fmt.Errorf("--until is %q, and a time in the future like 2027-01-31T22:00:00Z or a duration like 2h is expected", text)
	}
	return at, nil
}
