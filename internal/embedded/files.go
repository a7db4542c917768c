//go:build !noembedded

package embedded

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	schema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// stores are the two databases of a server.
type stores struct {
	// histories is what must not be lost.
	histories *config.SQL
	// index is what the UI lists; it is never rebuilt, and holds no state of its own.
	index *config.SQL
	// files are the paths of both; empty for a server in memory.
	files []string
}

// openStores names the databases of o and creates the schema of those that are
// new.
func openStores(ctx context.Context, o Options) (stores, error) {
	if o.Folder == "" {
		name := rand.Text() // every server in memory has a memory of its own
		return stores{
			histories: inMemory("histories-" + name),
			index:     inMemory("index-" + name),
		}, nil
	}
	folder, err := filepath.Abs(o.Folder)
	if err != nil {
		return stores{}, fmt.Errorf("find folder of the Temporal server: %w", err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return stores{}, fmt.Errorf("create folder of the Temporal server: %w", err)
	}
	s := stores{files: []string{
		filepath.Join(folder, "histories.db"),
		filepath.Join(folder, "index.db"),
	}}
	// FULL syncs every commit, so that an answered request is on disk. OFF for
	// the index costs nothing that a person would miss and is worth half again
	// as many requests per second.
	s.histories = onDisk(s.files[0], "2")
	s.index = onDisk(s.files[1], "0")
	for _, file := range s.files {
		if err := createSchema(ctx, file); err != nil {
			return stores{}, err
		}
	}
	return s, errors.Join(keepStatements(s.histories), keepStatements(s.index))
}

func inMemory(name string) *config.SQL {
	return &config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      name,
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

func onDisk(file, synchronous string) *config.SQL {
	return &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: (&url.URL{Path: file}).EscapedPath(), // the name becomes part of a URI
		ConnectAttributes: map[string]string{
			"mode": "rwc", "journal_mode": "wal", "synchronous": synchronous,
		},
	}
}

// keepToOwner makes a file that only its owner may read, also one that an earlier
// version has made: histories hold what users sent. SQLite gives its log files the
// mode of the file.
func keepToOwner(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return fmt.Errorf("create %s: %w", file, err)
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// createSchema sets an empty file up in one transaction, so that a process that
// dies in its first second leaves no half of a schema behind.
func createSchema(ctx context.Context, file string) (err error) {
	if err := keepToOwner(file); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?_txlock=immediate&_pragma=journal_mode(wal)&_pragma=busy_timeout(5000)")
	if err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	defer func() { _ = tx.Rollback() }()
	var tables int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	if tables > 0 {
		return nil
	}
	if err := schema.SetupSchemaOnDB(schemaWriter{ctx: ctx, tx: tx}); err != nil {
		return fmt.Errorf("create schema of %s: %w", file, err)
	}
	if err := dropIdleIndexes(ctx, tx); err != nil {
		return fmt.Errorf("create schema of %s: %w", file, err)
	}
	return tx.Commit()
}

// dropIdleIndexes leaves the list of executions with the indexes that its UI
// and our own lists use. The schema has some fifty more, one for each search
// attribute that there could be, and each costs every sign-in a write. A list
// by another attribute reads a day of rows instead, in one process on one
// machine.
func dropIdleIndexes(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT name FROM sqlite_master
		WHERE type = 'index' AND tbl_name = 'executions_visibility' AND name LIKE 'by\_%' ESCAPE '\'
		AND name NOT IN ('by_workflow_id', 'by_workflow_type', 'by_status')`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var drops []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		drops = append(drops, `DROP INDEX "`+name+`"`)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, drop := range drops {
		if _, err := tx.ExecContext(ctx, drop); err != nil {
			return err
		}
	}
	return nil
}

// schemaWriter is as much of Temporal's database as setting a schema up needs.
type schemaWriter struct {
	sqlplugin.AdminDB

	ctx context.Context //nolint:containedctx // Exec of the interface has none, and the value lives for one call
	tx  *sql.Tx
}

// Exec implements the one method that the set-up calls.
func (w schemaWriter) Exec(stmt string, args ...any) error {
	_, err := w.tx.ExecContext(w.ctx, stmt, args...)
	return err
}

// createNamespace makes sure that the namespace exists before the server reads
// the namespaces at its start. One that is changed later is read seconds later, and
// what ends until then is kept for as long as before.
func (s stores) createNamespace(o Options) error {
	ns, err := schema.NewNamespaceConfig(clusterName, o.Namespace, false, o.SearchAttributes)
	if err != nil {
		return fmt.Errorf("describe namespace %q: %w", o.Namespace, err)
	}
	ns.Detail.Config.Retention = durationpb.New(o.Retention)
	if err := schema.CreateNamespaces(s.histories, ns); err != nil {
		return fmt.Errorf("create namespace %q: %w", o.Namespace, err)
	}
	return nil
}

// flush copies what the write-ahead logs hold into the database files. The
// server keeps its connections until the process ends, so SQLite would not do
// it by itself.
func (s stores) flush(ctx context.Context) error {
	var problems []error
	for _, file := range s.files {
		problems = append(problems, flushFile(ctx, file))
	}
	return errors.Join(problems...)
}

func flushFile(ctx context.Context, file string) (err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=rw&_pragma=busy_timeout(5000)")
	if err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("flush %s: %w", file, err)
	}
	return nil
}

// dataStores returns the configuration of the persistence layer.
func (s stores) dataStores() map[string]config.DataStore {
	return map[string]config.DataStore{
		storeHistories: {SQL: s.histories},
		storeIndex:     {SQL: s.index},
	}
}
