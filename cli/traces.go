package cli

import (
	"context"
	"log/slog"
	"time"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/internal/telemetry"
)

// exportWithin bounds how long a process that stops exports its last spans.
const exportWithin = 5 * time.Second

// traces returns the options of a process whose OTEL_* variables ask for traces, none
// for another, and what exports the spans that wait when it stops.
func (p *program) traces(ctx context.Context, log *slog.Logger) ([]app.Option, func(), error) {
	provider, err := telemetry.NewTraces(ctx, p.environ, log)
	if err != nil || provider == nil {
		return nil, func() {}, err
	}
	export := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportWithin)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.WarnContext(ctx, "traces were not exported", slog.String("error", err.Error()))
		}
	}
	return []app.Option{app.WithTracerProvider(provider)}, export, nil
}
