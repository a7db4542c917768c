// Command manager is an Everlatch service with an actor type of its own: managers,
// who look after shops. docs/guides/create-an-actor-type.md walks through it. Its
// neighbour, own, does the same with its own table, workflows and routes.
package main

import (
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
)

func main() { cli.Main(options()...) }

// options add our actor type and our route to the service.
func options() []app.Option {
	return []app.Option{
		app.WithActorType(managers()),
		app.WithOwnRoutes(addRoutes),
	}
}
