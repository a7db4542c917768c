package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/store"
)

// figures are the answer of `statistics`.
type figures struct {
	From     time.Time                `json:"from"`
	To       time.Time                `json:"to"`
	Interval int                      `json:"interval"` // in seconds
	Buckets  []store.StatisticsBucket `json:"buckets"`
	Now      figuresNow               `json:"now"`
	// RefusalsRecorded is whether refused sign-ins are: without, their counts are 0.
	RefusalsRecorded bool `json:"refusals_recorded"`
}

type figuresNow struct {
	Events   int `json:"events_waiting"`
	Waiting  int `json:"deliveries_waiting"`
	Behind   int `json:"deliveries_behind"`
	Dead     int `json:"dead_letters"`
	Sessions int `json:"sessions"`
}

func (p *program) statisticsCommand() *cobra.Command {
	var from, to, interval string
	var asJSON bool
	c := &cobra.Command{
		Use:   "statistics",
		Short: "Count sign-ins, registrations, resets and mails in intervals, and what waits now",
		Long: "Counts what is recorded already: sign-ins that completed, and events. Refused sign-ins are recorded where\n" +
			"events.logins is on. Events and sign-ins are counted for as long as events.retention and auth.session_history\n" +
			"keep them.",
		Example: "  everlatch statistics\n  everlatch statistics --from 2026-11-01 --to 2026-12-01 --interval 1d --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			r, err := statisticsRange(from, to, interval)
			if err != nil {
				return err
			}
			cfg, err := p.load(c)
			if err != nil {
				return err
			}
			return p.onStore(c, existing, func(ctx context.Context, t target) error {
				found, err := t.store.Statistics(ctx, r)
				if err != nil {
					return err
				}
				f := figures{
					From: r.From, To: r.To, Interval: int(r.Interval / time.Second), Buckets: found.Buckets, RefusalsRecorded: cfg.Events.Logins,
					Now: figuresNow{found.Backlog.Events, found.Backlog.Waiting, found.Backlog.Behind, found.Backlog.Dead, found.Sessions},
				}
				return p.answer(asJSON, f, func(w io.Writer) { writeFigures(w, f) })
			})
		},
	}
	c.Flags().StringVar(&from, "from", "", "the first moment, such as 2026-11-01 or 2026-11-01T06:00:00Z (default 24 intervals before --to)")
	c.Flags().StringVar(&to, "to", "", "the end (default the end of the current interval)")
	c.Flags().StringVar(&interval, "interval", "1h", "the length of an interval, such as 15m, 6h or 1d")
	jsonFlag(c, &asJSON)
	return c
}

func statisticsRange(from, to, interval string) (r store.StatisticsRange, err error) {
	every, err := config.ParseSpan(interval)
	if err != nil {
		return r, fmt.Errorf("--interval: %w", err)
	}
	r.Interval = every.Duration()
	if r.Interval < store.ShortestInterval {
		return r, fmt.Errorf("--interval is %s, and at least a minute is expected", interval)
	}
	if r.From, err = timeFlag("from", from); err == nil {
		r.To, err = timeFlag("to", to)
	}
	return r.WithDefaults(clock()), err
}

// timeFlag reads a date or a time, the zero time for "".
func timeFlag(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s is %q, and a date or a time such as 2026-11-01T00:00:00Z is expected", flag, text)
}

func writeFigures(w io.Writer, f figures) {
	row(w, "FROM", "SIGN-INS", "REFUSED", "2ND REFUSED", "LOCKS", "LIMITS", "REGISTERED", "RESETS", "NEW PASSWORDS", "MAILS", "FAILED")
	for _, b := range f.Buckets {
		refused, second := "-", "-"
		if f.RefusalsRecorded {
			refused, second = strconv.Itoa(b.RefusedFirst), strconv.Itoa(b.RefusedSecond)
		}
		cells := []string{moment(b.At), strconv.Itoa(b.SignIns), refused, second}
		for _, n := range []int{b.Locks, b.Limits, b.Registrations, b.Resets, b.NewPasswords, b.MailsSent, b.MailsFailed} {
			cells = append(cells, strconv.Itoa(n))
		}
		row(w, cells...)
	}
	_, _ = fmt.Fprintf(w, "\nNow: %s and %d of their deliveries wait; %s; %s.\n", counted(f.Now.Events, "event"),
		f.Now.Waiting+f.Now.Behind, counted(f.Now.Dead, "dead letter"), counted(f.Now.Sessions, "session"))
}
