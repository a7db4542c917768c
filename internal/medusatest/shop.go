package medusatest

import (
	"crypto/rand"
	"database/sql"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/everlatch/everlatch/internal/store/storetest"
)

var (
	//go:embed testdata/shop.sql
	dump string
	//go:embed testdata/shop.sql.json
	known []byte
)

// Shop is what the database does not tell.
type Shop struct {
	// URL is that of the database.
	URL string `json:"-"`
	// DB changes it.
	DB *sql.DB `json:"-"`
	// Password is everybody's.
	Password string `json:"password"`
	// FactorKey is auth.mfa.encryption_key, and TOTPSecret the secret of bob@example.com.
	FactorKey  string `json:"factor_key"`
	TOTPSecret string `json:"totp_secret"`
	// SecretKey and PublishableKey are API keys; SpentKey is a revoked secret one.
	SecretKey      string `json:"secret_key"`
	SpentKey       string `json:"spent_key"`
	PublishableKey string `json:"publishable_key"`
	// Ada is the id of the customer ada@example.com.
	Ada string `json:"ada"`
}

// Open puts the shop into a schema of the test's own. Without a PostgreSQL server the test
// is skipped, and fails in CI.
func Open(tb testing.TB) Shop {
	tb.Helper()
	demandPostgres(tb)
	return fill(tb, storetest.PostgresURL(tb))
}

// OpenDenied is [Open] in a database of the test's own, whose URL is that of a user who may
// read its tables and not execute pg_control_system().
func OpenDenied(tb testing.TB) Shop {
	tb.Helper()
	demandPostgres(tb)
	server := os.Getenv(storetest.PostgresVariable)
	database := storetest.PostgresDatabase(tb, "")
	s := fill(tb, database.String())
	role, password := "test_"+strings.ToLower(rand.Text()), rand.Text()
	storetest.OnPostgres(tb, server, "CREATE ROLE "+role+" LOGIN PASSWORD '"+password+"'")
	tb.Cleanup(func() {
		storetest.OnPostgres(tb, database.String(), "DROP OWNED BY "+role)
		storetest.OnPostgres(tb, server, "DROP ROLE "+role)
	})
	for _, statement := range []string{
		"REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
		"GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role,
		"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO " + role, // of tests
	} {
		storetest.OnPostgres(tb, database.String(), statement)
	}
	reader := *database
	reader.User = url.UserPassword(role, password)
	s.URL = reader.String()
	return s
}

func demandPostgres(tb testing.TB) {
	tb.Helper()
	if storetest.HasPostgres() {
		return
	}
	needs := "needs PostgreSQL; set " + storetest.PostgresVariable
	if os.Getenv("CI") == "true" {
		tb.Fatal(tb.Name(), needs)
	}
	_, _ = fmt.Fprintln(os.Stderr, "*** SKIPPED: "+tb.Name()+" "+needs+".")
	tb.Skip(needs)
}

func fill(tb testing.TB, server string) Shop {
	tb.Helper()
	s := Shop{URL: server}
	if err := json.Unmarshal(known, &s); err != nil {
		tb.Fatalf("read what is known of the shop: %v", err)
	}
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("read the URL of the server: %v", err)
	}
	q := u.Query()
	q.Set("default_query_exec_mode", "simple_protocol") // many statements at once
	u.RawQuery = q.Encode()
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		tb.Fatalf("open the shop: %v", err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(tb.Context(), strings.ReplaceAll(dump, "public.", "")); err != nil {
		tb.Fatalf("fill the shop: %v", err)
	}
	s.DB = db
	return s
}
