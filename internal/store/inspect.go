package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Inspection is what a database says about itself, for operators. Fields that SQLite has no
// word for are zero there.
type Inspection struct {
	// Engine is "PostgreSQL" or "SQLite", Version as the engine writes it, such as "16.4",
	// and Major its first number.
	Engine, Version string
	Major           int
	// Encoding is that of the database, such as "UTF8". Unfit is an [UnfitError] when
	// encoding or isolation keep Everlatch from using it.
	Encoding string
	Unfit    error
	// Pooled says that a pooler such as pgbouncer stands in between.
	Pooled bool
	// Role is the role of the connection, Superuser whether it can do everything.
	Role      string
	Superuser bool
	// ReadOnly says that transactions can't write: on a standby, or by a setting.
	ReadOnly bool
	// Remote and Encrypted are about the connection: whether it leaves this machine, and
	// whether it uses TLS.
	Remote, Encrypted bool
	// PoolSize is how many connections a process opens at most, Connections how many the
	// server has now, and MaxConnections how many it admits, without those that are
	// reserved for superusers.
	PoolSize, Connections, MaxConnections int
	// Clock is what the server's clock showed when ours showed At; zero for SQLite, which
	// has none. RoundTrip is how long the answer took: the times are known within half of it.
	Clock, At time.Time
	RoundTrip time.Duration
}

// Inspect asks a database about itself, by a connection of its own. It writes nothing, and
// creates no SQLite file. It answers as [Open] does when the database is away, and opens
// databases that Open refuses as unfit. now is the clock that is compared.
func Inspect(ctx context.Context, url string, now func() time.Time, opts ...Option) (Inspection, error) {
	scheme, rest, _ := strings.Cut(url, "://")
	switch scheme {
	case "postgres", "postgresql":
		return inspectPostgres(ctx, url, now, readOptions(opts))
	case "sqlite":
		return inspectSQLite(ctx, rest)
	default:
		return Inspection{}, errScheme
	}
}

func inspectPostgres(ctx context.Context, url string, now func() time.Time, o options) (out Inspection, err error) {
	config, size, err := parsePostgres(url, o)
	if err != nil {
		return out, err
	}
	conn, err := askingConn(ctx, config)
	if err != nil {
		return out, (&Store{}).fail(ctx, "ping", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	out = Inspection{Engine: "PostgreSQL", PoolSize: size.maxConns}
	_, out.Encrypted = conn.PgConn().Conn().(*tls.Conn)
	out.Remote = isRemote(conn.PgConn().Conn().RemoteAddr())
	var server postgresServer
	if err := errors.Join(server.ask(ctx, conn), out.ask(ctx, conn, now)); err != nil {
		return out, (&Store{}).fail(ctx, "inspect", err)
	}
	out.Encoding, out.Pooled, out.Unfit = server.encoding, server.pooled, server.unfit()
	return out, nil
}

// inspection are the facts about a server. numbackends counts the connections to all
// databases, which other roles may not list.
const inspection = `SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_user::text,
	coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), false),
	pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
	current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
	(SELECT coalesce(sum(numbackends), 0)::int FROM pg_stat_database)`

func (i *Inspection) ask(ctx context.Context, conn *pgx.Conn, now func() time.Time) error {
	var number int
	if err := conn.QueryRow(ctx, inspection).Scan(&i.Version, &number, &i.Role, &i.Superuser, &i.ReadOnly, &i.MaxConnections, &i.Connections); err != nil {
		return err
	}
	i.Version, _, _ = strings.Cut(i.Version, " ") // a package adds its own name
	i.Major = number / 10_000
	asked := now()
	err := conn.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&i.Clock)
	i.RoundTrip = now().Sub(asked)
	i.At = asked.Add(i.RoundTrip / 2)
	return err
}

// isRemote says whether a connection leaves this machine.
func isRemote(to net.Addr) bool {
	tcp, ok := to.(*net.TCPAddr)
	return ok && !tcp.IP.IsLoopback()
}

func inspectSQLite(ctx context.Context, path string) (Inspection, error) {
	out := Inspection{Engine: "SQLite", Encoding: "UTF8"}
	dsn := memory
	if path != memory {
		path, err := sqlitePath(path)
		if err != nil {
			return out, err
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return out, &NoDatabaseError{Path: path}
		}
		dsn = sqliteDSN(path, "query_only(1)")
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return out, fmt.Errorf("open store: %w", err)
	}
	defer func() { _ = db.Close() }()
	// It reads the file, which sqlite_version() alone does not.
	err = db.QueryRowContext(ctx, `SELECT sqlite_version() FROM (SELECT count(*) FROM sqlite_master)`).Scan(&out.Version)
	if err != nil {
		return out, (&Store{}).fail(ctx, "ping", err)
	}
	major, _, _ := strings.Cut(out.Version, ".")
	out.Major, _ = strconv.Atoi(major)
	return out, nil
}

// NoDatabaseError says that the file of a SQLite database does not exist.
type NoDatabaseError struct{ Path string }

// Error returns the path.
func (e *NoDatabaseError) Error() string { return e.Path + ": there is no such file" }
