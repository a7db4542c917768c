package doctor_test

import (
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/everlatch/everlatch/internal/doctor"
)

var databaseWrongs = map[string]wrong{
	"a closed port": {
		"database.reachable", doctor.Fault, set("DATABASE_URL=postgres://ada:" + hunter + "@127.0.0.1:1/shop"), nil,
		`^127.0.0.1:1: connection refused$`, `^Start PostgreSQL`,
	},
	"an unknown host": {
		"database.reachable", doctor.Fault, set("DATABASE_URL=postgres://ada:" + hunter + "@nowhere.invalid/shop"), nil,
		`nowhere.invalid`, `the host in DATABASE_URL`,
	},
	"a URL that cannot be read": {
		"database.reachable", doctor.Fault, set("DATABASE_URL=postgres://ada:" + hunter + "/x@127.0.0.1/shop"), nil,
		`database URL`, `^Correct DATABASE_URL`,
	},
	"a server that says nothing": {
		"database.reachable", doctor.Fault,
		database(func(t *testing.T) string {
			t.Helper()
			return "postgres://ada:" + hunter + "@" + silent(t) + "/shop?sslmode=disable&connect_timeout=1"
		}), nil,
		`no answer in time`, `firewall`,
	},
	"a wrong password": {
		"database.reachable", doctor.Fault,
		database(func(t *testing.T) string {
			t.Helper()
			return refusing(t, "28P01", `password authentication failed for user "ada"`)
		}), nil,
		`password authentication failed for user "ada"`, `^Correct user and password`,
	},
	"a server without a free connection": {
		"database.reachable", doctor.Fault,
		database(func(t *testing.T) string { t.Helper(); return refusing(t, "53300", "sorry, too many clients already") }), nil,
		`too many clients`, `database.max_connections`,
	},
	"a server that starts": {
		"database.reachable", doctor.Fault,
		database(func(t *testing.T) string {
			t.Helper()
			return refusing(t, "57P03", "the database system is starting up")
		}), nil,
		`starting up`, `^Wait`,
	},
	"a file that does not exist": {
		"database.reachable", doctor.Fault,
		database(func(t *testing.T) string { t.Helper(); return "sqlite://" + filepath.Join(t.TempDir(), "no.db") }), nil,
		`no\.db: there is no such file`, `everlatch migrate up`,
	},
	"a role that does not exist": {
		"database.reachable", doctor.Fault,
		database(func(t *testing.T) string {
			t.Helper()
			return onPostgres(t, func(u *url.URL, _ url.Values) { u.User = url.UserPassword("ada_missing", hunter) })
		}), nil,
		`role "ada_missing" does not exist`, `^Correct user and password`,
	},
	"a database that does not exist": {
		"database.reachable", doctor.Fault,
		database(func(t *testing.T) string {
			t.Helper()
			return onPostgres(t, func(u *url.URL, _ url.Values) { u.Path = "/no_such_database" })
		}), nil,
		`database "no_such_database" does not exist`, `^Create the database`,
	},
	"TLS that the server does not have": {
		"database.reachable", doctor.Fault,
		database(func(t *testing.T) string {
			t.Helper()
			return onPostgres(t, func(_ *url.URL, q url.Values) { q.Set("sslmode", "require") })
		}), nil,
		`TLS`, `sslmode`,
	},
	"another encoding": {
		"database.encoding", doctor.Fault,
		database(func(t *testing.T) string {
			t.Helper()
			name := postgresDatabase(t, "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
			return onPostgres(t, func(u *url.URL, _ url.Values) { u.Path = "/" + name })
		}), nil,
		`encoding LATIN1`, `^Create it with ENCODING 'UTF8' TEMPLATE template0\.$`,
	},
	"a schema that is behind": {
		"database.migrations", doctor.Fault, database(func(t *testing.T) string { t.Helper(); return onSchema(t) }), nil,
		`behind by \d+ migrations`, `everlatch migrate up`,
	},
	"a file of SQLite": {
		"database.version", doctor.Warning, set(), nil,
		`^SQLite`, `PostgreSQL`,
	},
	"a superuser": {
		"database.role", doctor.Warning, database(func(t *testing.T) string { t.Helper(); return onSchema(t) }), nil,
		`is a superuser`, `deploy/postgres-init.sql`,
	},
	"a database that can only be read": {
		"database.role", doctor.Fault,
		database(func(t *testing.T) string {
			t.Helper()
			return onPostgres(t, func(_ *url.URL, q url.Values) { q.Set("default_transaction_read_only", "on") })
		}), nil,
		`only read`, `primary`,
	},
	"more connections than there are": {
		"database.pool", doctor.Warning,
		func(t *testing.T) []string {
			t.Helper()
			return []string{"DATABASE_URL=" + onSchema(t), "EVERLATCH_DATABASE_MAX_CONNECTIONS=100000"}
		}, nil,
		`opens up to 100000`, `database.max_connections`,
	},
	"a clock that is late for the database": {
		"database.clock", doctor.Warning, database(func(t *testing.T) string { t.Helper(); return onSchema(t) }), ahead(15 * time.Second),
		`the clock of the database is 1\ds behind that of this machine`, `NTP`,
	},
	"a clock of another time": {
		"database.clock", doctor.Fault, database(func(t *testing.T) string { t.Helper(); return onSchema(t) }), ahead(-time.Hour),
		`the clock of the database is .*ahead of that of this machine`, `NTP`,
	},
}
