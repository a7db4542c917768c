package temporalkit

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// longestReconnect bounds the pause between two attempts to reach Temporal. The SDK's
	// ten seconds would be added to every outage.
	longestReconnect = time.Second
	// connectWithin bounds one attempt.
	connectWithin = 3 * time.Second
	// repoll is the pause before a poll that failed is repeated.
	repoll = 250 * time.Millisecond
)

// resume are the options of a connection that is used again as soon as Temporal is
// back.
func resume() []grpc.DialOption {
	pauses := backoff.DefaultConfig
	pauses.BaseDelay, pauses.MaxDelay = 100*time.Millisecond, longestReconnect
	return []grpc.DialOption{
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: pauses, MinConnectTimeout: connectWithin}),
		grpc.WithChainUnaryInterceptor(keepPolling),
	}
}

// keepPolling has the polls of workers wait for the connection, and repeats those that
// Temporal cannot serve yet. Returned to the SDK, such an error makes the poller pause,
// for ten seconds after a longer outage. Errors that are not about availability pass.
func keepPolling(
	ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	if !isPoll(method) {
		return invoke(ctx, method, req, reply, conn, opts...)
	}
	opts = append(opts, grpc.WaitForReady(true))
	for {
		err := invoke(ctx, method, req, reply, conn, opts...)
		switch status.Code(err) {
		case codes.DeadlineExceeded:
			return nil // the empty reply, as of a poll for which there was no task
		case codes.Unavailable:
		default:
			return err
		}
		timer := time.NewTimer(repoll)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}

func isPoll(method string) bool {
	return strings.HasSuffix(method, "/PollWorkflowTaskQueue") || strings.HasSuffix(method, "/PollActivityTaskQueue")
}
