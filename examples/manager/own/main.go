// Command own is an Everlatch service with managers that are all its own: a
// table, workflows that create and remove them, and routes.
// docs/guides/extend-with-your-own-routes.md walks through it. Its neighbour,
// manager, gets the same from a definition.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Environ(), os.Getenv("MANAGERS_DB")); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "own:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, as `everlatch serve` does.
func run(ctx context.Context, environ []string, file string) (err error) {
	cfg, err := config.Load(config.Sources{File: os.Getenv(config.FileVariable), Environ: environ})
	if err != nil {
		return err
	}
	managers, err := openManagers(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, managers.DB.Close()) }()
	a, err := newApp(ctx, cfg, environ, managers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Run(ctx)
}

// newApp assembles the service with our table, workflows and routes in it.
func newApp(ctx context.Context, cfg config.Config, environ []string, managers *Managers) (*app.App, error) {
	return app.New(ctx, cfg,
		app.WithEnviron(environ),
		app.WithMigrations(),
		app.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		app.WithActivities(managers),
		app.WithWorkflow("HireManager", HireManager),
		app.WithWorkflow("DismissManager", DismissManager),
		app.WithOwnRoutes(managers.addRoutes),
	)
}
