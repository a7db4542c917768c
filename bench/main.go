package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)                                 // a second Ctrl-C does not wait for answers
	err := run(ctx, os.Args[1:], time.Now, os.Stdout, os.Stderr) //nolint:forbidigo // the one clock of this command
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// errRequests ends a run that has measured, but not only answers.
var errRequests = errors.New("some requests were not answered as they should be; the figures are of the others")

// run measures what args ask for and writes the figures to stdout. What it is
// doing meanwhile goes to stderr.
func run(ctx context.Context, args []string, now func() time.Time, stdout, stderr io.Writer) error {
	opts, err := parseOptions(args, stderr)
	if err != nil {
		return err
	}
	b := &bench{opts: opts, now: now, proc: procFS{}, progress: stderr}
	if opts.timing {
		return b.runTiming(ctx, stdout)
	}
	if opts.attack {
		return b.runAttack(ctx, stdout)
	}
	report, err := b.measure(ctx)
	if err != nil {
		return err
	}
	if opts.baseline != nil {
		report.compare(opts.baseline)
	}
	write := report.writeTable
	if opts.json {
		write = report.writeJSON
	}
	if err := write(stdout); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if report.failed() {
		return errRequests
	}
	return nil
}

// runTiming is run with -timing.
func (b *bench) runTiming(ctx context.Context, stdout io.Writer) error {
	found, err := b.time(ctx)
	if err != nil {
		return err
	}
	write := found.writeTable
	if b.opts.json {
		write = found.writeJSON
	}
	if err := write(stdout); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if found.tells() {
		return errTells
	}
	return nil
}
