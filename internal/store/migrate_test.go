package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func TestMigrate(t *testing.T) {
	t.Parallel()

	// openEmpty opens a store beside a fixture's, on a database without tables.
	openEmpty := func(t *testing.T, f fixture) *store.Store {
		t.Helper()
		url := "sqlite://" + t.TempDir() + "/everlatch.db"
		if strings.HasPrefix(f.url, "postgres") {
			url = postgresURL(t)
		}
		s, err := store.Open(t.Context(), url, f.clock.Now)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	files, err := os.ReadDir("migrations")
	require.NoError(t, err)

	t.Run("status tells what is pending and what is applied", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			s := openEmpty(t, f)
			pending, err := s.Pending(t.Context())
			require.NoError(t, err)
			require.Equal(t, len(files), pending)

			require.NoError(t, s.Migrate(t.Context()))
			require.NoError(t, s.Migrate(t.Context()), "twice")

			pending, err = s.Pending(t.Context())
			require.NoError(t, err)
			require.Zero(t, pending)
			status, err := s.MigrationStatus(t.Context())
			require.NoError(t, err)
			require.Len(t, status, len(files))
			for i, m := range status {
				require.Equal(t, files[i].Name(), m.Name)
				require.Equal(t, files[i].Name()[:5], fmt.Sprintf("%05d", m.Version))
				require.False(t, m.AppliedAt.IsZero())
			}
		})
	})
	t.Run("several processes at once migrate once", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			if !strings.HasPrefix(f.url, "postgres") {
				t.Skip("SQLite is for one process")
			}
			url := postgresURL(t)
			stores := make([]*store.Store, 5)
			for i := range stores {
				s, err := store.Open(t.Context(), url, f.clock.Now)
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, s.Close()) })
				stores[i] = s
			}
			errs := storetest.InParallel(t.Context(), len(stores), func(ctx context.Context, i int) error {
				return stores[i].Migrate(ctx)
			})
			require.NoError(t, errors.Join(errs...))
		})
	})
	t.Run("reads wait for nothing that is missing", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			s := openEmpty(t, f)
			_, err := s.Customer(t.Context(), "cus_1")
			require.Error(t, err, "there is no table yet")
			require.NoError(t, s.Migrate(t.Context()))
			_, err = s.Customer(t.Context(), "cus_1")
			requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "Customer", "id", "cus_1")
		})
	})
}

// Migrations are numbered in order and have no down step.
func TestMigrationFiles(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("migrations")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		require.Regexp(t, `^\d{5}_[a-z_]+\.sql$`, file.Name())
		text, err := os.ReadFile("migrations/" + file.Name())
		require.NoError(t, err)
		require.Contains(t, string(text), "-- +goose Up")
		require.NotContains(t, string(text), "-- +goose Down")
	}
}

// docs/weak-spots.md#w4: the search for orphans reads only orphans, however many identities exist.
func TestOrphansAreFoundByIndex(t *testing.T) {
	t.Parallel()
	f := open(t, "sqlite://:memory:")
	rows, err := f.DB().QueryContext(t.Context(), `EXPLAIN QUERY PLAN
		SELECT o.id FROM auth_identity o
		WHERE o.linked = FALSE AND o.deleted_at IS NULL AND o.last_used_at < $1 ORDER BY o.last_used_at LIMIT 10`, start)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var a, b, c int
		var plan string
		require.NoError(t, rows.Scan(&a, &b, &c, &plan))
		require.Contains(t, plan, "auth_identity_orphan")
	}
	require.NoError(t, rows.Err())
}
