// Command flow-on-event is an Everlatch service that starts a flow of its own
// for every new customer. docs/guides/flow-on-event.md walks through it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Environ(), os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "flow-on-event:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, as `everlatch serve` does.
func run(ctx context.Context, environ []string, out io.Writer) (err error) {
	cfg, err := config.Load(config.Sources{File: os.Getenv(config.FileVariable), Environ: environ})
	if err != nil {
		return err
	}
	a, err := newApp(ctx, cfg, environ, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Run(ctx)
}

// newApp assembles the service with our flow in it.
func newApp(ctx context.Context, cfg config.Config, environ []string, out io.Writer) (*app.App, error) {
	letters := &Letters{Out: out}
	a, err := app.New(ctx, cfg,
		app.WithEnviron(environ),
		app.WithMigrations(),
		app.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		app.WithWorkflow("WelcomeCustomer", WelcomeCustomer),
		app.WithActivities(letters),
		app.WithFlowSubscriber("welcome", []string{everlatch.EventCustomerCreated}, "WelcomeCustomer"),
	)
	if err != nil {
		return nil, err
	}
	letters.Store = a.Store() // the worker starts with Run
	return a, nil
}
