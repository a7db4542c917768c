package limits_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// hash is a keyed hash as the key ring has one.
func hash(parts ...string) string {
	mac := hmac.New(sha256.New, []byte("a key"))
	_, _ = mac.Write([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(mac.Sum(nil))
}

// world is one database, its clock, and what was observed.
type world struct {
	url   string
	clock *clocktest.Clock

	mu   sync.Mutex
	seen []limits.Refusal
}

// onEachEngine runs a test on SQLite, and on PostgreSQL when it is available.
func onEachEngine(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, &world{url: storetest.URL(t), clock: clocktest.At(start)})
	})
	server := os.Getenv("TEST_POSTGRES_URL")
	if server == "" {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, &world{url: postgresURL(t, server), clock: clocktest.At(start)})
	})
}

func postgresURL(tb testing.TB, server string) string {
	tb.Helper()
	db, err := sql.Open("pgx", server)
	require.NoError(tb, err)
	schema := "test_" + strings.ToLower(ids.New("", time.Now()))
	_, err = db.Exec(`CREATE SCHEMA ` + schema)
	require.NoError(tb, err)
	tb.Cleanup(func() {
		_, err := db.Exec(`DROP SCHEMA ` + schema + ` CASCADE`)
		require.NoError(tb, err)
		require.NoError(tb, db.Close())
	})
	u, err := url.Parse(server)
	require.NoError(tb, err)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// process returns a limiter as one more process of the installation has it.
func (w *world) process(tb testing.TB, o limits.Options) *limits.Limiter {
	tb.Helper()
	s, err := store.Open(tb.Context(), w.url, w.clock.Now)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	require.NoError(tb, s.Migrate(tb.Context()))
	o.Hash, o.Now = hash, w.clock.Now
	o.Observe = func(r limits.Refusal) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen = append(w.seen, r)
	}
	l, err := limits.New(s, o)
	require.NoError(tb, err)
	return l
}

// requireRefused checks a refusal and returns its Retry-After, in seconds.
func requireRefused(tb testing.TB, err error) string {
	tb.Helper()
	var e *everlatch.Error
	require.ErrorAs(tb, err, &e)
	require.Equal(tb, everlatch.CodeRateLimited, e.Code)
	require.Equal(tb, limits.TooMany, e.Reason)
	require.Len(tb, e.Details, 1)
	return e.Details[limits.RetryAfter]
}

// inParallel runs 60 calls at once and returns how many had no error.
func inParallel(ctx context.Context, call func(ctx context.Context, i int) error) (passed int) {
	const n = 60
	for _, err := range storetest.InParallel(ctx, n, call) {
		if err == nil {
			passed++
		}
	}
	return passed
}

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

// perMinute is a rate.
func perMinute(n int) limits.Rate { return limits.Rate{Count: n, Per: time.Minute} }
