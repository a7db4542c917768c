package deploy_test

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// serverOf is the throw-away PostgreSQL, as its superuser.
type serverOf struct {
	t      *testing.T
	url    *url.URL
	suffix string
}

// newRoles runs postgres-init.sql. A suffix makes its names unique, because roles
// belong to the whole server.
func newRoles(t *testing.T) serverOf {
	t.Helper()
	if !storetest.HasPostgres() {
		t.Skip(storetest.PostgresVariable + " is not set")
	}
	u, err := url.Parse(os.Getenv(storetest.PostgresVariable))
	require.NoError(t, err)
	s := serverOf{t, u, "_" + strings.ToLower(rand.Text()[:12])}
	script := regexp.MustCompile(`(?m)^(\\|--).*\n`).ReplaceAllString(read(t, "postgres-init.sql"), "")
	script = regexp.MustCompile(`\b(everlatch|temporal|temporal_visibility)\b`).ReplaceAllString(script, "${1}"+s.suffix)
	script = regexp.MustCompile(`:'\w+'`).ReplaceAllString(script, "'only-for-this-test'")
	admin := s.as("")
	t.Cleanup(func() { s.drop() })
	for statement := range strings.SplitSeq(script, ";\n") {
		_, err := admin.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	return s
}

func (s serverOf) urlOf(role, database string) string {
	u := *s.url
	if role != "" {
		u.User = url.UserPassword(role+s.suffix, "only-for-this-test")
		u.Path = "/" + database + s.suffix
	}
	return u.String()
}

// as connects as a role to the database of its name; "" is the superuser.
func (s serverOf) as(role string) *sql.DB { return s.to(role, role) }

func (s serverOf) to(role, database string) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("pgx", s.urlOf(role, database))
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (s serverOf) drop() {
	admin, err := sql.Open("pgx", s.urlOf("", ""))
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, admin.Close()) }()
	for _, database := range []string{"temporal_visibility", "temporal", "everlatch"} {
		_, err = admin.Exec("DROP DATABASE IF EXISTS " + database + s.suffix + " WITH (FORCE)")
		require.NoError(s.t, err)
	}
	for _, role := range []string{"everlatch", "temporal"} {
		_, err = admin.Exec("DROP ROLE IF EXISTS " + role + s.suffix)
		require.NoError(s.t, err)
	}
}

// Everlatch's role is enough for Everlatch, and reaches nothing of Temporal's.
func TestRolesOfPostgres(t *testing.T) {
	t.Parallel()
	s := newRoles(t)
	for _, role := range []string{"everlatch", "temporal"} {
		var powers bool
		require.NoError(t, s.as("").QueryRowContext(t.Context(), `SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
			FROM pg_roles WHERE rolname = $1`, role+s.suffix).Scan(&powers))
		require.False(t, powers, role)
	}
	for _, reach := range []struct {
		role, database string
		want           bool
	}{
		{"everlatch", "everlatch", true},
		{"everlatch", "temporal", false},
		{"everlatch", "temporal_visibility", false},
		{"temporal", "temporal", true},
		{"temporal", "temporal_visibility", true},
		{"temporal", "everlatch", false},
	} {
		err := s.to(reach.role, reach.database).PingContext(t.Context())
		if reach.want {
			require.NoError(t, err, "%s in %s", reach.role, reach.database)
		} else {
			require.ErrorContains(t, err, "permission denied for database", "%s in %s", reach.role, reach.database)
		}
	}
	for _, statement := range []string{
		"CREATE DATABASE more" + s.suffix, "CREATE ROLE more" + s.suffix, "DROP DATABASE temporal" + s.suffix,
		"ALTER ROLE temporal" + s.suffix + " PASSWORD 'mine'", "SET ROLE temporal" + s.suffix, "COPY (SELECT 1) TO PROGRAM 'true'",
	} {
		_, err := s.as("everlatch").ExecContext(t.Context(), statement)
		require.Error(t, err, statement)
		require.Regexp(t, "permission denied|must be|only roles", err.Error(), statement)
	}
}

// The schemas of both can be created by their roles. Temporal's visibility schema
// creates the extension btree_gin.
func TestRolesCanCreateTheirSchemas(t *testing.T) {
	t.Parallel()
	s := newRoles(t)
	data, err := store.Open(t.Context(), s.urlOf("everlatch", "everlatch"), time.Now)
	require.NoError(t, err)
	require.NoError(t, data.Migrate(t.Context()))
	require.NoError(t, data.Close())
	_, err = s.to("temporal", "temporal_visibility").ExecContext(t.Context(), "CREATE TABLE t (id int); CREATE EXTENSION IF NOT EXISTS btree_gin")
	require.NoError(t, err)
}
