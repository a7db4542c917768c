// Command scheduled-job is an Everlatch service that reports every morning how
// many customers came. docs/guides/scheduled-job.md walks through it.
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

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Environ(), os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "scheduled-job:", err)
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

// newApp assembles the service with our job in it.
func newApp(ctx context.Context, cfg config.Config, environ []string, out io.Writer) (*app.App, error) {
	reports := &Reports{Out: out}
	a, err := app.New(ctx, cfg,
		app.WithEnviron(environ),
		app.WithMigrations(),
		app.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		app.WithWorkflow("ReportCustomers", ReportCustomers),
		app.WithActivities(reports),
		app.WithSchedule(app.Schedule{
			ID: "report-customers", Flow: "ReportCustomers", Input: ReportInput{Days: 1},
			Cron: "CRON_TZ=Europe/Berlin 0 6 * * *",
		}),
	)
	if err != nil {
		return nil, err
	}
	reports.Store = a.Store() // the worker starts with Run
	return a, nil
}
