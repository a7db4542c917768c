// Command provider-credentials is an Everlatch service whose staff signs in with
// a number and a PIN. docs/guides/create-an-auth-provider.md walks through it.
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

func main() {
	file := flag.String("staff", "examples/provider-credentials/staff.csv", "file with a number, a name and a hash of the PIN in each line")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Environ(), *file); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "provider-credentials:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, as `everlatch serve` does.
func run(ctx context.Context, environ []string, file string) (err error) {
	cfg, err := config.Load(config.Sources{File: os.Getenv(config.FileVariable), Environ: environ})
	if err != nil {
		return err
	}
	staff, err := readStaff(file)
	if err != nil {
		return err
	}
	a, err := newApp(ctx, cfg, environ, staff)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Run(ctx)
}

// newApp assembles the service with our provider in it.
func newApp(ctx context.Context, cfg config.Config, environ []string, staff map[string]member, more ...app.Option) (*app.App, error) {
	provider, err := newPINs(pinOptions{Staff: staff})
	if err != nil {
		return nil, err
	}
	return app.New(ctx, cfg, append([]app.Option{
		app.WithEnviron(environ),
		app.WithMigrations(),
		app.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		app.WithProvider("pin", provider),
	}, more...)...)
}

// readStaff reads the table.
func readStaff(file string) (map[string]member, error) {
	f, err := os.Open(file) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := csv.NewReader(f)
	lines.FieldsPerRecord = 3
	rows, err := lines.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	staff := map[string]member{}
	for _, row := range rows {
		staff[row[0]] = member{Name: row[1], PIN: row[2]}
	}
	return staff, nil
}
