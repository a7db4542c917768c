package medusa_test

import (
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/medusatest"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// migrated adds what Medusa notes about its migrations, which the dump of the shop leaves out.
func (m *move) migrated(t *testing.T, at string) {
	t.Helper()
	m.exec(t, "CREATE TABLE mikro_orm_migrations (id serial PRIMARY KEY, name varchar(255), executed_at timestamptz DEFAULT now())")
	m.exec(t, "INSERT INTO mikro_orm_migrations (name, executed_at) VALUES ('first', $1), ('second', now())", at)
}

func newDenied(t *testing.T) *move {
	t.Helper()
	clock := clocktest.At(start)
	return &move{Shop: medusatest.OpenDenied(t), store: storetest.Open(t, clock.Now), clock: clock}
}

// TestKnownByItsTables: a database whose server may not be asked is known again, and is not
// taken for another.
func TestKnownByItsTables(t *testing.T) {
	t.Parallel()
	m := newDenied(t)
	m.migrated(t, "2026-05-04 03:02:01.123456+00")
	source := m.open(t, m.options())
	require.Empty(t, source.Warning())
	_, issues := m.run(t, m.options())
	require.Empty(t, issues)
	m.exec(t, "DELETE FROM api_key WHERE type = 'secret'")
	m.exec(t, "INSERT INTO mikro_orm_migrations (name) VALUES ('a later one')")
	counts, issues := m.run(t, m.options())
	require.Empty(t, issues)
	require.Equal(t, int64(2), counts.Removed)

	m.exec(t, "DELETE FROM api_key")
	m.exec(t, "UPDATE mikro_orm_migrations SET executed_at = executed_at + interval '1 microsecond'")
	counts, _ = m.run(t, m.options())
	require.Zero(t, counts.Removed, "another database, where the numbers of tables are the same")

	// The same dump elsewhere, with the same migrations.
	restored := &move{Shop: medusatest.OpenDenied(t), store: m.store, clock: m.clock}
	restored.migrated(t, "2026-05-04 03:02:01.123456+00")
	restored.exec(t, "DELETE FROM api_key; DELETE FROM invite; DELETE FROM customer_group_customer; DELETE FROM customer_group")
	counts, _ = restored.run(t, restored.options())
	require.Zero(t, counts.Removed)
}

// TestUnknownDatabase: a user that may see nothing by which the database is known again is
// told so, each time, and nothing is removed.
func TestUnknownDatabase(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, m *move){
		"no migrations table": func(*testing.T, *move) {},
		"an empty one": func(t *testing.T, m *move) {
			t.Helper()
			m.migrated(t, "2026-05-04 03:02:01+00")
			m.exec(t, "DELETE FROM mikro_orm_migrations")
		},
		"one that it may not read": func(t *testing.T, m *move) {
			t.Helper()
			m.migrated(t, "2026-05-04 03:02:01+00")
			m.exec(t, "REVOKE ALL ON mikro_orm_migrations FROM "+m.user(t))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newDenied(t)
			prepare(t, m)
			m.source = m.open(t, m.options())
			warning := m.source.Warning()
			require.Contains(t, warning, `GRANT EXECUTE ON FUNCTION pg_control_system() TO "`+m.user(t)+`"`)
			told := []store.ImportIssue{{Reason: warning}}
			first, issues := m.run(t, m.options())
			require.Zero(t, first.Refused)
			require.Equal(t, told, issues)
			m.exec(t, "DELETE FROM api_key WHERE type = 'secret'")
			counts, issues := m.run(t, m.options())
			require.Zero(t, counts.Removed)
			require.Equal(t, told, issues)

			f := m.source.Follow()
			m.pass(t, f, true)
			m.pass(t, f, false)
			units, _ := m.pass(t, f, true)
			require.Empty(t, units, "it is told once")
			require.Equal(t, told, f.Issues())

			// With the right, what is deleted from now on is found.
			storetest.OnPostgres(t, m.admin(t), "GRANT EXECUTE ON FUNCTION pg_control_system() TO "+m.user(t))
			m.clock.Advance(time.Second)
			_, issues = m.run(t, m.options())
			require.Empty(t, issues)
			m.exec(t, "DELETE FROM api_key")
			counts, issues = m.run(t, m.options())
			require.Empty(t, issues)
			require.Equal(t, int64(2), counts.Removed)
		})
	}
}

// user is the name of the user of the shop's database.
func (m *move) user(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(m.URL)
	require.NoError(t, err)
	return u.User.Username()
}

// admin is the URL of the shop's database for an administrator of it.
func (m *move) admin(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(m.URL)
	require.NoError(t, err)
	server, err := url.Parse(os.Getenv(storetest.PostgresVariable))
	require.NoError(t, err)
	server.Path = u.Path
	return server.String()
}
