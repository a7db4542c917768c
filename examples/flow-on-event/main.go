// Command flow-on-event is an Everlatch service that starts a workflow of its own
// for every new customer. docs/guides/flow-on-event.md walks through it.
package main

import (
	"io"
	"os"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
)

func main() { cli.Main(options(os.Stdout)...) }

// options add our workflow to the service.
func options(out io.Writer) []app.Option {
	letters := &Letters{Out: out}
	return []app.Option{
		app.WithApp(func(a *app.App) error {
			letters.Customer = a.Customer
			return nil
		}),
		app.WithWorkflow("WelcomeCustomer", WelcomeCustomer),
		app.WithActivities(letters),
		app.WithFlowSubscriber("welcome", []string{everlatch.EventCustomerCreated}, "WelcomeCustomer"),
	}
}
