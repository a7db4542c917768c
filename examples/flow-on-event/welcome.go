package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// askAfter is how long a customer is left in peace.
const askAfter = 3 * 24 * time.Hour

// WelcomeCustomer greets a new customer, and asks after three days how it goes.
// It is started by the event customer.created. A process may die at any line of
// it: another one goes on there.
func WelcomeCustomer(ctx workflow.Context, e everlatch.Event) error {
	customerID, _ := e.Data["id"].(string)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 10 * time.Minute},
	})
	if err := send(ctx, Letter{CustomerID: customerID, Text: "Welcome!"}); err != nil {
		return err
	}
	if err := workflow.Sleep(ctx, askAfter); err != nil {
		return err
	}
	return send(ctx, Letter{CustomerID: customerID, Text: "How do you like it here?"})
}

func send(ctx workflow.Context, l Letter) error {
	// It names the activity; the worker has the real one.
	var letters *Letters
	return workflow.ExecuteActivity(ctx, letters.SendLetter, l).Get(ctx, nil)
}

// Letter is the argument of [Letters.SendLetter].
type Letter struct {
	CustomerID string `json:"customer_id"`
	Text       string `json:"text"`
}

// Letters writes to customers. Activities do what a workflow must not: they
// read the database and talk to the world.
type Letters struct {
	Store *store.Store
	Out   io.Writer // in place of your mail provider
}

// SendLetter writes to a customer who is still there. It may run twice.
func (l *Letters) SendLetter(ctx context.Context, in Letter) error {
	customer, err := l.Store.Customer(ctx, in.CustomerID)
	switch {
	case errors.Is(err, everlatch.ErrNotFound), err == nil && customer.Email == nil:
		return nil // gone, or without an address: nobody to write to
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(l.Out, "To: %s\n\n%s\n\n", *customer.Email, in.Text)
	return err
}
