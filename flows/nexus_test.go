package flows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	nexuspb "go.temporal.io/api/nexus/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"google.golang.org/grpc"

	"github.com/everlatch/everlatch"
)

// cluster is what an operator of Temporal sees of Nexus.
type cluster struct {
	operatorservice.OperatorServiceClient

	endpoints []*nexuspb.Endpoint
	// fails is the call that fails, with an outage, or because the caller is no operator.
	fails  string
	denies bool
}

func (c *cluster) outage(call string) error {
	if c.fails == call && c.denies {
		return serviceerror.NewPermissionDenied("not for you", "")
	}
	if c.fails == call {
		return serviceerror.NewUnavailable("away")
	}
	return nil
}

func (c *cluster) ListNexusEndpoints(
	_ context.Context, r *operatorservice.ListNexusEndpointsRequest, _ ...grpc.CallOption,
) (*operatorservice.ListNexusEndpointsResponse, error) {
	out := &operatorservice.ListNexusEndpointsResponse{}
	for _, e := range c.endpoints {
		if e.GetSpec().GetName() == r.GetName() {
			out.Endpoints = append(out.Endpoints, e)
		}
	}
	return out, c.outage("list")
}

func (c *cluster) CreateNexusEndpoint(
	_ context.Context, r *operatorservice.CreateNexusEndpointRequest, _ ...grpc.CallOption,
) (*operatorservice.CreateNexusEndpointResponse, error) {
	made := &nexuspb.Endpoint{Id: "id of " + r.GetSpec().GetName(), Version: 1, Spec: r.GetSpec()}
	if err := c.outage("create"); err != nil {
		return nil, err
	}
	c.endpoints = append(c.endpoints, made)
	return &operatorservice.CreateNexusEndpointResponse{Endpoint: made}, nil
}

func (c *cluster) UpdateNexusEndpoint(
	_ context.Context, r *operatorservice.UpdateNexusEndpointRequest, _ ...grpc.CallOption,
) (*operatorservice.UpdateNexusEndpointResponse, error) {
	if err := c.outage("update"); err != nil {
		return nil, err
	}
	for _, e := range c.endpoints {
		if e.GetId() == r.GetId() {
			if e.GetVersion() != r.GetVersion() {
				return nil, serviceerror.NewFailedPrecondition("another version")
			}
			e.Spec, e.Version = r.GetSpec(), e.GetVersion()+1
		}
	}
	return &operatorservice.UpdateNexusEndpointResponse{}, nil
}

func TestSetNexusEndpoint(t *testing.T) {
	t.Parallel()
	b, c := setup(t), &cluster{}
	b.temporal.On("OperatorService").Return(c)
	set := func(name, namespace, queue string, replace bool) (bool, error) {
		return b.flows.SetNexusEndpoint(t.Context(), name, namespace, queue, replace)
	}
	refused := func(err error, code everlatch.Code, says string) {
		t.Helper()
		require.Equal(t, code, everlatch.ErrorCode(err), "%v", err)
		require.ErrorContains(t, err, says)
	}

	changed, err := set("everlatch", "default", "everlatch-nexus", false)
	require.NoError(t, err)
	require.True(t, changed)
	leads := c.endpoints[0].GetSpec().GetTarget().GetWorker()
	require.Equal(t, []string{"default", "everlatch-nexus"}, []string{leads.GetNamespace(), leads.GetTaskQueue()})
	changed, err = set("everlatch", "default", "everlatch-nexus", true)
	require.NoError(t, err)
	require.False(t, changed, "it is so already")
	changed, err = set("staging", "default", "everlatch-nexus", false)
	require.NoError(t, err)
	require.True(t, changed)
	require.Len(t, c.endpoints, 2)

	changed, err = set("everlatch", "shop", "everlatch-nexus", false)
	require.False(t, changed)
	refused(err, everlatch.CodeConflict, "task queue everlatch-nexus of the namespace default")
	c.endpoints[0].Spec.Description, c.endpoints[0].Version = &commonpb.Payload{Data: []byte("ours")}, 7
	changed, err = set("everlatch", "shop", "everlatch-nexus", true)
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, "shop", c.endpoints[0].GetSpec().GetTarget().GetWorker().GetNamespace())
	require.Equal(t, "ours", string(c.endpoints[0].GetSpec().GetDescription().GetData()), "what operators wrote stays")
	require.EqualValues(t, 8, c.endpoints[0].GetVersion())

	c.endpoints[0].Spec.Target = &nexuspb.EndpointTarget{Variant: &nexuspb.EndpointTarget_External_{
		External: &nexuspb.EndpointTarget_External{Url: "https://nexus.example.com"},
	}}
	_, err = set("everlatch", "shop", "everlatch-nexus", false)
	refused(err, everlatch.CodeConflict, "https://nexus.example.com")

	for call, replace := range map[string]bool{"list": false, "update": true} {
		c.fails = call
		_, err = set("everlatch", "shop", "everlatch-nexus", replace)
		refused(err, everlatch.CodeUnavailable, "Temporal")
	}
	c.fails = "create"
	_, err = set("new", "shop", "everlatch-nexus", false)
	refused(err, everlatch.CodeUnavailable, "Temporal")
	c.denies = true
	_, err = set("new", "shop", "everlatch-nexus", false)
	refused(err, everlatch.CodeForbidden, "operator")
}
