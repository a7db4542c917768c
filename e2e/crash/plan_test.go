//go:build linux

package crash_test

import (
	"cmp"
	"fmt"
	"math/rand/v2" //nolint:depguard // a seed has to reproduce the plan
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// action is what is done to a target.
type action string

const (
	// kill ends a process without a last word, and starts it again after the hold.
	kill action = "kill -9"
	// stop freezes a process for the hold: its connections stay open, and its timeouts pass.
	stop action = "SIGSTOP"
	// cut breaks all connections of a wire and refuses new ones for the hold.
	cut action = "cut"
	// stall lets nothing through a wire for the hold; its connections stay open.
	stall action = "stall"
)

// point is one failure of a plan.
type point struct {
	// Gap is how long to wait before it, and Hold how long it lasts.
	Gap, Hold time.Duration
	Target    string
	Action    action
}

func (p point) String() string {
	return fmt.Sprintf("%s %s for %s", p.Action, p.Target, p.Hold)
}

// isWire says whether a target is the connection of a process and not a process.
func isWire(target string) bool { return strings.Contains(target, wireArrow) }

// wireArrow stands between the ends of a wire in its name.
const wireArrow = "→"

// newPlan returns n failures of the targets. It depends on nothing but its
// arguments: a failed run is repeated with its seed. Each combination of target and action
// comes before any comes twice, so that a long plan covers all of them evenly.
func newPlan(seed uint64, n int, targets []string) []point {
	random := rand.New(rand.NewPCG(seed, 0))
	var all, bag []point
	for _, target := range targets {
		for _, does := range actionsOn(target) {
			all = append(all, point{Target: target, Action: does})
		}
	}
	// The order of the targets must not matter.
	slices.SortFunc(all, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Action, b.Action))
	})
	plan := make([]point, 0, n)
	for len(plan) < n {
		if len(bag) == 0 {
			bag = slices.Clone(all)
			random.Shuffle(len(bag), func(i, j int) { bag[i], bag[j] = bag[j], bag[i] })
		}
		next := bag[0]
		bag = bag[1:]
		next.Gap = between(random, 200*time.Millisecond, 2*time.Second)
		next.Hold = hold(random, next.Action)
		plan = append(plan, next)
	}
	return plan
}

// actionsOn are the failures of a target. A process is killed more often than it is
// stopped.
func actionsOn(target string) []action {
	if isWire(target) {
		return []action{cut, stall}
	}
	return []action{kill, kill, stop}
}

// hold is how long a failure lasts. One in eight stops is longer than the timeout of a
// workflow task (3 s), so that Temporal has given the work to another process when the
// stopped one goes on.
func hold(random *rand.Rand, does action) time.Duration {
	switch does {
	case kill, cut:
		return between(random, 0, time.Second)
	default:
		if random.IntN(8) == 0 {
			return between(random, 4*time.Second, 7*time.Second)
		}
		return between(random, 300*time.Millisecond, 2500*time.Millisecond)
	}
}

func between(random *rand.Rand, low, high time.Duration) time.Duration {
	return (low + time.Duration(random.Int64N(int64(high-low)))).Truncate(time.Millisecond)
}

func TestPlan(t *testing.T) {
	t.Parallel()
	targets := []string{"api-1", "worker-1", "api-1" + wireArrow + "postgres"}
	plan := newPlan(7, 80, targets)

	require.Len(t, plan, 80)
	require.Equal(t, plan, newPlan(7, 80, []string{targets[2], targets[0], targets[1]}), "a seed reproduces it")
	require.NotEqual(t, plan, newPlan(8, 80, targets))
	require.Equal(t, plan[:10], newPlan(7, 10, targets), "a shorter plan is its beginning")
	times := map[string]int{}
	for _, p := range plan {
		times[p.Target+" "+string(p.Action)]++
		require.Equal(t, isWire(p.Target), p.Action == cut || p.Action == stall, "%v", p)
		require.GreaterOrEqual(t, p.Gap, 200*time.Millisecond)
		require.LessOrEqual(t, p.Hold, 7*time.Second)
	}
	require.Equal(t, map[string]int{
		"api-1 kill -9": 20, "api-1 SIGSTOP": 10, "worker-1 kill -9": 20, "worker-1 SIGSTOP": 10,
		"api-1→postgres cut": 10, "api-1→postgres stall": 10,
	}, times, "ten times eight combinations")
}
