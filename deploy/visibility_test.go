package deploy_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/server/schema"
)

// TestVisibilityIndexes applies the recipe, twice, to the list of Temporal's schema: every
// index keeps its name, few hold a sign-in, and a search by each attribute has its index.
func TestVisibilityIndexes(t *testing.T) {
	t.Parallel()
	url := os.Getenv("TEST_POSTGRES_URL")
	if url == "" {
		t.Skip("TEST_POSTGRES_URL names a PostgreSQL server for tests")
	}
	db, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = db.Close(t.Context()) }()
	script, err := fs.ReadFile(schema.Assets(), "postgresql/v12/visibility/schema.sql")
	require.NoError(t, err)
	recipe, err := os.ReadFile("temporal-visibility.sql")
	require.NoError(t, err)
	tx, err := db.Begin(t.Context()) // nothing is left behind
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	space := fmt.Sprintf("visibility_%d", os.Getpid())
	_, err = tx.Exec(t.Context(), "CREATE SCHEMA "+space+"; SET LOCAL search_path = "+space+", public;"+
		"CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;"+string(script))
	require.NoError(t, err)

	before := visibilityIndexes(t, tx)
	for range 2 {
		_, err = tx.Exec(t.Context(), string(recipe))
		require.NoError(t, err)
	}
	after := visibilityIndexes(t, tx)
	require.Len(t, after, len(before))
	var full []string
	for name, definition := range after {
		require.Contains(t, before, name)
		_, condition, partial := strings.Cut(definition, " WHERE ")
		switch {
		case !partial:
			full = append(full, name)
		case condition != "false":
			require.Regexp(t, `^\(\w+ IS NOT NULL\)$`, condition)
		}
	}
	require.ElementsMatch(t, []string{"executions_visibility_pkey", "default_idx", "by_workflow_id", "by_workflow_type", "by_status"}, full)

	_, err = tx.Exec(t.Context(), "SET LOCAL enable_seqscan = off")
	require.NoError(t, err)
	rows, err := tx.Query(t.Context(), "EXPLAIN SELECT run_id FROM executions_visibility WHERE namespace_id = 'n' AND Keyword03 = 'authid_1'")
	require.NoError(t, err)
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, strings.Join(plan, "\n"), "by_keyword_03")
}

// visibilityIndexes are the definitions by name.
func visibilityIndexes(t *testing.T, tx pgx.Tx) map[string]string {
	t.Helper()
	rows, err := tx.Query(t.Context(), "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'executions_visibility' AND schemaname = current_schema()")
	require.NoError(t, err)
	out := map[string]string{}
	var name, definition string
	_, err = pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		out[name] = definition
		return nil
	})
	require.NoError(t, err)
	return out
}
