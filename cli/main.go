package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/everlatch/everlatch/app"
)

// Main runs the command line of this process and returns when the command has
// ended; a failure exits with status 1. The options apply to every command that
// assembles an [app.App], dev included, so that a program of a few lines has the
// whole command line with its own providers, workflows and routes.
func Main(opts ...app.Option) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	if err := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr, opts...); err != nil {
		fmt.Fprintln(os.Stderr, "everlatch:", err)
		os.Exit(1)
	}
}

// run executes one command line. environ holds NAME=value.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer, opts ...app.Option) error {
	p := &program{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr, options: opts}
	root := p.root() //nolint:contextcheck // cobra hands the context to the command
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		return &spoken{err}
	}
	return nil
}

// spoken is an error in the words of the API, with the cause of an outage.
type spoken struct{ error }

func (e *spoken) Error() string { return app.Describe(e.error) }

func (e *spoken) Unwrap() error { return e.error }
