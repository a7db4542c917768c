// Command own is an Everlatch service with managers that are all its own: a table,
// workflows that create and remove them, and routes.
// docs/guides/extend-with-your-own-routes.md walks through it. Its neighbour,
// manager, gets the same from a definition.
package main

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/config"
)

func main() { cli.Main(app.FromConfig(options)) }

// options open our table, beside the database of dev unless MANAGERS_DB names
// another file, and add our workflows and routes to the service.
func options(cfg config.Config) ([]app.Option, error) {
	file := cmp.Or(os.Getenv("MANAGERS_DB"), filepath.Join(cfg.Data.Dir, "managers.db"))
	managers, err := openManagers(context.Background(), file)
	if err != nil {
		return nil, err
	}
	return []app.Option{
		app.WithActivities(managers),
		app.WithWorkflow("HireManager", HireManager),
		app.WithWorkflow("DismissManager", DismissManager),
		app.WithOwnRoutes(managers.addRoutes),
	}, nil
}
