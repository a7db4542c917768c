//go:build !noembedded

package embedded_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/embedded"
)

// TestIdleIndexesAreLeftOut counts the indexes that each finished workflow has to
// be written into: those that lists use, and no other.
func TestIdleIndexesAreLeftOut(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	start(t, embedded.Options{Folder: folder})

	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "index.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master
		WHERE type = 'index' AND tbl_name = 'executions_visibility' AND sql IS NOT NULL ORDER BY name`)
	require.NoError(t, err)
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	require.Equal(t, []string{"by_status", "by_workflow_id", "by_workflow_type", "default_idx"}, names)
}
