//go:build !noembedded

package embedded

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"
)

// counting counts the statements that its connections prepare.
type counting struct {
	driver.Connector
	prepared *int
}

func (c counting) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.New("not a connection of SQLite")
	}
	return &countingConn{sqliteConn: able, prepared: c.prepared}, nil
}

type countingConn struct {
	sqliteConn
	prepared *int
}

func (c *countingConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	*c.prepared++
	return c.sqliteConn.PrepareContext(ctx, text)
}

// keeping opens a file with a table t of the numbers 1, 2, 3 in its column n.
func keeping(t *testing.T) (db *sql.DB, prepared *int) {
	t.Helper()
	connector, err := sqlite.NewConnector("file:" + filepath.Join(t.TempDir(), "kept.db") + "?_pragma=journal_mode=wal")
	require.NoError(t, err)
	prepared = new(int)
	db = sql.OpenDB(keepingConnector{counting{connector, prepared}})
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for _, text := range []string{`CREATE TABLE t (n INTEGER PRIMARY KEY)`, `INSERT INTO t VALUES (1), (2), (3)`} {
		_, err := db.ExecContext(t.Context(), text)
		require.NoError(t, err)
	}
	*prepared = 0
	return db, prepared
}

func numbers(t *testing.T, rows *sql.Rows, err error) []int {
	t.Helper()
	require.NoError(t, err)
	defer rows.Close()
	out := []int{}
	for rows.Next() {
		var n int
		require.NoError(t, rows.Scan(&n))
		out = append(out, n)
	}
	require.NoError(t, rows.Err())
	return out
}

func TestATextIsPreparedOnce(t *testing.T) {
	t.Parallel()
	db, prepared := keeping(t)
	for n := range 10 {
		rows, err := db.QueryContext(t.Context(), `SELECT n FROM t WHERE n > ? ORDER BY n`, n)
		require.Len(t, numbers(t, rows, err), max(0, 3-n))
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		changed, err := tx.ExecContext(t.Context(), `UPDATE t SET n = n + 0 WHERE n <= ?`, n)
		require.NoError(t, err)
		count, err := changed.RowsAffected()
		require.NoError(t, err)
		require.EqualValues(t, min(n, 3), count)
		require.NoError(t, tx.Rollback())
	}
	require.Equal(t, 2, *prepared)
}

func TestATextRunsWhileItsRowsAreRead(t *testing.T) {
	t.Parallel()
	db, _ := keeping(t)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	const text = `SELECT n FROM t ORDER BY n`
	outer, err := tx.QueryContext(t.Context(), text)
	require.NoError(t, err)
	defer outer.Close()
	for want := 1; outer.Next(); want++ {
		var n int
		require.NoError(t, outer.Scan(&n))
		require.Equal(t, want, n)
		inner, err := tx.QueryContext(t.Context(), text)
		require.Equal(t, []int{1, 2, 3}, numbers(t, inner, err))
	}
	require.NoError(t, outer.Err())
	require.NoError(t, tx.Commit())
}

func TestNoMoreStatementsThanTheBoundAreKept(t *testing.T) {
	t.Parallel()
	db, _ := keeping(t)
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	for i := range 2 * keptStatements {
		rows, err := conn.QueryContext(t.Context(), fmt.Sprintf(`SELECT n + %d FROM t WHERE n = 1`, i))
		require.Equal(t, []int{i + 1}, numbers(t, rows, err))
	}
	require.NoError(t, conn.Raw(func(raw any) error {
		kept, ok := raw.(*keepingConn)
		require.True(t, ok)
		require.Len(t, kept.statements, keptStatements)
		return nil
	}))
}

func TestAKeptStatementSeesAnotherSchema(t *testing.T) {
	t.Parallel()
	db, _ := keeping(t)
	read := func() []string {
		rows, err := db.QueryContext(t.Context(), `SELECT * FROM t`)
		require.NoError(t, err)
		defer rows.Close()
		columns, err := rows.Columns()
		require.NoError(t, err)
		require.NoError(t, rows.Err())
		return columns
	}
	require.Equal(t, []string{"n"}, read())
	_, err := db.ExecContext(t.Context(), `ALTER TABLE t ADD COLUMN m TEXT`)
	require.NoError(t, err)
	require.Equal(t, []string{"n", "m"}, read())
}

func TestTheEndOfAContextInterruptsAQuery(t *testing.T) {
	t.Parallel()
	db, _ := keeping(t)
	const endless = `WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c WHERE x < ?`
	for range 2 { // the second time, the statement is not new
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		err := db.QueryRowContext(ctx, endless, 0).Scan(new(int))
		require.ErrorIs(t, err, context.Canceled)
	}
	rows, err := db.QueryContext(t.Context(), `SELECT n FROM t`)
	require.Len(t, numbers(t, rows, err), 3)
}

func TestAWriteThatFailsLeavesItsStatementUsable(t *testing.T) {
	t.Parallel()
	db, _ := keeping(t)
	const insert = `INSERT INTO t VALUES (?)`
	_, err := db.ExecContext(t.Context(), insert, 1)
	require.Error(t, err)
	_, err = db.ExecContext(t.Context(), insert, 4)
	require.NoError(t, err)
}

func TestTheServersFilesKeepStatementsAndAreSynced(t *testing.T) {
	t.Parallel()
	s, err := openStores(t.Context(), Options{Folder: t.TempDir()})
	require.NoError(t, err)
	for store, synchronous := range map[string]int{s.files[0]: 2, s.files[1]: 0} {
		conf := s.histories
		if store == s.files[1] {
			conf = s.index
		}
		pool, err := sharedPool(conf)
		require.NoError(t, err)
		require.IsType(t, keepingDriver{}, pool.Driver())
		require.Equal(t, 1, pool.Stats().MaxOpenConnections)
		var level int
		var journal string
		require.NoError(t, pool.QueryRow(`PRAGMA synchronous`).Scan(&level))
		require.NoError(t, pool.QueryRow(`PRAGMA journal_mode`).Scan(&journal))
		require.Equal(t, synchronous, level)
		require.Equal(t, "wal", journal)
		same := pool.DB
		require.NoError(t, keepStatements(conf)) // as a second server of the process does
		require.Same(t, same, pool.DB)
	}
}
