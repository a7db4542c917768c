// Command call-from-another-namespace is the program of another team: a club whose
// workflows run in a namespace of their own and know Everlatch through Temporal alone.
// EVERLATCH_URL is read once, for the public keys; EVERLATCH_KEY is a secret API key.
package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/everlatch/everlatch/nexusauth"
)

const namespace, queue = "club", "club"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("the club has stopped", "error", err)
		os.Exit(1) //nolint:gocritic // there is nothing left to stop
	}
}

// run works until ctx ends.
func run(ctx context.Context) error {
	sealer, err := newSealer(ctx)
	if err != nil {
		return err
	}
	temporal, err := client.DialContext(ctx, client.Options{HostPort: os.Getenv("TEMPORAL_ADDRESS"), Namespace: namespace})
	if err != nil {
		return err
	}
	defer temporal.Close()
	if err := ownNamespace(ctx, temporal); err != nil {
		return err
	}
	desk := &Desk{Sealer: sealer}
	w := worker.New(temporal, queue, worker.Options{})
	w.RegisterWorkflow(Join)
	w.RegisterWorkflow(SignIn)
	w.RegisterActivity(desk)
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	server := &http.Server{
		Addr: cmp.Or(os.Getenv("CLUB_ADDRESS"), "127.0.0.1:9200"), Handler: (&door{temporal, sealer}).handler(), ReadHeaderTimeout: 5 * time.Second,
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func newSealer(ctx context.Context) (*nexusauth.Sealer, error) {
	keys, err := nexusauth.FetchKeys(ctx, nil, os.Getenv("EVERLATCH_URL"))
	if err != nil {
		return nil, err
	}
	return nexusauth.NewSealer(nexusauth.SealerOptions{Keys: keys, APIKey: os.Getenv("EVERLATCH_KEY")})
}

// ownNamespace creates the namespace in the server of dev, and waits until it is known
// there. In a cluster, its operator does.
func ownNamespace(ctx context.Context, c client.Client) error {
	_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	if _, exists := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); err != nil && !exists {
		return err
	}
	for {
		_, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: 1})
		if _, unknown := errors.AsType[*serviceerror.NamespaceNotFound](err); !unknown {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
