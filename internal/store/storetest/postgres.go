package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// PostgresVariable names the PostgreSQL server on which tests run beside SQLite.
const PostgresVariable = "TEST_POSTGRES_URL"

// HasPostgres reports whether there is such a server.
func HasPostgres() bool { return os.Getenv(PostgresVariable) != "" }

// PostgresURL returns the URL of an empty schema, without tables, on the server of
// [PostgresVariable]. It is dropped after the test.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv(PostgresVariable)
	db, err := sql.Open("pgx", server)
	if err != nil {
		tb.Fatalf("open PostgreSQL: %v", err)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(tb.Context(), `CREATE SCHEMA `+schema); err != nil {
		tb.Fatalf("create a schema: %v", err)
	}
	tb.Cleanup(func() {
		if _, err := db.Exec(`DROP SCHEMA ` + schema + ` CASCADE`); err != nil { //nolint:noctx // the test's context has ended
			tb.Errorf("drop the schema: %v", err)
		}
		_ = db.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("%s: %v", PostgresVariable, err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// PostgresDatabase makes a database on that server, which is dropped after the test, for what a
// schema is not enough, and returns its URL. with follows CREATE DATABASE name.
func PostgresDatabase(tb testing.TB, with string) *url.URL {
	tb.Helper()
	u, err := url.Parse(os.Getenv(PostgresVariable))
	if err != nil {
		tb.Fatalf("%s: %v", PostgresVariable, err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	OnPostgres(tb, u.String(), "CREATE DATABASE "+name+" "+with)
	tb.Cleanup(func() { OnPostgres(tb, os.Getenv(PostgresVariable), "DROP DATABASE "+name+" WITH (FORCE)") })
	u.Path = "/" + name
	return u
}

// OnPostgres runs one statement in a database.
func OnPostgres(tb testing.TB, url, statement string) {
	tb.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		tb.Fatalf("open PostgreSQL: %v", err)
	}
	defer func() { _ = db.Close() }()
	// Also after the test, whose context has ended then.
	if _, err := db.ExecContext(context.WithoutCancel(tb.Context()), statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}
