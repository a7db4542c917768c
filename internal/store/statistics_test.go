package store_test

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func TestStatisticsRange(t *testing.T) {
	t.Parallel()
	r := store.StatisticsRange{}.WithDefaults(start)
	require.Equal(t, time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC), r.To, "the current hour is the last interval")
	require.Equal(t, 24*time.Hour, r.To.Sub(r.From))
	require.NoError(t, r.Check())
	for name, wrong := range map[string]struct {
		r    store.StatisticsRange
		want everlatch.Reason
	}{
		"no time at all":      {store.StatisticsRange{From: start, To: start, Interval: time.Hour}, store.RangeEmpty},
		"backwards":           {store.StatisticsRange{From: start, To: start.Add(-1), Interval: time.Hour}, store.RangeEmpty},
		"short intervals":     {store.StatisticsRange{From: start, To: start.Add(time.Hour), Interval: time.Second}, store.IntervalShort},
		"parts of seconds":    {store.StatisticsRange{From: start, To: start.Add(time.Hour), Interval: 90*time.Second + 1}, store.IntervalShort},
		"too many intervals":  {store.StatisticsRange{From: start, To: start.Add(501 * time.Hour), Interval: time.Hour}, store.RangeLong},
		"more than a year":    {store.StatisticsRange{From: start, To: start.Add(367 * 24 * time.Hour), Interval: 24 * time.Hour}, store.RangeLong},
		"a negative interval": {store.StatisticsRange{From: start, To: start.Add(time.Hour), Interval: -time.Hour}, store.IntervalShort},
	} {
		var refused *everlatch.Error
		require.ErrorAs(t, wrong.r.Check(), &refused, name)
		require.Equal(t, wrong.want, refused.Reason, name)
		require.Equal(t, everlatch.CodeInvalidData, refused.Code, name)
	}
	require.NoError(t, store.StatisticsRange{From: start, To: start.Add(500 * time.Hour), Interval: time.Hour}.Check())
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		from := start.Truncate(time.Hour)
		at := func(d time.Duration) time.Time { return from.Add(d) }
		n := 0
		event := func(name string, when time.Time) string {
			n++
			e := everlatch.Event{ID: fmt.Sprint("evt_", n), Name: name, CreatedAt: when}
			require.NoError(t, f.RecordEvent(t.Context(), e))
			return e.ID
		}
		event(everlatch.EventIdentityRegistered, at(-1)) // just before
		event(everlatch.EventIdentityRegistered, at(0))
		event(everlatch.EventIdentityRegistered, at(time.Hour-time.Microsecond))
		event(everlatch.EventIdentityRegistered, at(2*time.Hour))
		event(everlatch.EventIdentityRegistered, at(3*time.Hour)) // just after
		event(everlatch.EventLoginFailed, at(time.Hour))
		event(everlatch.EventLoginFailed, at(90*time.Minute))
		event(everlatch.EventMFAChallengeFailed, at(time.Hour))
		event(everlatch.EventSignInLocked, at(time.Hour))
		event(everlatch.EventLimitReached, at(2*time.Hour))
		event(everlatch.EventPasswordReset, at(2*time.Hour))
		event(everlatch.EventPasswordChanged, at(2*time.Hour))
		event(everlatch.EventCustomerUpdated, at(2*time.Hour)) // is not counted
		// One of another source and one that no flow has released are not counted.
		f.clock.Advance(at(time.Hour).Sub(start) + time.Second)
		_, _, err := f.PublishEvent(t.Context(), everlatch.Event{ID: "theirs", Name: everlatch.EventIdentityRegistered, Source: "apk_1"})
		require.NoError(t, err)
		_, err = f.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_1"},
			everlatch.Event{ID: "evt_held", Name: everlatch.EventIdentityRegistered, GroupID: "flow", CreatedAt: at(time.Hour)})
		require.NoError(t, err)

		mailed := []string{event(everlatch.EventInviteCreated, at(0)), event(everlatch.EventInviteCreated, at(time.Hour)), event(everlatch.EventInviteCreated, at(time.Hour))}
		_, err = f.Dispatch(t.Context(), 100, func(e everlatch.Event) []store.Target {
			if e.Name != everlatch.EventInviteCreated {
				return nil
			}
			return []store.Target{{Subscriber: everlatch.MailSubscriber}, {Subscriber: "shop"}}
		})
		require.NoError(t, err)
		f.settle(t, mailed[0], everlatch.MailSubscriber, everlatch.DeliveryDelivered)
		f.settle(t, mailed[0], "shop", everlatch.DeliveryDead)
		f.settle(t, mailed[1], everlatch.MailSubscriber, everlatch.DeliveryDead) // the third is still on its way

		identity := f.identity(t, "ada@example.com")
		for i, when := range []time.Time{at(-time.Second), at(0), at(time.Hour), at(time.Hour + time.Minute), at(3 * time.Hour)} {
			require.NoError(t, f.RecordSignIn(t.Context(), everlatch.SignIn{
				ID: fmt.Sprint("sid_", i), AuthIdentityID: identity.ID, AuthProvider: "emailpass", ActorType: "customer", CredentialVersion: 1,
				CreatedAt: when, LastUsedAt: when, ExpiresAt: when.Add(time.Duration(i+1) * time.Hour),
			}, store.SignInsSeen{Count: i}, when.Add(24*time.Hour), everlatch.Event{}))
		}

		got, err := f.Statistics(t.Context(), store.StatisticsRange{From: from, To: at(3 * time.Hour), Interval: time.Hour})
		require.NoError(t, err)
		require.Equal(t, []store.StatisticsBucket{
			{At: at(0), SignIns: 1, Registrations: 2, MailsSent: 1},
			{At: at(time.Hour), SignIns: 2, RefusedFirst: 2, RefusedSecond: 1, Locks: 1, MailsFailed: 1},
			{At: at(2 * time.Hour), Registrations: 1, Limits: 1, Resets: 1, NewPasswords: 1},
		}, got.Buckets)
		require.Equal(t, 2, got.Backlog.Dead)

		// The last interval may be cut short by the end.
		got, err = f.Statistics(t.Context(), store.StatisticsRange{From: from, To: at(150 * time.Minute), Interval: 2 * time.Hour})
		require.NoError(t, err)
		require.Len(t, got.Buckets, 2)
		require.Equal(t, 1, got.Buckets[1].Registrations)
		_, err = f.Statistics(t.Context(), store.StatisticsRange{})
		require.ErrorIs(t, err, everlatch.ErrInvalidData)
	})
}

