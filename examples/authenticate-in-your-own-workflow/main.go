// Command authenticate-in-your-own-workflow is Everlatch with a workflow that
// hires couriers, started in three ways.
// docs/guides/authenticate-in-your-own-workflow.md explains it.
package main

import (
	"time"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/subscribers"
)

func main() { cli.Main(options(&Desk{})...) }

// options are what this program adds to Everlatch.
func options(desk *Desk) []app.Option {
	return []app.Option{
		app.WithActorType(courierType),
		app.WithWorkflow("HireCourier", HireCourier),
		app.WithActivities(desk),
		app.WithApp(desk.use),

		app.WithOwnRoutes(addRoutes),
		app.WithSchedule(app.Schedule{ID: "hire-next", Flow: "HireCourier", Input: Application{}, Every: 24 * time.Hour}),
		app.WithFlowSubscription(app.FlowSubscription{
			Name: "hire-recommended", Events: []string{"courier.recommended"}, Source: subscribers.FromOutside,
			Workflow: "HireCourier",
			Input:    map[string]any{"email": "$.data.email", "name": "$.data.name", "size": "$.data.size"},
		}),
	}
}
