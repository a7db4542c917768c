package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/everlatch/everlatch/app"
)

// Main runs the command line of this process and returns when the command has
// ended; a failure exits with status 1. The options apply to every command that
// assembles an [app.App], dev and the tools that borrow one included, so that a
// program of a few lines has the whole command line with its own providers,
// workflows and routes. [app.FromConfig] adds options that need settings, and
// [app.WithApp] hands the App to activities and subscribers.
//
// Messages name the program as it was called. A program that is not called
// everlatch has its own default data folder, .everlatch/NAME: a program that does
// not know the workflows of another one must not run them.
func Main(opts ...app.Option) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if err := run(ctx, name, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr, opts...); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, err)
		os.Exit(1)
	}
}

// run executes one command line of the program of that name. environ holds
// NAME=value.
func run(
	ctx context.Context, name string, args, environ []string, stdin io.Reader, stdout, stderr io.Writer, opts ...app.Option,
) error {
	p := &program{name: name, environ: environ, stdin: stdin, stdout: stdout, stderr: stderr, options: opts}
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
