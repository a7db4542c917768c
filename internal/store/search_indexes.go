package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// searchIndex makes "part of a column, in any case" quick on PostgreSQL, for lists
// that grow with the number of end users. Its columns are those of [conditions.contains].
type searchIndex struct {
	name, table string
	columns     []string
}

var searchIndexes = []searchIndex{
	{"customer_search", "customer", []string{"company_name", "first_name", "last_name", "email", "phone"}},
	{"provider_identity_search", "provider_identity", []string{"entity_id", "entity_key", "verified_email"}},
	{"actor_value_search", "actor_value", []string{"value"}},
}

// indexSearches makes the search indexes that are missing, beside writers. They need the
// extension pg_trgm: without it, and where the role may not create it, a search
// reads every row, and the log says so. The next [Store.Migrate] tries again.
func (s *Store) indexSearches(ctx context.Context) error {
	schema, err := s.trigramSchema(ctx)
	if err != nil {
		return err
	}
	if schema == "" {
		s.options.log.WarnContext(ctx, "searches read every row: the extension pg_trgm is missing",
			"mend", "CREATE EXTENSION pg_trgm as a superuser, then everlatch migrate up")
		return nil
	}
	for _, index := range searchIndexes {
		if err := s.indexSearch(ctx, index, schema); err != nil {
			return err
		}
	}
	return nil
}

// trigramSchema returns the quoted schema of the extension pg_trgm, and creates the
// extension if it can. The schema is public where there is one, so that the extension
// does not go with a schema of ours. "" is without the extension.
func (s *Store) trigramSchema(ctx context.Context) (string, error) {
	schema, err := s.foundTrigrams(ctx)
	if schema != "" || err != nil {
		return schema, err
	}
	const create = `CREATE EXTENSION IF NOT EXISTS pg_trgm`
	if _, failed := s.writes.db.ExecContext(ctx, create+` SCHEMA public`); failed != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		// It may be another installation in this database that was quicker.
		_, _ = s.writes.db.ExecContext(ctx, create)
	}
	return s.foundTrigrams(ctx)
}

func (s *Store) foundTrigrams(ctx context.Context) (schema string, err error) {
	err = s.writes.db.QueryRowContext(ctx, `SELECT quote_ident(n.nspname)
		FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm'`).Scan(&schema)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return schema, err
}

// indexState is how far an index is.
type indexState int

const (
	indexMissing indexState = iota
	// indexBroken is one whose creation was interrupted. It costs writes and helps no read.
	indexBroken
	indexReady
)

func (s *Store) searchIndexState(ctx context.Context, name string) (indexState, error) {
	valid := false
	err := s.writes.db.QueryRowContext(ctx, `SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass($1)`, name).Scan(&valid)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return indexMissing, nil
	case err != nil || !valid:
		return indexBroken, err
	default:
		return indexReady, nil
	}
}

// MissingSearchIndexes names the indexes for searches that are missing or were interrupted
// while they were made: a search for a person then reads every row. SQLite needs none.
func (s *Store) MissingSearchIndexes(ctx context.Context) ([]string, error) {
	if !s.onPostgres() {
		return nil, nil
	}
	var out []string
	for _, index := range searchIndexes {
		state, err := s.searchIndexState(ctx, index.name)
		if err != nil {
			return nil, s.fail(ctx, "look for search indexes", err)
		}
		if state != indexReady {
			out = append(out, index.name)
		}
	}
	return out, nil
}

func (s *Store) indexSearch(ctx context.Context, index searchIndex, schema string) error {
	state, err := s.searchIndexState(ctx, index.name)
	if err != nil || state == indexReady {
		return err
	}
	if state == indexBroken {
		if _, err := s.writes.db.ExecContext(ctx, `DROP INDEX IF EXISTS `+index.name); err != nil {
			return err
		}
	}
	// A table without rows needs no care for writers, and each concurrent creation
	// waits for every transaction in the database.
	rows, concurrently := false, ""
	if err := s.writes.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+index.table+`)`).Scan(&rows); err != nil {
		return err
	}
	if rows {
		concurrently = "CONCURRENTLY "
		s.options.log.InfoContext(ctx, "an index for searches is made", "index", index.name)
	}
	columns := make([]string, len(index.columns))
	for i, column := range index.columns {
		columns[i] = fmt.Sprintf("LOWER(%s) %s.gin_trgm_ops", column, schema)
	}
	_, err = s.writes.db.ExecContext(ctx, `CREATE INDEX `+concurrently+index.name+` ON `+index.table+
		` USING gin (`+strings.Join(columns, ", ")+`)`)
	return err
}
