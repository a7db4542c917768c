package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// memory is the path of a private in-memory database.
const memory = ":memory:"

// openSQLite opens the path of a sqlite:// URL.
func openSQLite(ctx context.Context, path string) (*Store, error) {
	if path == memory {
		return openMemory(ctx)
	}
	path, err := sqlitePath(path)
	if err != nil {
		return nil, err
	}
	// FULL: a commit that was acknowledged survives the loss of power.
	return openSQLiteFile(ctx, path, "FULL")
}

// openMemory puts the database into a temporary file without syncing. SQLite's
// shared in-memory databases have table locks instead of a write-ahead log:
// there readers fail while another connection writes. The operating system
// keeps a file of this size in memory anyway.
func openMemory(ctx context.Context) (*Store, error) {
	dir, err := os.MkdirTemp("", "everlatch-")
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := openSQLiteFile(ctx, filepath.Join(dir, "everlatch.db"), "OFF")
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.remove = func() error { return os.RemoveAll(dir) }
	return s, nil
}

// sqlitePath decodes what follows sqlite://. A path with an invalid percent
// escape is used literally.
func sqlitePath(path string) (string, error) {
	if strings.ContainsAny(path, "?#") { // in a name they are escaped
		return "", errors.New("open store: the SQLite URL must be sqlite:// and a path, without parameters")
	}
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	if path == "" || strings.ContainsRune(path, 0) {
		return "", errors.New("open store: the SQLite URL must be sqlite:// and a path, without parameters")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("open store: %w", err)
	}
	return path, nil
}

func openSQLiteFile(ctx context.Context, path, synchronous string) (*Store, error) {
	// Created here, because SQLite would make it readable for every user of the machine.
	// Its log files take over the mode.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, unavailable("open store", err)
	}
	if err := errors.Join(file.Close(), addMatches()); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	writer, err := sql.Open("sqlite", sqliteDSN(path, "synchronous("+synchronous+")"))
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", sqliteDSN(path, "query_only(1)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), writer.Close())
	}
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)

	s := &Store{writes: newPool(writer, true), reads: newPool(reader, true), dialect: goose.DialectSQLite3, syncs: synchronous == "FULL"}
	// The writer opens first: only it may switch a new file to WAL mode.
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(s.fail(ctx, "open store", err), s.Close())
	}
	return s, nil
}

// sqliteDSN adds the settings that both pools need. Times are written as text
// in chronological order.
func sqliteDSN(path string, pragmas ...string) string {
	q := url.Values{"_txlock": {"immediate"}, "_time_format": {"sqlite"}}
	q["_pragma"] = append([]string{
		"busy_timeout(5000)", "journal_mode(WAL)", "foreign_keys(1)", "temp_store(MEMORY)", "cache_size(-8000)",
	}, pragmas...)
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}
