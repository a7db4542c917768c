package telemetry

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// headerKey is the header of workflows and activities that carries the trace; other
// SDKs use the same. The codec does not seal headers, and it holds two random numbers.
const headerKey = "_tracer-data"

// Operations of the SDK whose spans live inside a workflow.
const (
	runWorkflow  = "RunWorkflow"
	handleUpdate = "HandleUpdate"
)

// Interceptor makes spans of calls to Temporal, workflows and activities. It goes into
// the options of a client; workers of the client use it too. It adds a header to what
// is started and no command, so histories replay with and without it.
func (t *Tracer) Interceptor() interceptor.Interceptor {
	return &tracing{Interceptor: interceptor.NewTracingInterceptor(&temporalTracer{tracer: t.tracer})}
}

// tracing is the SDK's interceptor without the spans of what did not happen: that of
// an update that is replayed, and the end of a workflow that only left the cache.
type tracing struct{ interceptor.Interceptor }

// InterceptWorkflow implements [interceptor.WorkerInterceptor].
func (t *tracing) InterceptWorkflow(ctx workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	end := &ending{}
	end.Next = next
	out := &replayed{untraced: end}
	out.Next = t.Interceptor.InterceptWorkflow(ctx, end)
	return out
}

// replayed is outside of the SDK's interceptor.
type replayed struct {
	interceptor.WorkflowInboundInterceptorBase
	untraced interceptor.WorkflowInboundInterceptor
}

// ExecuteUpdate implements [interceptor.WorkflowInboundInterceptor].
func (r *replayed) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	if workflow.IsReplaying(ctx) {
		return r.untraced.ExecuteUpdate(ctx, in)
	}
	return r.Next.ExecuteUpdate(ctx, in)
}

// ending is inside of the SDK's interceptor, which also ends its spans when a
// workflow is dropped from the cache and its goroutine exits.
type ending struct {
	interceptor.WorkflowInboundInterceptorBase
}

// ExecuteWorkflow implements [interceptor.WorkflowInboundInterceptor].
func (e *ending) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	out, err := e.Next.ExecuteWorkflow(ctx, in)
	returned(ctx)
	return out, err
}

// ExecuteUpdate implements [interceptor.WorkflowInboundInterceptor].
func (e *ending) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	out, err := e.Next.ExecuteUpdate(ctx, in)
	returned(ctx)
	return out, err
}

// spanKey finds the span in the context of a workflow.
type spanKey struct{}

// returned notes that what a span is about has ended, and not only in a replay.
func returned(ctx workflow.Context) {
	if span, ok := ctx.Value(spanKey{}).(*temporalSpan); ok && !workflow.IsReplaying(ctx) {
		span.unfinished = false
	}
}

// temporalTracer makes the spans for the SDK's interceptor. Unlike the one of the
// SDK's contrib module it keeps the texts of errors out of spans, and baggage, which a
// caller can choose, out of histories.
type temporalTracer struct {
	interceptor.BaseTracer
	tracer trace.Tracer
}

var _ interceptor.Tracer = (*temporalTracer)(nil)

// Options implements [interceptor.Tracer].
func (t *temporalTracer) Options() interceptor.TracerOptions {
	return interceptor.TracerOptions{
		SpanContextKey: spanKey{}, HeaderKey: headerKey, DisableQueryTracing: true, AllowInvalidParentSpans: true,
	}
}

// UnmarshalSpan implements [interceptor.Tracer].
func (t *temporalTracer) UnmarshalSpan(header map[string]string) (interceptor.TracerSpanRef, error) {
	parent := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier(header)))
	if !parent.IsValid() {
		return nil, errors.New("the header names no trace")
	}
	return parent, nil
}

// MarshalSpan implements [interceptor.Tracer].
func (t *temporalTracer) MarshalSpan(span interceptor.TracerSpan) (map[string]string, error) {
	header := map[string]string{}
	if s, ok := span.(*temporalSpan); ok {
		propagation.TraceContext{}.Inject(trace.ContextWithSpan(context.Background(), s.Span), propagation.MapCarrier(header))
	}
	return header, nil
}

// SpanFromContext implements [interceptor.Tracer].
func (t *temporalTracer) SpanFromContext(ctx context.Context) interceptor.TracerSpan {
	span := trace.SpanFromContext(ctx)
	if !span.SpanContext().IsValid() {
		return nil
	}
	return &temporalSpan{Span: span}
}

// ContextWithSpan implements [interceptor.Tracer].
func (t *temporalTracer) ContextWithSpan(ctx context.Context, span interceptor.TracerSpan) context.Context {
	if s, ok := span.(*temporalSpan); ok {
		return trace.ContextWithSpan(ctx, s.Span)
	}
	return ctx
}

// StartSpan implements [interceptor.Tracer].
func (t *temporalTracer) StartSpan(o *interceptor.TracerStartSpanOptions) (interceptor.TracerSpan, error) {
	ctx := context.Background()
	switch parent := o.Parent.(type) {
	case *temporalSpan:
		ctx = trace.ContextWithSpanContext(ctx, parent.SpanContext())
	case trace.SpanContext:
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	if o.IdempotencyKey != "" {
		ctx = withWorkflowSpan(ctx, o.IdempotencyKey)
	}
	kind := trace.SpanKindServer
	if o.ToHeader {
		kind = trace.SpanKindClient
	}
	attributes := make([]attribute.KeyValue, 0, len(o.Tags))
	for key, value := range o.Tags {
		attributes = append(attributes, attribute.String(key, value))
	}
	_, span := t.tracer.Start(ctx, o.Operation+":"+o.Name,
		trace.WithTimestamp(o.Time), trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
	return &temporalSpan{Span: span, unfinished: o.Operation == runWorkflow || o.Operation == handleUpdate}, nil
}

// temporalSpan is a span of the SDK's interceptor.
type temporalSpan struct {
	trace.Span

	// unfinished says that a workflow or update has not returned, as far as this worker
	// has seen.
	unfinished bool
}

// Finish implements [interceptor.TracerSpan].
func (s *temporalSpan) Finish(o *interceptor.TracerFinishSpanOptions) {
	if s.unfinished {
		return
	}
	word, expected := errorWord(o.Error)
	switch {
	case word == "":
	case expected:
		s.SetAttributes(attribute.String("error.type", word))
	default:
		s.SetStatus(codes.Error, word)
	}
	s.End()
}

// errorWord names an error without its text, "" for none. An error is expected when it
// is an answer, such as a refusal.
func errorWord(err error) (word string, expected bool) {
	if err == nil || workflow.IsContinueAsNewError(err) {
		return "", true
	}
	if e, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return e.Type(), e.Category() == temporal.ApplicationErrorCategoryBenign
	}
	return fmt.Sprintf("%T", err), temporal.IsCanceledError(err) || errors.Is(err, context.Canceled)
}
