package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// maxStatement bounds the text of a statement in a span.
const maxStatement = 2000

// Statement begins the span of an SQL statement, whose text has no values in it. A
// statement that belongs to no trace has none: an outbox that looks every second is
// no request. The span ends with the function that is returned. An error is told by
// its code, because its text may quote a value.
func (t *Tracer) Statement(ctx context.Context, engine, text string) (context.Context, func(error)) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, func(error) {}
	}
	text = strings.Join(strings.Fields(text), " ")
	operation, _, _ := strings.Cut(text, " ")
	if len(text) > maxStatement {
		text = text[:maxStatement]
	}
	ctx, span := t.tracer.Start(ctx, operation, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.system.name", engine), attribute.String("db.operation.name", operation), attribute.String("db.query.text", text),
	))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, statementError(err))
		}
		span.End()
	}
}

func statementError(err error) string {
	if answered, ok := errors.AsType[*pgconn.PgError](err); ok {
		return "SQLSTATE " + answered.Code
	}
	return fmt.Sprintf("%T", err)
}
