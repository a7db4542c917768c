// Command manager is an Everlatch service with an actor type of its own: people
// who look after shops. docs/guides/create-an-actor-type.md walks through it.
// Its neighbour, own, does the same with a table, a workflow and routes of one's
// own.
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
	if err := run(ctx, os.Environ()); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, as `everlatch serve` does.
func run(ctx context.Context, environ []string) (err error) {
	cfg, err := config.Load(config.Sources{File: os.Getenv(config.FileVariable), Environ: environ})
	if err != nil {
		return err
	}
	a, err := newApp(ctx, cfg, environ)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Run(ctx)
}

// newApp assembles the service with our actor type and our route in it.
func newApp(ctx context.Context, cfg config.Config, environ []string) (*app.App, error) {
	return app.New(ctx, cfg,
		app.WithEnviron(environ),
		app.WithMigrations(),
		app.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		app.WithActorType(managers()),
		app.WithOwnRoutes(addRoutes),
	)
}
