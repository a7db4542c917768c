package e2e_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// deviations is docs/deviations.md: the deliberate differences to the
// recordings, one row each. Rows named "everywhere/…" hold for all exchanges.
type deviations struct {
	mu    sync.Mutex
	rows  map[string]deviation
	shown map[string]bool // rows that did differ
}

type deviation struct {
	what string
	// status is what Everlatch answers, the number that the row begins with.
	status int
}

const everywherePrefix = "everywhere/"

var (
	deviationRow  = regexp.MustCompile(`^\| ([a-z][\w-]*/[^|]+?) \| ([^|]+?) \| (.+) \|$`)
	weakSpots     = regexp.MustCompile(`^(?:–|\[W\d+\]\(weak-spots\.md#w\d+\)(?:, \[W\d+\]\(weak-spots\.md#w\d+\))*)$`)
	leadingStatus = regexp.MustCompile(`^([1-5]\d\d)\b`)
)

func readDeviations(t *testing.T) *deviations {
	t.Helper()
	raw, err := os.ReadFile("../docs/deviations.md")
	require.NoError(t, err)
	d := &deviations{rows: map[string]deviation{}, shown: map[string]bool{}}
	for line := range strings.Lines(string(raw)) {
		cells := deviationRow.FindStringSubmatch(strings.TrimSpace(line))
		if cells == nil {
			continue
		}
		name, weak, what := cells[1], cells[2], cells[3]
		require.NotContains(t, d.rows, name, "two rows for one exchange")
		require.Regexp(t, weakSpots, weak, "row %s: links into docs/weak-spots.md, or – for none", name)
		row := deviation{what: what}
		if !strings.HasPrefix(name, everywherePrefix) {
			require.Regexp(t, leadingStatus, what, "row %s: begins with the status that Everlatch answers", name)
			row.status, err = strconv.Atoi(what[:3])
			require.NoError(t, err)
		}
		d.rows[name] = row
	}
	require.NotEmpty(t, d.rows)
	return d
}

// of returns the row of an exchange.
func (d *deviations) of(e exchange) (deviation, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	row, ok := d.rows[e.id()]
	if ok {
		d.shown[e.id()] = true
	}
	return row, ok
}

// everywhere reports whether a difference is allowed in all exchanges.
func (d *deviations) everywhere(what string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.rows[everywherePrefix+what]
	if ok {
		d.shown[everywherePrefix+what] = true
	}
	return ok
}

// stale returns the rows of exchanges that were not played, and the general
// rows that no exchange needed.
func (d *deviations) stale() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for name := range d.rows {
		if !d.shown[name] {
			out = append(out, name)
		}
	}
	return out
}
