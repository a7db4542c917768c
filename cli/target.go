package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/store"
)

// A tool works on the configured database, and on the data folder of dev when
// none is configured or --data is given. In a data folder it uses the dev
// process that runs there, and otherwise starts what it needs for the duration of
// the command.

// target is what a tool works on.
type target struct {
	// store is the database, whose schema is up to date.
	store *store.Store
	// app starts flows; nil for tools that need the database alone.
	app *app.App
	// where names the database or service for messages.
	where string
	// noted is what is recorded about a command that changes something.
	noted *noted
}

// onFolder says whether a tool works on a data folder.
func onFolder(c *cobra.Command, cfg config.Config) bool {
	return cfg.Database.URL == "" || c.Flags().Changed("data")
}

// presence says whether a command needs a database that exists.
type presence bool

const (
	// existing is for commands that read or change records: in a data folder
	// without a database they create none and say what to do.
	existing presence = false
	// orNew is for commands that create records: they create the database too.
	orNew presence = true
)

// onStore calls do with the database.
func (p *program) onStore(c *cobra.Command, need presence, do func(ctx context.Context, t target) error) (err error) {
	do = p.audited(c, do)
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	ctx := c.Context()
	s, where, err := p.openStore(ctx, c, cfg, need)
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
		err = fmt.Errorf("the schema of the database is behind by %s: run `%s migrate up` first", counted(pending, "migration"), p.name)
	}
	if err != nil {
		return err
	}
	return do(ctx, target{store: s, where: where})
}

// openStore opens the database of a tool and says where it is.
func (p *program) openStore(ctx context.Context, c *cobra.Command, cfg config.Config, need presence) (*store.Store, string, error) {
	url := cfg.Database.URL
	if onFolder(c, cfg) {
		if need == existing {
			if err := p.demandData(cfg.Data.Dir); err != nil {
				return nil, "", err
			}
		}
		f, err := openFolder(cfg.Data.Dir)
		if err != nil {
			return nil, "", err
		}
		url = f.database()
		if err := f.close(); err != nil { // SQLite does its own locking
			return nil, "", err
		}
	}
	s, err := store.Open(ctx, url.Reveal(), clock, p.storeOptions(cfg)...)
	return s, url.String(), err
}

// storeOptions are those of a tool, which tells its caller what it waits for.
func (p *program) storeOptions(cfg config.Config) []store.Option {
	return []store.Option{
		store.WithMaxConnections(cfg.Database.MaxConnections), store.WithMigrationWait(cfg.Database.MigrationWait.Duration()),
		store.WithLog(slog.New(slog.NewTextHandler(p.stderr, nil))),
	}
}

// demandData refuses a data folder without a database.
func (p *program) demandData(path string) error {
	if _, err := os.Stat(filepath.Join(path, databaseFile)); !errors.Is(err, fs.ErrNotExist) {
		return nil // opening it says what is wrong with any other file
	}
	return fmt.Errorf("there is no database in the folder %s yet: start one with `%s dev`, or name another with --data FOLDER or DATABASE_URL",
		path, p.name)
}

// onFlows calls do with the database and an App that can start flows.
func (p *program) onFlows(c *cobra.Command, need presence, do func(ctx context.Context, t target) error) (err error) {
	do = p.audited(c, do)
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	log := app.WithLogger(p.logger(config.Log{Level: "warn", Format: "text"}, "text"))
	if !onFolder(c, cfg) {
		return p.borrowing(c.Context(), cfg, cfg.Database.URL.String(), do, log, app.WithEnviron(p.environ))
	}
	if cfg, err = p.loadDev(c); err != nil {
		return err
	}
	if need == existing {
		if err := p.demandData(cfg.Data.Dir); err != nil {
			return err
		}
	}
	f, err := openFolder(cfg.Data.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := cfg.Generate(f.path); err != nil {
		return err
	}
	cfg.Data.Dir, cfg.Database.URL = f.path, f.database()
	if f.lock != nil {
		return p.insteadOfDev(c.Context(), f, cfg, log, do)
	}
	r, err := f.find()
	if err != nil {
		return err
	}
	cfg.Temporal.Address, cfg.Temporal.Namespace = r.Temporal, r.Namespace
	linkToPages(&cfg, strings.TrimPrefix(r.API, "http://"))
	return p.borrowing(c.Context(), cfg, r.API, do, log)
}

// borrowing uses a Temporal server and a worker that run elsewhere.
func (p *program) borrowing(
	ctx context.Context, cfg config.Config, where string, do func(context.Context, target) error, opts ...app.Option,
) (err error) {
	a, err := app.New(ctx, cfg, p.with(append(opts, app.WithParts(0))...)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return p.onApp(ctx, cfg, a, where, do)
}

// insteadOfDev runs Temporal and a worker on the folder for as long as do takes.
func (p *program) insteadOfDev(
	ctx context.Context, f *folder, cfg config.Config, log app.Option, do func(context.Context, target) error,
) (err error) {
	linkToPages(&cfg, cfg.HTTP.Address)
	cfg.Dev = config.Dev{TemporalAddress: "127.0.0.1:0", UIAddress: config.Off}
	server, err := p.startTemporal(ctx, f, &cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }() //nolint:contextcheck // what was started is stopped, also when ctx is over
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
	return p.onApp(ctx, cfg, a, f.path, do)
}

// onApp calls do with an App and its database.
func (p *program) onApp(
	ctx context.Context, cfg config.Config, a *app.App, where string, do func(context.Context, target) error,
) (err error) {
	s, err := store.Open(ctx, cfg.Database.URL.Reveal(), clock, p.storeOptions(cfg)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(ctx, target{store: s, app: a, where: where})
}
