package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// ReportInput is the argument of [ReportCustomers].
type ReportInput struct {
	// Days is how far a report looks back.
	Days int `json:"days"`
}

// ReportCustomers says how many customers came in the days before the time for
// which it was scheduled. A run that comes late, or is made up for by a
// backfill, so reports what the run in time would have.
func ReportCustomers(ctx workflow.Context, in ReportInput) error {
	until := scheduledFor(ctx)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	period := Period{From: until.AddDate(0, 0, -in.Days), Until: until}
	// It names the activity; the worker has the real one.
	var reports *Reports
	return workflow.ExecuteActivity(ctx, reports.SendReport, period).Get(ctx, nil)
}

// scheduledFor is the time for which Temporal started a job. One that was
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
	Store *store.Store
	Out   io.Writer // in place of your mail provider
}

// SendReport counts who came in a period, and says so.
func (r *Reports) SendReport(ctx context.Context, in Period) error {
	n, err := r.count(ctx, in)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.Out, "%s to %s: %d new customers\n", in.From.Format(time.DateTime), in.Until.Format(time.DateTime), n)
	return err
}

// count reads the events from the newest back to the beginning of the period.
func (r *Reports) count(ctx context.Context, in Period) (n int, err error) {
	created := store.EventFilter{Name: everlatch.EventCustomerCreated}
	const page = 500
	for offset := 0; ; offset += page {
		events, _, err := r.Store.Events(ctx, created, store.Page{Limit: page, Offset: offset, Order: "-created_at"})
		if err != nil {
			return 0, err
		}
		for _, e := range events {
			if e.CreatedAt.Before(in.From) {
				return n, nil
			}
			if e.CreatedAt.Before(in.Until) {
				n++
			}
		}
		if len(events) < page {
			return n, nil
		}
	}
}
