package flows

import (
	"context"
	"errors"

	nexuspb "go.temporal.io/api/nexus/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"google.golang.org/protobuf/proto"

	"github.com/everlatch/everlatch"
)

// SetNexusEndpoint creates the Nexus endpoint of a name in the cluster, so that it leads to
// a task queue of a namespace. changed says that it did not before. An endpoint of this
// name that leads elsewhere is [everlatch.CodeConflict], unless replace is set. Without an
// operator's rights in the cluster it is [everlatch.CodeForbidden].
func (c *Client) SetNexusEndpoint(ctx context.Context, name, namespace, queue string, replace bool) (changed bool, err error) {
	operator := c.opts.Temporal.OperatorService()
	want := &nexuspb.EndpointSpec{Name: name, Target: &nexuspb.EndpointTarget{Variant: &nexuspb.EndpointTarget_Worker_{
		Worker: &nexuspb.EndpointTarget_Worker{Namespace: namespace, TaskQueue: queue},
	}}}
	found, err := operator.ListNexusEndpoints(ctx, &operatorservice.ListNexusEndpointsRequest{Name: name})
	if err != nil {
		return false, operatorFailure(err)
	}
	if len(found.GetEndpoints()) == 0 {
		_, err := operator.CreateNexusEndpoint(ctx, &operatorservice.CreateNexusEndpointRequest{Spec: want})
		return true, operatorFailure(err)
	}
	endpoint := found.GetEndpoints()[0]
	if proto.Equal(endpoint.GetSpec().GetTarget(), want.GetTarget()) {
		return false, nil
	}
	if !replace {
		return false, &everlatch.Error{Code: everlatch.CodeConflict, Message: "The endpoint " + name + " leads elsewhere: " +
			place(endpoint.GetSpec().GetTarget()) + "."}
	}
	want.Description = endpoint.GetSpec().GetDescription()
	_, err = operator.UpdateNexusEndpoint(ctx, &operatorservice.UpdateNexusEndpointRequest{
		Id: endpoint.GetId(), Version: endpoint.GetVersion(), Spec: want,
	})
	return true, operatorFailure(err)
}

// place says where an endpoint leads.
func place(t *nexuspb.EndpointTarget) string {
	if w := t.GetWorker(); w != nil {
		return "task queue " + w.GetTaskQueue() + " of the namespace " + w.GetNamespace()
	}
	return t.GetExternal().GetUrl()
}

// operatorFailure is the failure of a call that needs an operator's rights in the cluster:
// to have none is no outage, and no retry mends it.
func operatorFailure(err error) error {
	if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
		return &everlatch.Error{Code: everlatch.CodeForbidden, Message: "Temporal allows Nexus endpoints to be changed by an operator of the cluster only.", Err: err}
	}
	if err != nil {
		return everlatch.Unavailable("Temporal", err)
	}
	return nil
}
