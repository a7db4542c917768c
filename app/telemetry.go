package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/telemetry"
	"github.com/everlatch/everlatch/mail"
)

// measure makes what measures the process, where it is asked for. A tool that borrows
// an App has no use for metrics.
func (a *App) measure() {
	if a.opts.parts != 0 && !a.opts.quiet && (a.opts.devMetrics || a.cfg.Metrics.Address != config.Off) {
		a.metrics = telemetry.NewMetrics()
	}
	if a.opts.traces != nil {
		a.tracer = telemetry.NewTracer(a.opts.traces, a.cfg.Traces.AcceptParent)
	}
}

// watchState reads at each scrape what is not counted. The database is read where
// deliveries are made: it has the same numbers for every process.
func (a *App) watchState() {
	if a.metrics == nil {
		return
	}
	for name, db := range a.store.Pools() {
		a.metrics.WatchPool(name, db)
	}
	if a.has(API) {
		a.metrics.ExpectRefusals(string(limits.SignIn), string(limits.ScopeQueue))
		a.metrics.WatchHashQueue(func() telemetry.HashQueue { return telemetry.HashQueue(a.limiter.Queue()) })
	}
	if a.tellsEvents() {
		a.metrics.WatchDatabase(telemetry.Database{Backlog: a.backlog, Sessions: a.store.LivingSessions, Now: a.opts.now})
	}
}

func (a *App) backlog(ctx context.Context) (telemetry.Backlog, error) {
	b, err := a.store.Backlog(ctx)
	out := telemetry.Backlog{Events: b.Events, Waiting: b.Waiting, Behind: b.Behind, Dead: b.Dead}
	if !b.Oldest.IsZero() {
		out.Lag = max(0, a.opts.now().Sub(b.Oldest))
	}
	return out, err
}

// storeOptions let traces see the statements.
func (a *App) storeOptions() []store.Option {
	if a.tracer == nil {
		return nil
	}
	return []store.Option{store.WithWatch(a.tracer.Statement)}
}

func (a *App) beginRequest() func(*http.Request, string, string) (context.Context, func(int)) {
	if a.tracer == nil {
		return nil
	}
	return a.tracer.Request
}

func (a *App) servedRequest() func(method, route string, status int, took time.Duration) {
	if a.metrics == nil {
		return nil
	}
	return a.metrics.Request
}

func (a *App) endedFlow() func(workflow, outcome string, took time.Duration) {
	if a.metrics == nil {
		return nil
	}
	return a.metrics.Flow
}

func (a *App) hashWaited() func(time.Duration) {
	if a.metrics == nil {
		return nil
	}
	return a.metrics.HashWait
}

// temporalMetrics takes those of the SDK, nil for none.
func (a *App) temporalMetrics() client.MetricsHandler {
	if a.metrics == nil {
		return nil
	}
	return a.metrics.TemporalHandler()
}

// interceptors are those of the Temporal client. Traces are outside: they see errors
// after they were encoded.
func (a *App) interceptors() []interceptor.ClientInterceptor {
	out := []interceptor.ClientInterceptor{flows.NoteInterceptor()}
	if a.tracer != nil {
		out = append([]interceptor.ClientInterceptor{a.tracer.Interceptor()}, out...)
	}
	return out
}

// Outcomes of an attempt to send a mail.
const (
	mailSent    = "sent"
	mailFailed  = "failed"
	mailRefused = "refused"
)

// countedSender counts mails.
type countedSender struct {
	mail.Sender

	metrics *telemetry.Metrics
}

// Send implements [mail.Sender].
func (s *countedSender) Send(ctx context.Context, m mail.Message) error {
	err := s.Sender.Send(ctx, m)
	outcome := mailSent
	switch {
	case everlatch.IsPermanent(err):
		outcome = mailRefused
	case err != nil:
		outcome = mailFailed
	}
	s.metrics.Mail(m.Template, outcome)
	return err
}

// counted counts what a sender sends.
func (a *App) counted(sender mail.Sender) mail.Sender {
	if a.metrics == nil || sender == nil {
		return sender
	}
	return &countedSender{Sender: sender, metrics: a.metrics}
}

// withDevMetrics serves the metrics beside the API, for development.
func (a *App) withDevMetrics(next http.Handler) http.Handler {
	if a.metrics == nil || !a.opts.devMetrics {
		return next
	}
	metrics := a.metrics.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == telemetry.MetricsPath {
			metrics.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// listenForMetrics opens the port of the metrics, if they have one.
func (a *App) listenForMetrics(ctx context.Context) error {
	if a.metrics == nil || a.cfg.Metrics.Address == config.Off || a.metricsListener != nil {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.Metrics.Address)
	if err != nil {
		return fmt.Errorf("metrics.address: %w", err)
	}
	a.metricsListener = l
	return nil
}

// MetricsAddress returns host:port where metrics are served, with the real port, or ""
// before Listen and where they are not.
func (a *App) MetricsAddress() string {
	if a.metricsListener == nil {
		return ""
	}
	return a.metricsListener.Addr().String()
}

// serveMetrics answers scrapes until ctx ends, which is after the last request.
func (a *App) serveMetrics(ctx context.Context) error {
	if a.metricsListener == nil {
		return nil
	}
	server := &http.Server{
		Handler:           a.metrics.Handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(a.metricsListener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}
