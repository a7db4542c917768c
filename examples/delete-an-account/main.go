// Command delete-an-account is an Everlatch service that also removes what
// customers have uploaded when their account ends.
// docs/guides/delete-an-account.md walks through it.
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
		_, _ = fmt.Fprintln(os.Stderr, "delete-an-account:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, as `everlatch serve` does.
func run(ctx context.Context, environ []string) (err error) {
	cfg, err := config.Load(config.Sources{File: os.Getenv(config.FileVariable), Environ: environ})
	if err != nil {
		return err
	}
	a, err := newApp(ctx, cfg, environ, Uploads{Folder: "uploads"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Run(ctx)
}

// newApp assembles the service with our eraser in it.
func newApp(ctx context.Context, cfg config.Config, environ []string, uploads Uploads) (*app.App, error) {
	return app.New(ctx, cfg,
		app.WithEnviron(environ),
		app.WithMigrations(),
		app.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		app.WithDevMail(),
		app.WithEraser("uploads", uploads.Erase),
	)
}
