// Command library is the program of the README.
package main

import (
	"context"
	"log/slog"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
)

func main() {
	cli.Main(
		// POST /manager, /manager/me, /admin/managers, with their workflows and events
		app.WithActorType(everlatch.ActorType{Name: "manager", Fields: []everlatch.Field{
			{Name: "email", Kind: everlatch.FieldEmail, Required: true, Unique: true},
		}}),
		app.WithSubscriber("crm", []string{"manager.*"}, func(ctx context.Context, e everlatch.Event) error {
			slog.InfoContext(ctx, "tell the CRM", "event", e.Name) // retried for three days
			return nil
		}),
	)
}
