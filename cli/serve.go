package cli

import (
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/app"
)

func (p *program) serveCommand() *cobra.Command {
	c := p.partsCommand("serve", "Run API and worker in one process", app.API|app.Worker)
	setting(c.Flags(), "http", "http.address", "host:port of the API")
	return c
}

func (p *program) apiCommand() *cobra.Command {
	c := p.partsCommand("api", "Run the API; workers run elsewhere", app.API)
	setting(c.Flags(), "http", "http.address", "host:port of the API")
	return c
}

func (p *program) workerCommand() *cobra.Command {
	c := p.partsCommand("worker", "Run the workers that execute Everlatch's workflows; the API runs elsewhere", app.Worker)
	setting(c.Flags(), "health", "worker.health_address", "host:port of /health and /ready (default off)")
	return c
}

// partsCommand runs parts against a Temporal cluster and a database. It refuses
// to start when a setting is missing or wrong, and names all of them (docs/weak-spots.md#w35).
func (p *program) partsCommand(use, short string, parts app.Parts) *cobra.Command {
	c := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			ctx := c.Context()
			cfg, wrong := p.load(c)
			log := p.logger(cfg.Log, "json")
			traced, export, err := p.traces(ctx, log)
			if err != nil {
				return err
			}
			defer export() //nolint:contextcheck // it exports what waits when ctx is over
			a, err := app.New(ctx, cfg, p.with(append(traced, app.WithParts(parts), app.WithLogger(log), app.WithEnviron(p.environ))...)...)
			if wrong != nil || err != nil {
				if a != nil {
					err = a.Close()
				}
				return errors.Join(wrong, err)
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			if err := a.Listen(ctx); err != nil {
				return err
			}
			p.tuneMemory(ctx)
			log.InfoContext(ctx, "everlatch is running", slog.String("command", use), slog.String("address", a.Address()),
				slog.String("metrics", a.MetricsAddress()), slog.Bool("traces", len(traced) > 0))
			return a.Run(ctx)
		},
	}
	setting(c.Flags(), "temporal", "temporal.address", "host:port of the Temporal cluster")
	return c
}
