//go:build linux

package crash_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/freeport"
)

// postgresServer is a PostgreSQL server of the test's own, to be killed.
type postgresServer struct {
	*process

	address string
}

// newPostgres prepares a server. It does not wait for the disk, which survives here:
// what a killed process has written is with the operating system.
func newPostgres(t *testing.T) *postgresServer {
	t.Helper()
	programs := postgresPrograms(t)
	as, folder := postgresUser(t)
	data := filepath.Join(folder, "data")
	initdb := exec.CommandContext(t.Context(), filepath.Join(programs, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	initdb.Dir = folder
	out, err := initdb.CombinedOutput()
	require.NoError(t, err, "%s", out)
	s := &postgresServer{address: freeport.Addresses(t, 1)[0]}
	s.process = &process{
		name: thePostgres, path: filepath.Join(programs, "postgres"), user: as, folder: folder,
		args: []string{
			"-D", data, "-p", portOf(t, s.address), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
			"-c", "fsync=off", "-c", "max_connections=300", "-c", "log_min_messages=fatal",
		},
		ready: func(ctx context.Context) bool {
			db, err := sql.Open("pgx", s.url(s.address, "postgres"))
			if err != nil {
				return false
			}
			defer db.Close()
			return db.PingContext(ctx) == nil
		},
	}
	return s
}

func (s *postgresServer) url(address, database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable&connect_timeout=2", address, database)
}

func (s *postgresServer) create(t *testing.T, database string) {
	t.Helper()
	db, err := sql.Open("pgx", s.url(s.address, "postgres"))
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+database)
	require.NoError(t, err)
}

// postgresPrograms is the folder of PostgreSQL's programs. Debian keeps those of each
// version apart.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return len(a) - len(b) }))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	fmt.Fprintln(os.Stderr, "*** SKIPPED: "+t.Name()+" needs PostgreSQL's programs.")
	t.Skip("no PostgreSQL to start and kill")
	return ""
}

// postgresUser is who PostgreSQL runs as, for it refuses to run as root, and a folder
// of theirs.
func postgresUser(t *testing.T) (*syscall.Credential, string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "everlatch-crash-postgres") //nolint:usetesting // others may not enter t.TempDir
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if os.Getuid() != 0 {
		return nil, folder
	}
	as, err := user.Lookup("postgres")
	require.NoError(t, err)
	uid, err := strconv.ParseUint(as.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(as.Gid, 10, 32)
	require.NoError(t, err)
	require.NoError(t, os.Chown(folder, int(uid), int(gid)))
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, folder
}