// manyEvents spreads events, half of them registrations with a mail, and as many sign-ins over
// the 100 days before start.
func (f fixture) manyEvents(t *testing.T, many int) {
	t.Helper()
	identity := f.identity(t, "ada@example.com")
	numbers := fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", many)
	at := fmt.Sprintf("strftime('%%Y-%%m-%%d %%H:%%M:%%S', '%s', '-' || (i * %d) || ' seconds') || '+00:00'", start.Format(time.DateTime), 8_640_000/many)
	if strings.HasPrefix(f.url, "postgres") {
		at = fmt.Sprintf("TIMESTAMPTZ '%s+00' - i * %d * INTERVAL '1 second'", start.Format(time.DateTime), 8_640_000/many)
	}
	for _, text := range []string{
		`INSERT INTO event (id, name, group_id, auth_identity_id, source, created_at, released_at, dispatched_at) ` + numbers + `
			SELECT 'e' || i, CASE WHEN i % 2 = 0 THEN 'auth.identity_registered' ELSE 'customer.updated' END, '', '', 'everlatch', ` + at + `, ` + at + `, ` + at + ` FROM n`,
		`INSERT INTO delivery (event_id, subscriber, position, order_key, status, created_at, updated_at) ` + numbers + `
			SELECT 'e' || i, 'mail', i, '', 'delivered', ` + at + `, ` + at + ` FROM n WHERE i % 2 = 0`,
		`INSERT INTO sign_in (id, auth_identity_id, auth_provider, actor_type, actor_id, credential_version, device, network, created_at, last_used_at, expires_at) ` + numbers + `
			SELECT 's' || i, '` + identity.ID + `', 'emailpass', 'customer', '', 1, '', '', ` + at + `, ` + at + `, ` + at + ` FROM n`,
		`ANALYZE`,
	} {
		_, err := f.DB().ExecContext(t.Context(), text)
		require.NoError(t, err)
	}
}

// plan is how the engine would run a statement.
func (f fixture) plan(t *testing.T, s store.Statement) string {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	if strings.HasPrefix(f.url, "postgres") {
		explain = "EXPLAIN "
	}
	rows, err := f.DB().QueryContext(t.Context(), explain+s.Text, s.Args...)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var b strings.Builder
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		require.NoError(t, rows.Scan(cells...))
		last, ok := cells[len(cells)-1].(*any)
		require.True(t, ok)
		_, _ = fmt.Fprintln(&b, *last)
	}
	require.NoError(t, rows.Err())
	return b.String()
}

// TestStatisticsPlan: what counts a day reads the range of an index, not the table.
// STATISTICS_EVENTS is how many events there are.
func TestStatisticsPlan(t *testing.T) {
	t.Parallel()
	many, err := strconv.Atoi(cmp.Or(os.Getenv("STATISTICS_EVENTS"), "20000"))
	require.NoError(t, err)
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.manyEvents(t, many)
		day := store.StatisticsRange{From: start.Add(-24 * time.Hour).Truncate(time.Second), To: start.Truncate(time.Second), Interval: time.Hour}
		statements := f.StatisticsStatements(day)
		for i, index := range []string{"event_created_at", "event_created_at", "sign_in_expires_at"} {
			plan := f.plan(t, statements[i])
			t.Log("\n" + plan)
			require.Contains(t, plan, index)
			// PostgreSQL may read all deliveries where there are as few as here.
			require.NotRegexp(t, `(?m)^SCAN |Seq Scan on (event|sign_in)`, plan)
		}
		for _, days := range []int{1, 101} {
			began := time.Now()
			got, err := f.Statistics(t.Context(), store.StatisticsRange{From: start.AddDate(0, 0, -days), To: start, Interval: 24 * time.Hour})
			require.NoError(t, err)
			t.Log(days, "days took", time.Since(began))
			registered, mails, signIns := 0, 0, 0
			for _, b := range got.Buckets {
				registered, mails, signIns = registered+b.Registrations, mails+b.MailsSent, signIns+b.SignIns
			}
			want := many * min(days, 100) / 100
			require.InEpsilon(t, want/2, registered, 0.02)
			require.InEpsilon(t, want/2, mails, 0.02)
			require.InEpsilon(t, want, signIns, 0.02)
		}
	})
}
