package flows

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/everlatch/everlatch/workflows"
)

// SearchAttributes are what flows are searched by, with their types. [SetUp] adds them to
// a namespace.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	out := map[string]enumspb.IndexedValueType{}
	for _, key := range workflows.Attributes() {
		out[key.GetName()] = key.GetValueType()
	}
	return out
}

// SetUpOptions say what [SetUp] makes of a namespace.
type SetUpOptions struct {
	Namespace string
	// Retention is how long the history of a finished workflow is kept: in a new
	// namespace, and with SetRetention in an existing one, too.
	Retention    time.Duration
	SetRetention bool
}

// SetUpResult is what [SetUp] has found and done.
type SetUpResult struct {
	Namespace string `json:"namespace"`
	// Created says that the namespace did not exist.
	Created bool `json:"created"`
	// Retention is that of the namespace now, and Before what it was, when it was changed.
	Retention time.Duration `json:"retention"`
	Before    time.Duration `json:"retention_before,omitempty"`
	// Added are search attributes that the namespace lacked, Existing those that it had.
	Added    []string `json:"search_attributes_added"`
	Existing []string `json:"search_attributes_existing"`
}

// SetUp creates what Everlatch needs in Temporal: the namespace and the search
// attributes. What is there already stays, so it may be repeated. Temporal Cloud
// refuses it: then the error says what to create there.
func SetUp(ctx context.Context, c client.Client, o SetUpOptions) (SetUpResult, error) {
	out := SetUpResult{Namespace: o.Namespace, Added: []string{}, Existing: []string{}}
	if err := setUpNamespace(ctx, c.WorkflowService(), o, &out); err != nil {
		return out, err
	}
	missing, err := missingAttributes(ctx, c.OperatorService(), o.Namespace, &out)
	if err != nil || len(missing) == 0 {
		return out, err
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx,
		&operatorservice.AddSearchAttributesRequest{Namespace: o.Namespace, SearchAttributes: missing})
	names := slices.Sorted(maps.Keys(missing))
	if err != nil {
		return out, fmt.Errorf("add search attributes of type Keyword, which an administrator of the cluster can do as well (%s): %w",
			strings.Join(names, ", "), err)
	}
	out.Added = names
	return out, nil
}

func setUpNamespace(ctx context.Context, service workflowservice.WorkflowServiceClient, o SetUpOptions, out *SetUpResult) error {
	found, err := service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	if _, absent := errors.AsType[*serviceerror.NamespaceNotFound](err); absent {
		return createNamespace(ctx, service, o, out)
	}
	if err != nil {
		return fmt.Errorf("look at the namespace %s: %w", o.Namespace, err)
	}
	out.Retention = found.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	if !o.SetRetention || out.Retention == o.Retention {
		return nil
	}
	_, err = service.UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: o.Namespace,
		Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(o.Retention)},
	})
	if err != nil {
		return fmt.Errorf("set the retention of the namespace %s: %w", o.Namespace, err)
	}
	out.Before, out.Retention = out.Retention, o.Retention
	return nil
}

func createNamespace(ctx context.Context, service workflowservice.WorkflowServiceClient, o SetUpOptions, out *SetUpResult) error {
	_, err := service.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: o.Namespace, Description: "Everlatch", WorkflowExecutionRetentionPeriod: durationpb.New(o.Retention),
	})
	if _, exists := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); err != nil && !exists {
		return fmt.Errorf("create the namespace %s: %w", o.Namespace, err)
	}
	out.Created, out.Retention = err == nil, o.Retention
	return nil
}

// missingAttributes are those that the namespace lacks. A cluster needs a moment to know
// a namespace that was just created.
func missingAttributes(
	ctx context.Context, service operatorservice.OperatorServiceClient, namespace string, out *SetUpResult,
) (map[string]enumspb.IndexedValueType, error) {
	found, err := service.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	for ; isUnknownNamespace(err); found, err = service.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace}) {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("list search attributes: %w", err)
		case <-time.After(namespaceAgain):
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list search attributes: %w", err)
	}
	missing, existing, err := compareAttributes(found.GetCustomAttributes())
	out.Existing = append(out.Existing, existing...)
	return missing, err
}

// compareAttributes says which search attributes are missing and which exist. Its error
// names those that exist with another type.
func compareAttributes(found map[string]enumspb.IndexedValueType) (missing map[string]enumspb.IndexedValueType, existing []string, err error) {
	missing = map[string]enumspb.IndexedValueType{}
	var problems []error
	wanted := SearchAttributes()
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		switch is, exists := found[name]; {
		case !exists:
			missing[name] = wanted[name]
		case is != wanted[name]:
			problems = append(problems, fmt.Errorf("the search attribute %s exists with the type %s, and must be a %s", name, is, wanted[name]))
		default:
			existing = append(existing, name)
		}
	}
	return missing, existing, errors.Join(problems...)
}

// namespaceAgain is how soon a cluster is asked again about a namespace that is new.
const namespaceAgain = 500 * time.Millisecond

func isUnknownNamespace(err error) bool {
	_, unknown := errors.AsType[*serviceerror.NamespaceNotFound](err)
	return unknown
}
