// Command library is Everlatch with a subscriber of your own. The README shows it.
package main

import (
	"context"
	"log"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
)

func main() {
	cli.Main(app.WithSubscriber("greeter", []string{everlatch.EventCustomerCreated}, greet))
}

func greet(_ context.Context, e everlatch.Event) error {
	log.Println("welcome,", e.Data["id"])
	return nil
}
