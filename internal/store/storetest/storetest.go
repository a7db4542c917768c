package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/everlatch/everlatch/internal/store"
)

// migrated is a SQLite file with all tables and no rows. Under the race
// detector creating one takes more than a second, and some packages need
// hundreds.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "everlatch-storetest")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "store.db")
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite://"+path, time.Now) //nolint:forbidigo // no test sees a time of the template
	if err != nil {
		return nil, err
	}
	// Closing the last connection writes everything into the one file.
	if err := errors.Join(s.Migrate(ctx), s.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // the path is ours
})

// URL returns the URL of an empty, up-to-date SQLite database for one test. It
// is deleted after the test.
func URL(tb testing.TB) string {
	tb.Helper()
	file, err := migrated()
	if err != nil {
		tb.Fatalf("migrate the template: %v", err)
	}
	path := filepath.Join(tb.TempDir(), "store.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		tb.Fatalf("copy the template: %v", err)
	}
	return "sqlite://" + path
}

// Open returns a store over [URL], closed after the test.
func Open(tb testing.TB, now func() time.Time) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), URL(tb), now)
	if err != nil {
		tb.Fatalf("open the store: %v", err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}
