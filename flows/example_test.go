package flows_test

import (
	"context"
	"fmt"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/vault"
)

// A handler starts a custom workflow and waits for its result, but not for ever.
// App.Flows returns the client.
func ExampleClient_Start() {
	c := exampleClient()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	run, err := c.Start(ctx, flows.StartOptions{
		ID:      "hire-courier/cour_1",
		Summary: "Hires a courier",
	}, "HireCourier", map[string]string{"name": "Ada"})
	if err != nil {
		fmt.Println(err)
		return
	}
	var hired struct{ Name string }
	if err := run.Get(ctx, &hired); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(run.ID(), "hired", hired.Name)

	// Later, in another process:
	fmt.Println(c.Run(ctx, "hire-courier/cour_1").Cancel(ctx))
	// Output:
	// hire-courier/cour_1 hired Ada
	// <nil>
}

// exampleClient returns a client of a Temporal that knows one workflow.
func exampleClient() *flows.Client {
	run := &mocks.WorkflowRun{}
	run.On("GetID").Return("hire-courier/cour_1")
	run.On("GetRunID").Return("")
	run.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		if out, ok := args.Get(1).(*struct{ Name string }); ok {
			out.Name = "Ada"
		}
	}).Return(nil)
	temporal := &mocks.Client{}
	temporal.On("ExecuteWorkflow", mock.Anything, mock.AnythingOfType("internal.StartWorkflowOptions"), "HireCourier", mock.Anything).
		Return(run, nil)
	temporal.On("GetWorkflow", mock.Anything, "hire-courier/cour_1", "").Return(run)
	temporal.On("CancelWorkflow", mock.Anything, "hire-courier/cour_1", "").Return(nil)
	ring, err := vault.NewKeyRing([]vault.Key{{ID: "k", Secret: vault.NewSecret(make([]byte, vault.KeyBytes))}})
	if err != nil {
		panic(err)
	}
	return flows.New(flows.Options{Temporal: temporal, Ring: ring, Now: time.Now})
}
