// Command sms-codes is an Everlatch service whose users can choose codes by SMS as their
// second factor. docs/guides/sms-codes.md walks through it.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
)

func main() { cli.Main(app.WithSecondFactor(newSMS(terminal{}))) }

// terminal stands in for an SMS gateway: it shows what it would send.
type terminal struct{}

// Send implements [gateway].
func (terminal) Send(_ context.Context, to, text string) error {
	_, err := fmt.Fprintf(os.Stderr, "SMS to %s: %s\n", to, text)
	return err
}
