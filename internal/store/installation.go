package store

import (
	"context"
	"strings"

	"github.com/everlatch/everlatch/internal/ids"
)

const (
	insertInstallation = `INSERT INTO installation (one, id, created_at) VALUES (1, $1, $2) ON CONFLICT (one) DO NOTHING`
	selectInstallation = `SELECT id FROM installation`
)

// Installation returns the id of the installation that this database belongs to:
// lower case letters and digits. The first call chooses it; it never changes, and
// a copy of the database has the same.
func (s *Store) Installation(ctx context.Context) (string, error) {
	now := s.now()
	_, err := s.writes.exec(ctx, insertInstallation, strings.ToLower(ids.New("", now)), now)
	if err != nil {
		return "", s.fail(ctx, "name the installation", err)
	}
	id, err := first(ctx, s.writes, scanned[string], selectInstallation)
	return id, s.fail(ctx, "name the installation", err)
}
