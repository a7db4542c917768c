package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The variables that decide whether and how traces are exported. The exporter and the
// sampler read the others of OTEL_* from the environment of the process.
const (
	endpointVariable       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tracesEndpointVariable = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	protocolVariable       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	tracesProtocolVariable = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	exporterVariable       = "OTEL_TRACES_EXPORTER"
	disabledVariable       = "OTEL_SDK_DISABLED"
)

// ServiceName is the service.name of traces, unless OTEL_SERVICE_NAME is set.
const ServiceName = "everlatch"

// NewTraces returns a provider that exports spans by OTLP, as the standard OTEL_*
// variables say, or nil where none of them names an endpoint. environ holds
// NAME=value. Shut it down to export what waits.
func NewTraces(ctx context.Context, environ []string, log *slog.Logger) (*sdktrace.TracerProvider, error) {
	env := variables(environ)
	switch exporter := env[exporterVariable]; {
	case strings.EqualFold(env[disabledVariable], "true"), exporter == "none":
		return nil, nil //nolint:nilnil // no traces, which is not an error
	case exporter == "" && env[endpointVariable] == "" && env[tracesEndpointVariable] == "":
		return nil, nil //nolint:nilnil // as above
	case exporter != "" && exporter != "otlp":
		return nil, fmt.Errorf("%s: %q is none of otlp, none", exporterVariable, exporter)
	}
	exporter, err := newExporter(ctx, env)
	if err != nil {
		return nil, fmt.Errorf("OTEL_* variables: %w", err)
	}
	// What the environment says about the service takes precedence.
	service, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", ServiceName)), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&loggedExporter{SpanExporter: exporter, log: log}),
		sdktrace.WithResource(service), sdktrace.WithIDGenerator(spanIDs{}),
	), nil
}

func newExporter(ctx context.Context, env map[string]string) (sdktrace.SpanExporter, error) {
	protocol := env[tracesProtocolVariable]
	if protocol == "" {
		protocol = env[protocolVariable]
	}
	switch protocol {
	case "", "http/protobuf":
		return otlptracehttp.New(ctx)
	case "grpc":
		return otlptracegrpc.New(ctx)
	default:
		return nil, fmt.Errorf("%s: %q is none of http/protobuf, grpc", protocolVariable, protocol)
	}
}

func variables(environ []string) map[string]string {
	out := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			out[name] = value
		}
	}
	return out
}

// exportLogEvery is how often a collector that is away is logged.
const exportLogEvery = time.Minute

// loggedExporter logs what could not be exported: traces are lost quietly otherwise.
type loggedExporter struct {
	sdktrace.SpanExporter

	log    *slog.Logger
	mu     sync.Mutex
	logged time.Time
	lost   int
}

// ExportSpans implements [sdktrace.SpanExporter].
func (e *loggedExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost += len(spans)
	if last := spans[len(spans)-1].EndTime(); last.Sub(e.logged) >= exportLogEvery {
		e.log.WarnContext(ctx, "traces were not exported", slog.Int("spans", e.lost), slog.String("error", err.Error()))
		e.logged, e.lost = last, 0
	}
	return nil // the SDK would write it to stderr a second time
}
