//go:build !noembedded

package embedded

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/server/api/historyservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const checkMethod = health.Health_Check_FullMethodName

type callerKey struct{}

// checked answers the health checks of a test.
type checked struct {
	health.UnimplementedHealthServer

	check func(context.Context, *health.HealthCheckRequest) (*health.HealthCheckResponse, error)
}

func (c checked) Check(ctx context.Context, in *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	return c.check(ctx, in)
}

// callsOf returns calls to a service that a function answers.
func callsOf(check func(context.Context, *health.HealthCheckRequest) (*health.HealthCheckResponse, error)) (*calls, *served) {
	s := newServed()
	s.answers(&health.Health_ServiceDesc, checked{check: check},
		func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			_ = grpc.SetTrailer(ctx, metadata.Pairs("passed", info.FullMethod))
			return handler(ctx, req)
		})
	s.open()
	return &calls{served: map[string]*served{health.Health_ServiceDesc.ServiceName: s}}, s
}

// connected is what is called where there is no short way.
func connected(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
	return status.Error(codes.Aborted, "over a connection")
}

func TestACallIsWhatItIsOverAConnection(t *testing.T) {
	t.Parallel()

	seen := make(chan *health.HealthCheckRequest, 1)
	answer := &health.HealthCheckResponse{Status: health.HealthCheckResponse_SERVING}
	deadline := time.Now().Add(time.Hour)
	c, _ := callsOf(func(ctx context.Context, in *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
		got, ok := ctx.Deadline()
		require.True(t, ok)
		require.WithinDuration(t, deadline, got, 0)
		require.Equal(t, []string{"Ada"}, metadata.ValueFromIncomingContext(ctx, "caller"))
		sent, ok := metadata.FromOutgoingContext(ctx)
		require.False(t, ok, "what a handler calls sends metadata of its own: %v", sent)
		require.Nil(t, ctx.Value(callerKey{}), "values stay with the caller")
		seen <- in
		return answer, grpc.SetHeader(ctx, metadata.Pairs("header", "1"))
	})
	ctx, cancel := context.WithDeadline(context.WithValue(t.Context(), callerKey{}, true), deadline)
	defer cancel()
	request := &health.HealthCheckRequest{Service: "one"}
	reply := &health.HealthCheckResponse{Status: health.HealthCheckResponse_NOT_SERVING}
	var header, trailer metadata.MD
	require.NoError(t, c.intercept(metadata.AppendToOutgoingContext(ctx, "caller", "Ada"), checkMethod, request, reply, nil, connected,
		grpc.Header(&header), grpc.Trailer(&trailer)))
	require.Equal(t, health.HealthCheckResponse_SERVING, reply.GetStatus())
	require.Equal(t, []string{"1"}, header.Get("header"))
	require.Equal(t, []string{checkMethod}, trailer.Get("passed"), "of an interceptor")

	received := <-seen
	received.Service, answer.Status = "another", health.HealthCheckResponse_UNKNOWN
	require.Equal(t, "one", request.GetService(), "the request was copied")
	require.Equal(t, health.HealthCheckResponse_SERVING, reply.GetStatus(), "and the answer")
}

func TestErrorsOfACallAreThoseOfAConnection(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		err  error
		code codes.Code
	}{
		"a status":             {status.Error(codes.NotFound, "none"), codes.NotFound},
		"the end of a context": {context.DeadlineExceeded, codes.DeadlineExceeded},
		"any other":            {errors.New("broken"), codes.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c, _ := callsOf(func(context.Context, *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
				return nil, test.err
			})
			err := c.intercept(t.Context(), checkMethod, &health.HealthCheckRequest{}, &health.HealthCheckResponse{}, nil, connected)
			require.Equal(t, test.code, status.Code(err))
			_, ok := status.FromError(err)
			require.True(t, ok)
		})
	}
}

func TestCallsOfNoServiceUseAConnection(t *testing.T) {
	t.Parallel()

	c, s := callsOf(func(context.Context, *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
		return &health.HealthCheckResponse{}, nil
	})
	call := func(method string) codes.Code {
		return status.Code(c.intercept(t.Context(), method, &health.HealthCheckRequest{}, &health.HealthCheckResponse{}, nil, connected))
	}
	require.Equal(t, codes.OK, call(checkMethod))
	require.Equal(t, codes.Aborted, call("/another.Service/Check"))
	require.Equal(t, codes.Aborted, call("/"+health.Health_ServiceDesc.ServiceName+"/Unknown"))
	s.close()
	require.Equal(t, codes.Aborted, call(checkMethod), "the service has stopped")
}

func TestAServiceThatStopsEndsItsCalls(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		begun := make(chan struct{})
		c, s := callsOf(func(ctx context.Context, _ *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
			close(begun)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		answered := make(chan error, 1)
		go func() {
			answered <- c.intercept(context.Background(), checkMethod, &health.HealthCheckRequest{}, &health.HealthCheckResponse{}, nil, connected)
		}()
		<-begun
		s.close()
		stopped := time.Now()
		s.drain(t.Context())
		require.Equal(t, codes.Canceled, status.Code(<-answered))
		require.Equal(t, drainTimeout, time.Since(stopped), "calls have as long to end as over a listener")
		s.drain(t.Context())
		require.Equal(t, drainTimeout, time.Since(stopped), "none is left to wait for")
	})
}

func TestTransferBetweenTypesThatLookTheSame(t *testing.T) {
	t.Parallel()

	from := &historyservice.RecordWorkflowTaskStartedResponseWithRawHistory{
		WorkflowType: &commonpb.WorkflowType{Name: "Authenticate"}, ScheduledEventId: 2,
	}
	to := &historyservice.RecordWorkflowTaskStartedResponse{ScheduledEventId: 7, StartedEventId: 8}
	require.NoError(t, transfer(to, from))
	require.Equal(t, "Authenticate", to.GetWorkflowType().GetName())
	require.EqualValues(t, 2, to.GetScheduledEventId())
	require.Zero(t, to.GetStartedEventId(), "the message that it was is gone")
}

func TestInterceptorsOfAServerWithoutAny(t *testing.T) {
	t.Parallel()

	_, err := interceptors(grpc.NewServer())
	require.ErrorIs(t, err, errUnknownGRPC)
}
