package medusatest

import (
	"database/sql"
	_ "embed"
	"encoding/json"
	"fmt"
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
	if !storetest.HasPostgres() {
		needs := "needs PostgreSQL; set " + storetest.PostgresVariable
		if os.Getenv("CI") == "true" {
			tb.Fatal(tb.Name(), needs)
		}
		_, _ = fmt.Fprintln(os.Stderr, "*** SKIPPED: "+tb.Name()+" "+needs+".")
		tb.Skip(needs)
	}
	s := Shop{URL: storetest.PostgresURL(tb)}
	if err := json.Unmarshal(known, &s); err != nil {
		tb.Fatalf("read what is known of the shop: %v", err)
	}
	db, err := sql.Open("pgx", s.URL+"&default_query_exec_mode=simple_protocol") // many statements at once
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
