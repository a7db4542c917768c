package telemetry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope names the code that makes the spans.
const scope = "github.com/everlatch/everlatch"

// Tracer makes the spans of requests, flows and SQL statements.
type Tracer struct {
	tracer trace.Tracer
	// acceptParent continues the trace that a request belongs to.
	acceptParent bool
}

// NewTracer returns a tracer. With acceptParent, a request continues the trace that its
// header traceparent names, and follows the decision whether it is sampled; without
// it, the request begins a trace that links to that one.
func NewTracer(p trace.TracerProvider, acceptParent bool) *Tracer {
	return &Tracer{tracer: p.Tracer(scope), acceptParent: acceptParent}
}

// Request begins the span of a request. route is its template, "" where none matched.
// The span ends with the function that is returned.
func (t *Tracer) Request(r *http.Request, method, route string) (context.Context, func(status int)) {
	name := method
	attributes := []attribute.KeyValue{attribute.String("http.request.method", method)}
	if route != "" {
		name += " " + route
		attributes = append(attributes, attribute.String("http.route", route))
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...)}
	ctx := r.Context()
	remote := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(r.Header))).
		WithTraceState(trace.TraceState{}) // it could carry anything into histories
	switch {
	case remote.IsValid() && t.acceptParent:
		ctx = trace.ContextWithRemoteSpanContext(ctx, remote)
	case remote.IsValid():
		options = append(options, trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: remote}))
	}
	ctx, span := t.tracer.Start(ctx, name, options...)
	return ctx, func(status int) {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(status))
		}
		span.End()
	}
}

// spanIDs are random, except for the spans of workflows: an execution that another
// worker continues has the span that it began with, to which its steps belong.
type spanIDs struct{}

var _ sdktrace.IDGenerator = spanIDs{}

// workflowSpan is the key of what identifies the span of a workflow.
type workflowSpan struct{}

func withWorkflowSpan(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, workflowSpan{}, key)
}

// NewIDs implements [sdktrace.IDGenerator].
func (spanIDs) NewIDs(ctx context.Context) (t trace.TraceID, s trace.SpanID) {
	if key, ok := ctx.Value(workflowSpan{}).(string); ok {
		sum := sha256.Sum256([]byte(key))
		copy(s[:], sum[:])
		copy(t[:], sum[len(s):])
		return t, s
	}
	_, _ = rand.Read(t[:])
	_, _ = rand.Read(s[:])
	return t, s
}

// NewSpanID implements [sdktrace.IDGenerator].
func (g spanIDs) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	_, s := g.NewIDs(ctx)
	return s
}

// WithTraceIDs returns a handler that adds the trace id to the records of a traced
// request or activity.
func WithTraceIDs(h slog.Handler) slog.Handler { return traceIDs{h} }

type traceIDs struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h traceIDs) Handle(ctx context.Context, r slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h traceIDs) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceIDs{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h traceIDs) WithGroup(name string) slog.Handler { return traceIDs{h.Handler.WithGroup(name)} }
