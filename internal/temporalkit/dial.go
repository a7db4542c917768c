package temporalkit

import (
	"context"
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/grpc"
)

// Options configure [Dial].
type Options struct {
	// Client holds the address, namespace, TLS and credentials, as
	// sdk/contrib/envconfig reads them from TEMPORAL_*.
	Client client.Options
	// Sealing encrypts payloads and failures.
	Sealing Sealing
	// Interceptors see every call of the client, and those that are for workers the
	// work of its workers; the first one is the outermost.
	Interceptors []interceptor.ClientInterceptor
	// Completions, if set, learns what the workers of the client complete.
	Completions *Completions
	// Last are options of the connection whose interceptors come after all others.
	Last []grpc.DialOption
	// Metrics takes those of the SDK; nil for none.
	Metrics client.MetricsHandler
	Log     *slog.Logger
}

// Dial returns a client that connects at its first use, so that a process can
// start, and read what needs no Temporal, while Temporal is away.
func Dial(o Options) (client.Client, error) {
	opts := o.Client
	opts.DataConverter = NewDataConverter(o.Sealing)
	opts.FailureConverter = NewFailureConverter(o.Sealing)
	opts.ContextPropagators = append(opts.ContextPropagators, languages{opts.DataConverter})
	opts.ConnectionOptions.DialOptions = append(resume(), opts.ConnectionOptions.DialOptions...)
	if o.Completions != nil {
		opts.ConnectionOptions.DialOptions = append(opts.ConnectionOptions.DialOptions, grpc.WithChainUnaryInterceptor(o.Completions.intercept))
	}
	opts.ConnectionOptions.DialOptions = append(opts.ConnectionOptions.DialOptions, o.Last...)
	if opts.ConnectionOptions.GrpcCompression == nil { // payloads are encrypted, which leaves nothing to compress
		opts.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	}
	opts.Interceptors = append(opts.Interceptors, o.Interceptors...)
	opts.MetricsHandler = o.Metrics
	opts.Logger = sdklog.NewStructuredLogger(o.Log)
	c, err := client.NewLazyClient(opts)
	if err != nil {
		return nil, fmt.Errorf("configure the Temporal client: %w", err)
	}
	return c, nil
}

// Plain returns a client on the connection of another one, whose payloads and failures are
// not sealed: for operations that programs without the key ring call.
func Plain(c client.Client, o Options) (client.Client, error) {
	opts := o.Client
	opts.Logger = sdklog.NewStructuredLogger(slog.New(withoutRefusals{o.Log.Handler()}))
	plain, err := client.NewClientFromExisting(c, opts)
	if err != nil {
		return nil, fmt.Errorf("configure the Temporal client of Nexus operations: %w", err)
	}
	return plain, nil
}

// refusedOperation is what the SDK logs, as an error, about each operation that was refused,
// such as a wrong password. What broke down is logged where it is known.
const refusedOperation = "Handler returned error while processing Nexus task"

type withoutRefusals struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h withoutRefusals) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == refusedOperation {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h withoutRefusals) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withoutRefusals{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h withoutRefusals) WithGroup(name string) slog.Handler {
	return withoutRefusals{h.Handler.WithGroup(name)}
}
