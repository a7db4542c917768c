package cli

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/app"
)

// Run is run of the command everlatch, for the tests.
func Run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer, opts ...app.Option) error {
	return run(ctx, "everlatch", args, environ, stdin, stdout, stderr, opts...)
}

// RunAs is run, for the tests.
var RunAs = run

// Confirm asks a question that is answered with a text, and returns what was asked.
func Confirm(question, answer string) (asked string, err error) {
	var stderr bytes.Buffer
	p := &program{stdin: strings.NewReader(answer), stderr: &stderr}
	err = p.confirm(question)
	return stderr.String(), err
}

// Commands are the commands that do something, such as "everlatch identity disable".
func Commands() (out []string) {
	p := &program{name: everlatchName}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if !c.HasSubCommands() {
			out = append(out, c.CommandPath())
		}
		for _, below := range c.Commands() {
			walk(below)
		}
	}
	walk(p.root())
	return out
}
