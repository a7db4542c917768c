package store

import (
	"context"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

// What statistics are bounded by, so that one request reads no more than it can show.
const (
	MostBuckets      = 500
	LongestRange     = 366 * 24 * time.Hour
	ShortestInterval = time.Minute
)

// StatisticsRange is from when to when statistics count, and in how long intervals. Times
// are read as whole seconds.
type StatisticsRange struct {
	From, To time.Time
	Interval time.Duration
}

// WithDefaults fills in what is missing: intervals of an hour, 24 of them, and the current
// one is the last.
func (r StatisticsRange) WithDefaults(now time.Time) StatisticsRange {
	if r.Interval == 0 {
		r.Interval = time.Hour
	}
	if r.To.IsZero() {
		r.To = now.UTC().Truncate(r.Interval).Add(r.Interval)
	}
	if r.From.IsZero() {
		r.From = r.To.Add(-defaultBuckets * r.Interval)
	}
	return r
}

const defaultBuckets = 24

// Check refuses a range that has no intervals, or more than can be counted at once.
func (r StatisticsRange) Check() error {
	switch {
	case !r.To.After(r.From):
		return refuse(everlatch.CodeInvalidData, RangeEmpty)
	case r.Interval < ShortestInterval || r.Interval%time.Second != 0:
		return refuse(everlatch.CodeInvalidData, IntervalShort)
	case r.To.Sub(r.From) > LongestRange || r.buckets() > MostBuckets:
		return refuse(everlatch.CodeInvalidData, RangeLong)
	}
	return nil
}

func (r StatisticsRange) buckets() int {
	return int((r.To.Sub(r.From) + r.Interval - 1) / r.Interval)
}

// StatisticsBucket is what happened from At on, for the length of an interval.
type StatisticsBucket struct {
	At time.Time `json:"at"`
	// SignIns are those that completed, with the one that a registration is. Of one identity
	// only the latest are kept, see [SignInRules].
	SignIns int `json:"sign_ins"`
	// RefusedFirst and RefusedSecond are refused first and second factors. They are known
	// where events.logins is on.
	RefusedFirst  int `json:"refused_first_factors"`
	RefusedSecond int `json:"refused_second_factors"`
	// Locks are accounts that were locked after failures, and Limits limits that began to
	// refuse requests.
	Locks  int `json:"locks"`
	Limits int `json:"limits_reached"`

	Registrations int `json:"registrations"`
	// Resets are links for a new password that were ordered, and NewPasswords passwords
	// that were changed.
	Resets       int `json:"password_resets"`
	NewPasswords int `json:"passwords_changed"`
	// MailsSent and MailsFailed are about events of this interval: a mail counts where
	// it was ordered. A failed one is a dead letter now.
	MailsSent   int `json:"mails_sent"`
	MailsFailed int `json:"mails_failed"`
}

// Statistics are counts for the operator.
type Statistics struct {
	Buckets []StatisticsBucket
	// Backlog and Sessions are current.
	Backlog  Backlog
	Sessions int
}

// counted are the events that statistics count.
var counted = map[string]func(b *StatisticsBucket) *int{
	everlatch.EventLoginFailed:        func(b *StatisticsBucket) *int { return &b.RefusedFirst },
	everlatch.EventMFAChallengeFailed: func(b *StatisticsBucket) *int { return &b.RefusedSecond },
	everlatch.EventSignInLocked:       func(b *StatisticsBucket) *int { return &b.Locks },
	everlatch.EventLimitReached:       func(b *StatisticsBucket) *int { return &b.Limits },
	everlatch.EventIdentityRegistered: func(b *StatisticsBucket) *int { return &b.Registrations },
	everlatch.EventPasswordReset:      func(b *StatisticsBucket) *int { return &b.Resets },
	everlatch.EventPasswordChanged:    func(b *StatisticsBucket) *int { return &b.NewPasswords },
}

// Each reads the index of times that its table has already, so that counting costs the
// requests that are counted nothing. %b is the number of the bucket of a time.
const (
	countEvents = `SELECT name, %b, COUNT(*) FROM event
		WHERE created_at >= $1 AND created_at < $2 AND source = '` + everlatch.SourceEverlatch + `' AND released_at IS NOT NULL
		GROUP BY 1, 2`

	countMails = `SELECT d.status, %b, COUNT(*) FROM event e JOIN delivery d ON d.event_id = e.id AND d.subscriber = $5
		WHERE e.created_at >= $1 AND e.created_at < $2 AND d.status IN ('delivered', 'dead')
		GROUP BY 1, 2`

	// The index is that of expires_at: a sign-in expires after it began. $5 is earlier by
	// as much as expires_at may lag.
	countSignIns = `SELECT '', %b, COUNT(*) FROM sign_in
		WHERE expires_at >= $5 AND created_at >= $1 AND created_at < $2
		GROUP BY 1, 2`
)

// Statistics counts what happened in a range, which it checks.
func (s *Store) Statistics(ctx context.Context, r StatisticsRange) (out Statistics, err error) {
	if err := r.Check(); err != nil {
		return out, err
	}
	r.From, r.To = r.From.UTC().Truncate(time.Second), r.To.UTC().Truncate(time.Second)
	out.Buckets = make([]StatisticsBucket, r.buckets())
	for i := range out.Buckets {
		out.Buckets[i].At = r.From.Add(time.Duration(i) * r.Interval)
	}
	for _, q := range s.statisticsQueries(r) {
		found, err := all(ctx, adhoc{s.reads}, scanCount, q.text, q.args...)
		if err != nil {
			return out, s.fail(ctx, "count for statistics", err)
		}
		for _, c := range found {
			if field := q.into(c.name); field != nil && c.bucket >= 0 && c.bucket < len(out.Buckets) {
				*field(&out.Buckets[c.bucket]) += c.count
			}
		}
	}
	if out.Backlog, err = s.Backlog(ctx); err != nil {
		return out, err
	}
	out.Sessions, err = s.LivingSessions(ctx)
	return out, err
}

// statisticsQuery counts rows by name and interval.
type statisticsQuery struct {
	text string
	args []any
	// into is the count that rows of a name go to, nil for none.
	into func(name string) func(*StatisticsBucket) *int
}

func (s *Store) statisticsQueries(r StatisticsRange) []statisticsQuery {
	query := func(text, column string, into func(name string) func(*StatisticsBucket) *int, further ...any) statisticsQuery {
		args := append([]any{r.From, r.To, r.From.Unix(), int64(r.Interval / time.Second)}, further...)
		return statisticsQuery{strings.ReplaceAll(text, "%b", s.bucketOf(column)), args, into}
	}
	eventsOf := func(name string) func(*StatisticsBucket) *int { return counted[name] }
	signInsOf := func(string) func(*StatisticsBucket) *int { return func(b *StatisticsBucket) *int { return &b.SignIns } }
	return []statisticsQuery{
		query(countEvents, "created_at", eventsOf),
		query(countMails, "e.created_at", mailsOf, everlatch.MailSubscriber),
		query(countSignIns, "created_at", signInsOf, r.From.Add(-useResolution)),
	}
}

func mailsOf(status string) func(*StatisticsBucket) *int {
	if status == everlatch.DeliveryDead {
		return func(b *StatisticsBucket) *int { return &b.MailsFailed }
	}
	return func(b *StatisticsBucket) *int { return &b.MailsSent }
}

// bucketOf is the number of the interval that a time is in: $3 is where the first one
// begins, and $4 how long each is, in seconds.
func (s *Store) bucketOf(column string) string {
	if s.onPostgres() {
		return `(CAST(FLOOR(EXTRACT(EPOCH FROM ` + column + `)) AS BIGINT) - CAST($3 AS BIGINT)) / CAST($4 AS BIGINT)`
	}
	return `(CAST(strftime('%s', ` + column + `) AS INTEGER) - $3) / $4`
}

type count struct {
	name          string
	bucket, count int
}

func scanCount(row scanner) (c count, err error) {
	err = row.Scan(&c.name, &c.bucket, &c.count)
	return c, err
}
