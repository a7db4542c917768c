package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
)

// ReportInput is the argument of [ReportCustomers].
type ReportInput struct {
	// Days is how far a report looks back.
	Days int `json:"days"`
}

// ReportCustomers reports how many customers are new in the days before the time
// for which it was scheduled. So a run that starts late, and one that a backfill
// starts, reports the same as the run in time would have.
func ReportCustomers(ctx workflow.Context, in ReportInput) error {
	until := scheduledFor(ctx)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	period := Period{From: until.AddDate(0, 0, -in.Days), Until: until}
	// The nil pointer only names the activity; the worker has the real one.
	var reports *Reports
	return workflow.ExecuteActivity(ctx, reports.SendReport, period).Get(ctx, nil)
}

// scheduledFor is the time for which Temporal started a job. A run that was
// started in another way has none.
func scheduledFor(ctx workflow.Context) time.Time {
	key := temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")
	if at, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(key); ok {
		return at
	}
	return workflow.Now(ctx)
}

// Period begins with From and ends before Until.
type Period struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// Reports counts customers.
type Reports struct {
	Events func(ctx context.Context, name string, from, until time.Time) ([]everlatch.Event, error)
	Out    io.Writer // in place of your mail provider
}

// SendReport counts the new customers of a period and prints the number.
func (r *Reports) SendReport(ctx context.Context, in Period) error {
	created, err := r.Events(ctx, everlatch.EventCustomerCreated, in.From, in.Until)
	if err != nil {
		return err
	}
	customers := "customers"
	if len(created) == 1 {
		customers = "customer"
	}
	_, err = fmt.Fprintf(r.Out, "%s to %s: %d new %s\n",
		in.From.Format(time.DateTime), in.Until.Format(time.DateTime), len(created), customers)
	return err
}
