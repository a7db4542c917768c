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
)

// askAfter is how long we wait before we ask.
const askAfter = 3 * 24 * time.Hour

// WelcomeCustomer greets a new customer, and asks three days later how they like
// it. The event customer.created starts it. If a process dies at any line, another
// one continues there.
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
	// The nil pointer only names the activity; the worker has the real one.
	var letters *Letters
	return workflow.ExecuteActivity(ctx, letters.SendLetter, l).Get(ctx, nil)
}

// Letter is the argument of [Letters.SendLetter].
type Letter struct {
	CustomerID string `json:"customer_id"`
	Text       string `json:"text"`
}

// Letters writes to customers. Activities do what a workflow must not: they read
// the database and call other services.
type Letters struct {
	Customer func(ctx context.Context, id string) (everlatch.Customer, error)
	Out      io.Writer // in place of your mail provider
}

// SendLetter writes to a customer who still exists. It may run twice.
func (l *Letters) SendLetter(ctx context.Context, in Letter) error {
	customer, err := l.Customer(ctx, in.CustomerID)
	switch {
	case errors.Is(err, everlatch.ErrNotFound), err == nil && customer.Email == nil:
		return nil // deleted, or without an address
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(l.Out, "To: %s\n\n%s\n\n", *customer.Email, in.Text)
	return err
}
