//go:build !noembedded

package embedded

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
)

// readyTimeout is how long a start may take when ctx sets no bound; a slow,
// busy machine needs 2 s.
const readyTimeout = 30 * time.Second

// readyPoll is how often a server that does not answer yet is asked again.
const readyPoll = 10 * time.Millisecond

// awaitNamespace waits until the namespace answers, and gives it the retention and the
// search attributes that it lacks: an earlier version may have created it.
func awaitNamespace(ctx context.Context, address string, o Options) error {
	name, retention := o.Namespace, o.Retention
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("reach the Temporal server: %w", err)
	}
	defer func() { _ = conn.Close() }()
	service := workflowservice.NewWorkflowServiceClient(conn)

	found, err := describe(ctx, service, name)
	if err != nil {
		return fmt.Errorf("wait for the Temporal server: %w", err)
	}
	if lacks(found, o.SearchAttributes) {
		_, err := operatorservice.NewOperatorServiceClient(conn).AddSearchAttributes(ctx,
			&operatorservice.AddSearchAttributesRequest{Namespace: name, SearchAttributes: o.SearchAttributes})
		if err != nil {
			return fmt.Errorf("add search attributes to namespace %q: %w", name, err)
		}
	}
	if found.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() == retention {
		return nil
	}
	_, err = service.UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: name,
		Config:    &namespace.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(retention)},
	})
	if err != nil {
		return fmt.Errorf("set retention of namespace %q: %w", name, err)
	}
	return nil
}

func lacks(found *workflowservice.DescribeNamespaceResponse, attributes map[string]enumspb.IndexedValueType) bool {
	known := map[string]bool{}
	for _, alias := range found.GetConfig().GetCustomSearchAttributeAliases() {
		known[alias] = true
	}
	for name := range attributes {
		if !known[name] {
			return true
		}
	}
	return false
}

func describe(ctx context.Context, service workflowservice.WorkflowServiceClient, name string) (*workflowservice.DescribeNamespaceResponse, error) {
	for {
		found, err := service.DescribeNamespace(ctx,
			&workflowservice.DescribeNamespaceRequest{Namespace: name}, grpc.WaitForReady(true))
		if err == nil {
			return found, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(readyPoll):
		}
	}
}
