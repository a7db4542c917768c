package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/worker"
	"github.com/everlatch/everlatch/workflows"
)

// Fleet are activities.
type Fleet struct{}

// AddBike adds a bicycle to the fleet.
func (*Fleet) AddBike(_ context.Context, id string) (string, error) {
	fmt.Println("add", id)
	return id, nil
}

// RemoveBike undoes AddBike.
func (*Fleet) RemoveBike(_ context.Context, id string) (string, error) {
	fmt.Println("remove", id)
	return id, nil
}

// Insure refuses electric bicycles.
func (*Fleet) Insure(_ context.Context, kind string) (string, error) {
	if kind == "electric" {
		return "", &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "Electric bicycles are not insured."}
	}
	fmt.Println("insure a bicycle:", kind)
	return kind, nil
}

// Bike is the argument of [BuyBike].
type Bike struct{ ID, Kind string }

// BuyBike is a custom workflow: either everything is done in the end, or nothing.
func BuyBike(ctx workflow.Context, in Bike) error {
	var steps workflows.Steps
	var fleet *Fleet // names the activities
	_, err := workflows.Do(ctx, &steps, fleet.AddBike, in.ID, fleet.RemoveBike, in.ID)
	if err == nil {
		_, err = workflows.Run(ctx, fleet.Insure, in.Kind)
	}
	if err == nil {
		err = steps.Emit(ctx, everlatch.Event{Name: "bike.bought", Data: everlatch.Metadata{"id": in.ID}})
	}
	if err != nil {
		return steps.Undo(ctx, err)
	}
	return steps.Done(ctx)
}

// The second bicycle is refused by the last step, so its first step is undone.
func ExampleSteps() {
	for _, bike := range []Bike{{"bike_1", "city"}, {"bike_2", "electric"}} {
		fmt.Println("result:", runAlone(BuyBike, bike))
	}
	// Output:
	// add bike_1
	// insure a bicycle: city
	// result: <nil>
	// add bike_2
	// remove bike_2
	// result: Electric bicycles are not insured.
}

// runAlone runs a workflow in Temporal's test environment.
func runAlone(custom, input any) (err error) {
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite://:memory:", time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	silent := slog.New(slog.DiscardHandler)
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(silent))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{temporalkit.NewInterceptor(silent)}})
	worker.Register(env, activities.New(activities.Deps{Store: s, Now: time.Now}))
	env.RegisterActivity(&Fleet{})
	env.RegisterWorkflow(custom)
	env.ExecuteWorkflow(custom, input)
	return temporalkit.Decode(env.GetWorkflowError())
}
