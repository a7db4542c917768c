package medusa

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/everlatch/everlatch/internal/imports"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/internal/vault"
)

// Options say how records are read.
type Options struct {
	// FactorKey is the auth.mfa.encryption_key of the Medusa installation.
	FactorKey vault.Secret
	// LeaveOutFactors imports an identity without a second factor that cannot be moved.
	// Otherwise the identity is refused: a password alone would sign it in.
	LeaveOutFactors bool
	// Imported are the records that were imported from an origin
	// ([store.Store.OriginRecords]). Without it, what Medusa has deleted without a trace
	// stays.
	Imported func(ctx context.Context, origin, typ, after string, limit int) ([]store.OriginRecord, error)
	// MaxRemoved is how many percent of the records of a type may be deleted at once without a
	// trace. More are left as they are, and reported: it may be another database, or a
	// backup that lost them. 20 may always be deleted, unless it is 0.
	MaxRemoved int
}

// Source is the database of a Medusa installation.
type Source struct {
	config  *pgx.ConnConfig
	options Options
	// origin names the database: a copy of it that was restored elsewhere is another. It is
	// empty where its user may see nothing by which to know it again.
	origin string
	// tables are those that exist.
	tables map[string]bool
}

// required are the tables without which a database is not that of Medusa 2.
var required = []string{"auth_identity", "provider_identity", "customer", "customer_address", "customer_group", "customer_group_customer", "user", "invite", "api_key"}

// optional are tables of later versions or of features that can be off.
var optional = []string{"auth_mfa_factor", "auth_mfa_recovery_code", "auth_verification", "rbac_role", "rbac_policy", "rbac_role_policy", "rbac_role_parent", "user_rbac_role", "invite_rbac_role"}

// Open looks at the database at a URL, whose password no error quotes. PGPASSWORD, a
// password file and a service file count as for psql.
func Open(ctx context.Context, url string, o Options) (*Source, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("--from is not the URL of a PostgreSQL database: postgres://user@host/database is expected") // the cause may quote it
	}
	// It works through every pooler, and keeps nothing in the server.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	s := &Source{config: config, options: o, tables: map[string]bool{}}
	return s, s.look(ctx)
}

// How a database is known again. PostgreSQL has a number for each of its servers, which a user
// may be denied. Then it is known by the numbers of its tables, which are others where a dump
// was restored, and by when Medusa made the first of them, in case that two servers count
// alike.
const (
	mayAskOrigin = `SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')`
	selectOrigin = `SELECT concat_ws('/', 'medusa', (SELECT system_identifier FROM pg_control_system()), ` + schemaNumbers + `)`

	mayReadMigrations = `SELECT COALESCE(has_table_privilege(to_regclass('mikro_orm_migrations'), 'SELECT'), FALSE)`
	selectTables      = `SELECT concat_ws('/', 'medusa', 'tables', ` + schemaNumbers + `,
		(SELECT string_agg(to_regclass(quote_ident(t))::oid::text, '.' ORDER BY t) FROM unnest($1::text[]) t), extract(epoch FROM MIN(executed_at)))
		FROM mikro_orm_migrations HAVING COUNT(*) > 0`

	schemaNumbers = `(SELECT oid FROM pg_database WHERE datname = current_database()), (SELECT oid FROM pg_namespace WHERE nspname = current_schema())`
)

// look finds out which database it is, and which tables there are.
func (s *Source) look(ctx context.Context) error {
	return s.atOnce(ctx, func(tx pgx.Tx, _ time.Time) error {
		var missing []string
		for i, name := range append(append([]string{}, required...), optional...) {
			var found bool
			if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", `"`+name+`"`).Scan(&found); err != nil {
				return err
			}
			if s.tables[name] = found; !found && i < len(required) {
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			return fmt.Errorf("the database is not that of Medusa 2, or its tables are in another schema (add ?search_path=… to the URL): it has no %s", strings.Join(missing, ", "))
		}
		return s.recognize(ctx, tx)
	})
}

// recognize sets the origin, if the user has the right to see by what the database is known.
func (s *Source) recognize(ctx context.Context, tx pgx.Tx) error {
	for _, way := range []struct {
		may, query string
		args       []any
	}{{mayAskOrigin, selectOrigin, nil}, {mayReadMigrations, selectTables, []any{required}}} {
		var may bool
		err := tx.QueryRow(ctx, way.may).Scan(&may)
		if err == nil && may {
			err = tx.QueryRow(ctx, way.query, way.args...).Scan(&s.origin)
		}
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if s.origin != "" {
			return nil
		}
	}
	return nil
}

// Warning says that what Medusa deletes without a trace is not found, and what the user of
// its database lacks for that; "" where it is found.
func (s *Source) Warning() string {
	if s.origin != "" {
		return ""
	}
	return fmt.Sprintf(transfer.DatabaseUnknown, pgx.Identifier{s.config.User}.Sanitize())
}

// has reports that all of some tables exist.
func (s *Source) has(tables ...string) bool {
	for _, name := range tables {
		if !s.tables[name] {
			return false
		}
	}
	return true
}

// atOnce calls read with a transaction that sees one point in time and can write nothing,
// and with that time by the source's clock.
func (s *Source) atOnce(ctx context.Context, read func(tx pgx.Tx, at time.Time) error) error {
	conn, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return fmt.Errorf("connect to Medusa's database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err == nil {
		var at time.Time
		if err = tx.QueryRow(ctx, "SELECT now()").Scan(&at); err == nil {
			err = read(tx, at)
		}
	}
	if err != nil {
		return fmt.Errorf("read Medusa's database: %w", err)
	}
	return nil
}

// All reads every record, removals included, so that what was imported earlier and has
// been removed there since is removed here.
func (s *Source) All(ctx context.Context) imports.Units {
	return s.units(ctx, func(r *reader) error {
		if err := r.vanished(r.each); err != nil {
			return err
		}
		return r.all(time.Time{})
	})
}

// errStop ends a pass when its caller stops.
var errStop = errors.New("stop")

// units are what a pass yields.
func (s *Source) units(ctx context.Context, pass func(*reader) error) imports.Units {
	return func(yield func(transfer.Unit, error) bool) {
		err := s.atOnce(ctx, func(tx pgx.Tx, at time.Time) error {
			return pass(&reader{Source: s, ctx: ctx, tx: tx, at: at, each: func(_ *kind, _ string, u transfer.Unit) error {
				u.Origin = s.origin
				if !yield(u, nil) {
					return errStop
				}
				return nil
			}})
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(transfer.Unit{}, err)
		}
	}
}
