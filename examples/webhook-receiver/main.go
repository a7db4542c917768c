// Command webhook-receiver takes webhooks of Everlatch and prints them.
// docs/guides/webhook-receiver.md walks through it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/sync/errgroup"
)

func main() {
	address := flag.String("address", "127.0.0.1:8080", "host:port to listen on")
	file := flag.String("inbox", "inbox.db", "file that remembers what has come")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *address, *file, os.Getenv("WEBHOOK_SECRET"), os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "webhook-receiver:", err)
		os.Exit(1)
	}
}

// run receives until ctx ends.
func run(ctx context.Context, address, file, secret string, out io.Writer) (err error) {
	if secret == "" {
		return errors.New("WEBHOOK_SECRET is not set")
	}
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return err
	}
	box, err := openInbox(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()

	server := &http.Server{Addr: address, Handler: receiver{webhook, box}, ReadTimeout: 10 * time.Second}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return box.work(ctx, printTo(out)) })
	g.Go(func() error {
		<-ctx.Done()
		return server.Shutdown(context.WithoutCancel(ctx))
	})
	_, _ = fmt.Fprintf(out, "Waiting for webhooks on http://%s\n", address)
	g.Go(func() error {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return g.Wait()
}

// printTo stands in for what you do about an event.
func printTo(w io.Writer) func(context.Context, event) error {
	return func(_ context.Context, e event) error {
		_, err := fmt.Fprintf(w, "%s  %s  %v\n", e.ID, e.Type, e.Data)
		return err
	}
}
