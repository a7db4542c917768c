package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/everlatch/everlatch/internal/telemetry"
)

// traced returns a tracer and its spans, which have the ids of the product.
func traced(t *testing.T, acceptParent bool) (*telemetry.Tracer, *tracetest.InMemoryExporter) {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	return telemetry.NewTracer(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)), acceptParent), spans
}

func attributes(s tracetest.SpanStub) map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes {
		out[string(a.Key)] = a.Value.String()
	}
	return out
}

const (
	callersTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersHeader = "00-" + callersTrace + "-00f067aa0ba902b7-01"
)

func TestRequestSpan(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		accept bool
		header string
		same   bool // as the caller's trace
		links  int
	}{
		"a request of its own":           {},
		"a caller's trace is linked":     {header: callersHeader, links: 1},
		"a caller's trace is continued":  {accept: true, header: callersHeader, same: true},
		"a header that names no trace":   {accept: true, header: "00-nothing"},
		"accepting, and there is no one": {accept: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tracer, spans := traced(t, tt.accept)
			r := httptest.NewRequest(http.MethodPost, "/auth/customer/emailpass?token=secret-7c1d", nil)
			if tt.header != "" {
				r.Header.Set("Traceparent", tt.header)
				r.Header.Set("Tracestate", "vendor=ada@example.com")
				r.Header.Set("Baggage", "user=ada@example.com")
			}

			_, end := tracer.Request(r, http.MethodPost, "/auth/:actor_type/:auth_provider")
			end(http.StatusUnauthorized)

			require.Len(t, spans.GetSpans(), 1)
			s := spans.GetSpans()[0]
			require.Equal(t, "POST /auth/:actor_type/:auth_provider", s.Name)
			require.Equal(t, tt.same, s.SpanContext.TraceID().String() == callersTrace)
			require.Len(t, s.Links, tt.links)
			require.Equal(t, codes.Unset, s.Status.Code, "a refusal is an answer")
			require.Equal(t, map[string]string{
				"http.request.method": "POST", "http.route": "/auth/:actor_type/:auth_provider", "http.response.status_code": "401",
			}, attributes(s))
			require.Empty(t, s.SpanContext.TraceState().String())
			for _, l := range s.Links {
				require.Empty(t, l.SpanContext.TraceState().String())
			}
		})
	}
}

func TestStatementSpan(t *testing.T) {
	t.Parallel()
	tracer, spans := traced(t, false)
	ctx, end := tracer.Statement(t.Context(), "sqlite", "SELECT 1")
	end(nil)
	require.Equal(t, t.Context(), ctx)
	require.Empty(t, spans.GetSpans(), "what belongs to no request is not traced")

	ctx, finish := tracer.Request(httptest.NewRequest(http.MethodGet, "/", nil), http.MethodGet, "/")
	_, end = tracer.Statement(ctx, "postgresql", "INSERT INTO provider_identity\n\t\t(entity_id) VALUES ($1)")
	end(&pgconn.PgError{Code: "23505", Message: "duplicate", Detail: "Key (entity_id)=(ada@example.com) already exists."})
	_, end = tracer.Statement(ctx, "postgresql", "SELECT 1")
	end(errors.New("ada@example.com is not a number"))
	finish(http.StatusInternalServerError)

	require.Len(t, spans.GetSpans(), 3)
	insert, other, request := spans.GetSpans()[0], spans.GetSpans()[1], spans.GetSpans()[2]
	require.Equal(t, request.SpanContext.SpanID(), insert.Parent.SpanID())
	require.Equal(t, "INSERT", insert.Name)
	require.Equal(t, map[string]string{
		"db.system.name": "postgresql", "db.operation.name": "INSERT", "db.query.text": "INSERT INTO provider_identity (entity_id) VALUES ($1)",
	}, attributes(insert))
	require.Equal(t, sdktrace.Status{Code: codes.Error, Description: "SQLSTATE 23505"}, insert.Status)
	require.Equal(t, sdktrace.Status{Code: codes.Error, Description: "*errors.errorString"}, other.Status)
	require.Equal(t, codes.Error, request.Status.Code)
	require.Empty(t, insert.Events, "the text of an error quotes values")
}

func TestTraceIDInTheLog(t *testing.T) {
	t.Parallel()
	tracer, spans := traced(t, false)
	var out bytes.Buffer
	log := slog.New(telemetry.WithTraceIDs(slog.NewTextHandler(&out, nil))).With("a", 1).WithGroup("g")
	log.InfoContext(t.Context(), "untraced")
	require.NotContains(t, out.String(), "trace_id")

	ctx, end := tracer.Request(httptest.NewRequest(http.MethodGet, "/", nil), http.MethodGet, "/")
	log.InfoContext(ctx, "traced")
	end(http.StatusOK)

	require.Contains(t, out.String(), "trace_id="+spans.GetSpans()[0].SpanContext.TraceID().String())
}

func TestTracesAreOffUnlessAskedFor(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"
	for name, environ := range map[string][]string{
		"nothing":     nil,
		"none":        {endpoint, "OTEL_TRACES_EXPORTER=none"},
		"disabled":    {endpoint, "OTEL_SDK_DISABLED=true"},
		"only a name": {"OTEL_SERVICE_NAME=shop-auth"},
	} {
		provider, err := telemetry.NewTraces(t.Context(), environ, log)
		require.NoError(t, err, name)
		require.Nil(t, provider, name)
	}
	for name, environ := range map[string][]string{
		"endpoint": {endpoint},
		"traces":   {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:1/v1/traces"},
		"exporter": {"OTEL_TRACES_EXPORTER=otlp"},
		"grpc":     {endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"},
	} {
		provider, err := telemetry.NewTraces(t.Context(), environ, log)
		require.NoError(t, err, name)
		require.NotNil(t, provider, name)
		require.NoError(t, provider.Shutdown(t.Context()), name)
	}
	for _, environ := range [][]string{
		{endpoint, "OTEL_TRACES_EXPORTER=zipkin"}, {endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=http/json"},
	} {
		_, err := telemetry.NewTraces(t.Context(), environ, log)
		require.ErrorContains(t, err, environ[1][:len("OTEL_")])
		require.ErrorContains(t, err, "none of")
	}
}

// TestLostTracesAreLogged has a collector that refuses.
func TestLostTracesAreLogged(t *testing.T) {
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	t.Cleanup(collector.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	var out bytes.Buffer
	provider, err := telemetry.NewTraces(t.Context(), []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL}, slog.New(slog.NewTextHandler(&out, nil)))
	require.NoError(t, err)

	_, span := provider.Tracer("test").Start(context.Background(), "lost")
	span.SetAttributes(attribute.String("a", "b"))
	span.End()
	require.NoError(t, provider.Shutdown(t.Context()))

	require.Contains(t, out.String(), `msg="traces were not exported" spans=1`)
}
