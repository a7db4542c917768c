package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migration is one step of the schema. There are no down migrations: to undo a
// release, restore a backup or add a step.
type Migration struct {
	Version int64
	Name    string // "00001_identities.sql"
	// AppliedAt is the zero time while the step is pending.
	AppliedAt time.Time
}

// Migrate brings the schema up to date. Several processes may call it at once:
// one works, the others wait for it, see [WithMigrationWait]. Applied steps are
// skipped.
func (s *Store) Migrate(ctx context.Context) error {
	return s.fail(ctx, "migrate", s.migrate(ctx))
}

func (s *Store) migrate(ctx context.Context) error {
	provider, err := s.migrator()
	if err != nil {
		return err
	}
	if s.onPostgres() {
		lock, err := s.lockMigrations(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = lock.Rollback() }() // it changed nothing
	}
	if _, err = provider.Up(ctx); err != nil || !s.onPostgres() {
		return err
	}
	return s.indexSearches(ctx)
}

// MigrationStatus lists all steps in order, applied or pending.
func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) {
	provider, err := s.migrator()
	if err != nil {
		return nil, s.fail(ctx, "read migrations", err)
	}
	status, err := provider.Status(ctx)
	if err != nil {
		return nil, s.fail(ctx, "read migrations", err)
	}
	out := make([]Migration, 0, len(status))
	for _, m := range status {
		step := Migration{Version: m.Source.Version, Name: path.Base(m.Source.Path)}
		if m.State == goose.StateApplied {
			step.AppliedAt = m.AppliedAt.UTC()
		}
		out = append(out, step)
	}
	return out, nil
}

// Pending returns how many steps [Store.Migrate] would apply. A process that
// finds any should not serve.
func (s *Store) Pending(ctx context.Context) (int, error) {
	status, err := s.MigrationStatus(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, m := range status {
		if m.AppliedAt.IsZero() {
			n++
		}
	}
	return n, nil
}

func (s *Store) migrator() (*goose.Provider, error) {
	steps, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("embedded migrations: %w", err)
	}
	options := []goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true),
		goose.WithTableName("everlatch_migration"),
	}
	return goose.NewProvider(s.dialect, s.writes.db, steps, options...)
}
