package store_test

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// searchedFixture is an empty PostgreSQL database with search indexes, and a
// connection beside the store's.
func searchedFixture(t *testing.T) (fixture, *sql.DB) {
	t.Helper()
	if postgresMissing() {
		t.Skip("search indexes are PostgreSQL's")
	}
	f := open(t, postgresURL(t))
	db, err := sql.Open("pgx", f.url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return f, db
}

// A search for a part of an address or a name reads its index, in the very form that the
// store asks in.
func TestSearchesUseTheirIndexes(t *testing.T) {
	t.Parallel()
	f, db := searchedFixture(t)
	ready, err := f.Searchable(t.Context())
	require.NoError(t, err)
	require.True(t, ready)

	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	// Without rows, reading the whole table is cheaper, and so is any other index of it.
	_, err = conn.ExecContext(t.Context(), `SET enable_seqscan = off; SET enable_indexscan = off;
		DROP INDEX customer_email, provider_identity_entity, provider_identity_verified_email`)
	require.NoError(t, err)
	plan := func(text string, args []any) string {
		rows, err := conn.QueryContext(t.Context(), "EXPLAIN "+text, args...)
		require.NoError(t, err, text)
		defer rows.Close()
		var plan strings.Builder
		for rows.Next() {
			var line string
			require.NoError(t, rows.Scan(&line))
			plan.WriteString(line + "\n")
		}
		require.NoError(t, rows.Err())
		return plan.String()
	}
	require.Contains(t, plan(store.SearchedCustomers("hopper.4711")), "Bitmap Index Scan on customer_search")
	require.Contains(t, plan(store.SearchedIdentities("hopper.4711")), "Bitmap Index Scan on provider_identity_search")
}

// An index whose creation was interrupted is made again, beside writers where the table
// has rows, and a complete one stays.
func TestSearchIndexesAreMended(t *testing.T) {
	t.Parallel()
	f, db := searchedFixture(t)
	f.customer(t, "ada@example.com")
	index := func() (oid int, valid bool) {
		require.NoError(t, db.QueryRow(`SELECT indexrelid, indisvalid FROM pg_index WHERE indexrelid = 'customer_search'::regclass`).Scan(&oid, &valid))
		return oid, valid
	}
	before, _ := index()
	require.NoError(t, f.Migrate(t.Context()))
	again, _ := index()
	require.Equal(t, before, again)

	_, err := db.Exec(`UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = 'customer_search'::regclass`)
	require.NoError(t, err)
	ready, err := f.Searchable(t.Context())
	require.NoError(t, err)
	require.False(t, ready)

	require.NoError(t, f.Migrate(t.Context()))
	mended, valid := index()
	require.NotEqual(t, before, mended)
	require.True(t, valid)
	found, count, err := f.Customers(t.Context(), store.CustomerFilter{Q: "DA@EX"}, store.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, count)
	require.Equal(t, "ada@example.com", *found[0].Email)
}

// A role that may not create the extension migrates all the same, the log says how to
// mend it, and the next migration does.
func TestWithoutTrigrams(t *testing.T) {
	t.Parallel()
	_, db := searchedFixture(t)
	name := "plain_" + strings.ToLower(rand.Text())
	run := func(db *sql.DB, statements ...string) {
		t.Helper()
		for _, statement := range statements {
			_, err := db.Exec(strings.ReplaceAll(statement, "{}", name))
			require.NoError(t, err)
		}
	}
	run(db, `CREATE DATABASE {}`, `CREATE ROLE {} LOGIN PASSWORD '{}'`)
	u, err := url.Parse(os.Getenv(storetest.PostgresVariable))
	require.NoError(t, err)
	u.Path = "/" + name
	owner, err := sql.Open("pgx", u.String())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, owner.Close())
		run(db, `DROP DATABASE {} WITH (FORCE)`, `DROP ROLE {}`)
	})
	run(owner, `CREATE SCHEMA {} AUTHORIZATION {}`)
	u.User = url.UserPassword(name, name)
	q := u.Query()
	q.Set("search_path", name+",public")
	u.RawQuery = q.Encode()

	var log bytes.Buffer
	s, err := store.Open(t.Context(), u.String(), clocktest.At(start).Now, store.WithLog(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	ready, err := s.Searchable(t.Context())
	require.NoError(t, err)
	require.False(t, ready)
	require.Contains(t, log.String(), "CREATE EXTENSION pg_trgm")

	run(owner, `CREATE EXTENSION pg_trgm SCHEMA public`)
	require.NoError(t, s.Migrate(t.Context()))
	ready, err = s.Searchable(t.Context())
	require.NoError(t, err)
	require.True(t, ready)
}
