package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
)

// TestImportSurvivesKills kills the service, its worker included, while it imports: every
// record is imported once.
func TestImportSurvivesKills(t *testing.T) {
	t.Parallel()
	const people = 3000
	var lines strings.Builder
	for i := range people {
		fmt.Fprintf(&lines, `{"type":"customer","id":"cus_%d","email":"%[1]d@example.com"}`+"\n", i)
	}
	file := filepath.Join(t.TempDir(), "people.ndjson")
	require.NoError(t, os.WriteFile(file, []byte(lines.String()), 0o600))
	p := startDev(t, devOptions{})
	p.command(t, "import", "everlatch", file, "--detach")
	p.kill()
	p = startDev(t, devOptions{dir: p.dir})
	var shown struct {
		Import store.DataImport `json:"import"`
	}
	require.Eventually(t, func() bool { // a batch that the kill interrupted is repeated after 30 seconds
		require.NoError(t, json.Unmarshal([]byte(p.command(t, "import", "show", "--json")), &shown))
		return shown.Import.Status == store.ImportCompleted
	}, 4*time.Minute, 2*time.Second)
	require.Equal(t, store.ImportCounts{Created: people}, shown.Import.ImportCounts)
}
