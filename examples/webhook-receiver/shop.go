package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/sync/errgroup"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/examples/beside"
)

// shop receives events and handles them.
type shop struct {
	address, file string
	webhook       *standardwebhooks.Webhook
	out           io.Writer
}

// run receives until ctx ends. The shop is a program of its own in reality; here it
// needs nothing of the App.
func (s shop) run(ctx context.Context, _ *app.App) (err error) {
	box, err := openInbox(ctx, s.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return box.work(ctx, printTo(s.out)) })
	g.Go(func() error { return beside.Serve(ctx, "The shop", s.address, receiver{s.webhook, box}) })
	return g.Wait()
}

// printTo stands in for what you do about an event.
func printTo(w io.Writer) func(context.Context, event) error {
	return func(_ context.Context, e event) error {
		_, err := fmt.Fprintf(w, "%s  %s  %v\n", e.ID, e.Type, e.Data)
		return err
	}
}
