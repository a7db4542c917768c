package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// StatisticsOptions say what statistics can know.
type StatisticsOptions struct {
	// RefusedSignIns says that refused sign-ins are recorded (events.logins).
	RefusedSignIns bool
	// Events and SignIns are how long both are kept; 0 is forever.
	Events, SignIns time.Duration
}

var statisticsFilters = query.Schema{query.Moment("from"), query.Moment("to"), query.Span("interval")}

var bucketTable = render.Table[store.StatisticsBucket]{
	render.Time("at", func(b *store.StatisticsBucket) time.Time { return b.At }),
	number("sign_ins", func(b *store.StatisticsBucket) int { return b.SignIns }),
	number("refused_first_factors", func(b *store.StatisticsBucket) int { return b.RefusedFirst }),
	number("refused_second_factors", func(b *store.StatisticsBucket) int { return b.RefusedSecond }),
	number("locks", func(b *store.StatisticsBucket) int { return b.Locks }),
	number("limits_reached", func(b *store.StatisticsBucket) int { return b.Limits }),
	number("registrations", func(b *store.StatisticsBucket) int { return b.Registrations }),
	number("password_resets", func(b *store.StatisticsBucket) int { return b.Resets }),
	number("passwords_changed", func(b *store.StatisticsBucket) int { return b.NewPasswords }),
	number("mails_sent", func(b *store.StatisticsBucket) int { return b.MailsSent }),
	number("mails_failed", func(b *store.StatisticsBucket) int { return b.MailsFailed }),
}

// refusedColumns are left out where refused sign-ins are not recorded: 0 would be a lie.
var refusedColumns = []string{"refused_first_factors", "refused_second_factors"}

func number[T any](name string, get func(*T) int) render.Column[T] {
	return render.Column[T]{Name: name, Write: func(b []byte, v *T) []byte { return wire.AppendInt(b, get(v)) }}
}

// readStatistics counts what happened in intervals of a range of time, and what waits now.
func (s *Server) readStatistics(c echo.Context) error {
	in, err := query.Read(c.Request().URL.RawQuery, statisticsFilters)
	if err != nil {
		return err
	}
	r := store.StatisticsRange{From: in.Moment("from"), To: in.Moment("to"), Interval: in.Span("interval")}.WithDefaults(s.deps.Now())
	found, err := s.deps.Store.Statistics(lookups(c), r)
	if err != nil {
		return err
	}
	return writeJSON(c, s.appendStatistics(nil, r, found))
}

func (s *Server) appendStatistics(b []byte, r store.StatisticsRange, found store.Statistics) []byte {
	b = wire.AppendTime(append(b, `{"statistics":{"from":`...), r.From.Truncate(time.Second))
	b = wire.AppendTime(append(b, `,"to":`...), r.To.Truncate(time.Second))
	b = wire.AppendInt(append(b, `,"interval":`...), int(r.Interval/time.Second))
	var unknown []string
	if !s.opts.Statistics.RefusedSignIns {
		unknown = refusedColumns
	}
	shown := render.ShapeOf(bucketTable, unknown...).Defaults()
	b = bucketTable.AppendAll(append(b, `,"buckets":`...), found.Buckets, shown)
	b = append(b, `,"now":{"oldest_waiting_at":`...)
	if found.Backlog.Oldest.IsZero() {
		b = append(b, "null"...)
	} else {
		b = wire.AppendTime(b, found.Backlog.Oldest)
	}
	for _, n := range []struct {
		name  string
		count int
	}{
		{"events_waiting", found.Backlog.Events},
		{"deliveries_waiting", found.Backlog.Waiting},
		{"deliveries_behind", found.Backlog.Behind},
		{"dead_letters", found.Backlog.Dead},
		{"sessions", found.Sessions},
	} {
		b = wire.AppendInt(append(append(append(b, `,"`...), n.name...), `":`...), n.count)
	}
	b = append(b, `},"not_recorded":[`...)
	for i, name := range unknown {
		if i > 0 {
			b = append(b, ',')
		}
		b = wire.AppendText(b, name)
	}
	b = s.appendKept(append(b, `],"kept_since":{"events":`...), s.opts.Statistics.Events)
	b = s.appendKept(append(b, `,"sign_ins":`...), s.opts.Statistics.SignIns)
	return append(b, "}}}"...)
}

// appendKept writes since when what is counted is kept: counts of earlier times are too
// small. It is null for what is kept forever.
func (s *Server) appendKept(b []byte, span time.Duration) []byte {
	if span == 0 {
		return append(b, "null"...)
	}
	return wire.AppendTime(b, s.deps.Now().Add(-span))
}
