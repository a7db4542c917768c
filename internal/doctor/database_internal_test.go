package doctor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
)

// TestPostgresThatTestsCannotHave: an old server on another machine.
func TestPostgresThatTestsCannotHave(t *testing.T) {
	t.Parallel()
	n := &notes{}
	(&Subject{}).postgres(n, store.Inspection{Engine: "PostgreSQL", Version: "13.20", Major: 13, Encoding: "UTF8", Role: "ada", Remote: true, MaxConnections: 100, PoolSize: 20})
	status := map[string]Status{}
	for _, f := range n.close(nil) {
		status[f.Check] = f.Status
	}
	require.Equal(t, Fault, status[databaseVersion])
	require.Equal(t, Warning, status[databaseEncrypted])
	require.Equal(t, OK, status[databaseRole])
	require.Equal(t, OK, status[databasePool])
}
