package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

// A tool works on the configured database, and on the data folder of dev when
// none is configured or --data is given. In a data folder it uses the dev
// process that runs there, and otherwise starts what it needs for a moment.

// onFolder says whether a tool works on a data folder.
func onFolder(c *cobra.Command, cfg config.Config) bool {
	return cfg.Database.URL == "" || c.Flags().Changed("data")
}

// withStore calls do with the database, whose schema is up to date.
func (p *program) withStore(c *cobra.Command, do func(ctx context.Context, s *store.Store, where string) error) (err error) {
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	ctx := c.Context()
	s, where, err := p.openStore(ctx, c, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	pending, err := s.Pending(ctx)
	if err != nil {
		return err
	}
	if pending > 0 && onFolder(c, cfg) {
		err = s.Migrate(ctx)
	} else if pending > 0 {
		err = fmt.Errorf("the schema of the database is behind by %d migrations: run `everlatch migrate up` first", pending)
	}
	if err != nil {
		return err
	}
	return do(ctx, s, where)
}

// openStore opens the database of a tool and says where it is.
func (p *program) openStore(ctx context.Context, c *cobra.Command, cfg config.Config) (*store.Store, string, error) {
	url := cfg.Database.URL
	if onFolder(c, cfg) {
		f, err := openFolder(cfg.Data.Dir)
		if err != nil {
			return nil, "", err
		}
		url = f.database()
		if err := f.close(); err != nil { // SQLite does its own locking
			return nil, "", err
		}
	}
	s, err := store.Open(ctx, url.Reveal(), clock)
	return s, url.String(), err
}

// withAccounts is [program.withStore] with the rules about accounts, and the
// providers that the configuration and the options name.
func (p *program) withAccounts(c *cobra.Command, do func(ctx context.Context, a *accounts.Accounts) error) error {
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
		a, err := app.Accounts(cfg, s, clock, p.options...)
		if err != nil {
			return err
		}
		return do(ctx, a)
	})
}

// withFlows calls do with an App that can start dances.
func (p *program) withFlows(c *cobra.Command, do func(ctx context.Context, a *app.App, where string) error) (err error) {
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	log := app.WithLogger(p.logger(config.Log{Level: "warn", Format: "text"}, "text"))
	if !onFolder(c, cfg) {
		a, err := app.New(c.Context(), cfg, p.with(log, app.WithParts(0), app.WithEnviron(p.environ))...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.Close()) }()
		return do(c.Context(), a, cfg.Database.URL.String())
	}
	f, err := openFolder(cfg.Data.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := cfg.Generate(f.path); err != nil {
		return err
	}
	cfg.Database.URL = f.database()
	if f.lock == nil {
		return p.besideDev(c.Context(), f, cfg, log, do)
	}
	return p.insteadOfDev(c.Context(), f, cfg, log, do)
}

// besideDev uses the Temporal server and the worker of a running dev process.
func (p *program) besideDev(
	ctx context.Context, f *folder, cfg config.Config, log app.Option, do func(context.Context, *app.App, string) error,
) (err error) {
	r, err := f.find()
	if err != nil {
		return err
	}
	cfg.Temporal.Address, cfg.Temporal.Namespace = r.Temporal, r.Namespace
	a, err := app.New(ctx, cfg, p.with(log, app.WithParts(0))...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return do(ctx, a, r.API)
}

// insteadOfDev runs Temporal and a worker on the folder for as long as do takes.
func (p *program) insteadOfDev(
	ctx context.Context, f *folder, cfg config.Config, log app.Option, do func(context.Context, *app.App, string) error,
) (err error) {
	cfg.Dev = config.Dev{TemporalAddress: "127.0.0.1:0", UIAddress: config.Off}
	server, err := p.startTemporal(ctx, f, &cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	a, err := app.New(ctx, cfg, p.with(log, app.WithParts(app.Worker), app.WithMigrations(), app.WithoutEvents())...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()

	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- a.Run(running) }()
	defer func() {
		stop()
		err = errors.Join(err, <-done)
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-a.Started():
	}
	return do(ctx, a, f.path)
}
