//go:build !noembedded

package embedded_test

import (
	"database/sql"
	"os"
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
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, []string{"by_status", "by_workflow_id", "by_workflow_type", "default_idx"}, names)
}

// TestFilesAreTheirOwners: histories hold what users sent. A folder may have any
// name, and files of an earlier version get the mode too.
func TestFilesAreTheirOwners(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "what? #1 100%")
	require.NoError(t, os.Mkdir(folder, 0o700))
	for _, name := range []string{"histories.db", "index.db"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), nil, 0o644)) // as an earlier version made it
	}
	start(t, embedded.Options{Folder: folder})

	files, err := filepath.Glob(filepath.Join(folder, "*.db*"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 2)
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
}
