package store_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
)

// TestPostgresValues compares what the store reads with what database/sql reads, for every
// kind of variable, in every protocol that the URL may ask for.
func TestPostgresValues(t *testing.T) {
	t.Parallel()
	if postgresMissing() {
		t.Skip("needs PostgreSQL")
	}
	texts := []string{
		`'ada'::text`, `''::text`, `NULL::text`, `'é"\'::text`, `'{"a": {"b": [1, 2.5, null]}}'::text`, `'{}'::text`, `'null'::text`, `'7'::text`,
		`'one two'::text`, `'ada'::varchar(10)`, `'ada'::name`, `'true'::text`,
	}
	numbers := []string{
		`0::bigint`, `-1::bigint`, `9223372036854775807::bigint`, `NULL::bigint`, `7::int`, `7::smallint`, `COUNT(*)`, `SUM(1)`, `SUM(1::bigint)`,
	}
	times := []string{
		`'2026-01-02 03:04:05.678901+00'::timestamptz`, `'2026-01-02 03:04:05+02'::timestamptz`, `'1969-12-31 23:59:59.999999+00'::timestamptz`,
		`'1999-12-31 23:59:59.999999+00'::timestamptz`, `'2000-01-01 00:00:00+00'::timestamptz`, `'0001-01-01 00:00:00+00'::timestamptz`,
		`'9999-12-31 23:59:59.999999+00'::timestamptz`, `'infinity'::timestamptz`, `'-infinity'::timestamptz`, `NULL::timestamptz`,
	}
	booleans := []string{`TRUE`, `FALSE`, `NULL::boolean`, `EXISTS (SELECT 1)`}
	bytes := []string{`'\x00ff'::bytea`, `NULL::bytea`}
	// What each kind of variable is there for.
	own := map[string][]string{
		"string": texts, "*string": texts, "text or NULL": texts, "words": texts, "a type of strings": texts, "metadata": texts,
		"bool": booleans, "boolean or NULL": booleans, "int64": numbers, "int": numbers,
		"time or NULL": times, "optional time": times, "bytes": bytes,
	}
	server := postgresURL(t)
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			f := open(t, withParameter(t, server, "default_query_exec_mode", mode))
			for name, destination := range store.Destinations() {
				for _, value := range own[name] {
					want, wantDest := destination()
					got, gotDest := destination()
					wantErr := f.DB().QueryRowContext(t.Context(), `SELECT `+value).Scan(wantDest)
					gotErr := store.ReadValue(t.Context(), f.Store, `SELECT `+value, gotDest)
					require.Equal(t, wantErr == nil, gotErr == nil, "%s to %s: %v, and by the store: %v", value, name, wantErr, gotErr)
					if wantErr == nil {
						require.Equal(t, want, got, "%s to %s", value, name)
					}
				}
			}
		})
	}
}

// withParameter adds a parameter to the URL of a server.
func withParameter(tb testing.TB, server, name, value string) string {
	tb.Helper()
	u, err := url.Parse(server)
	require.NoError(tb, err)
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// TestUnsentQueryIsRepeated: a connection that the server has reset is found out only when
// something is written to it. A caller does not notice.
func TestUnsentQueryIsRepeated(t *testing.T) {
	t.Parallel()
	if postgresMissing() {
		t.Skip("needs PostgreSQL")
	}
	between := newProxy(t)
	f := open(t, between.url(t, postgresURL(t)))
	identity := f.identity(t, "ada@example.com")
	for range 5 {
		between.reset()
		_, err := f.Identity(t.Context(), identity.ID)
		require.NoError(t, err)
	}
}
