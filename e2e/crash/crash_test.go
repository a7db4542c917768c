//go:build linux

package crash_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2" //nolint:depguard // a seed has to reproduce the load
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	points   = flag.Int("points", 0, "how many failures TestCrash makes; 0 skips it")
	seed     = flag.Uint64("seed", 1, "of the plan")
	visitors = flag.Int("visitors", 6, "how many clients are at it at the same time")
	keep     = flag.String("keep", "", "folder for the logs, which is kept")
	record   = flag.String("record", "", "page whose table of runs gets a row")
)

// patienceOfAll bounds a whole run: each failure and what follows it takes seconds.
func patienceOfAll(points int) time.Duration {
	return 10*time.Minute + time.Duration(points)*30*time.Second
}

// TestCrash breaks an installation under load, and then looks for what was lost.
func TestCrash(t *testing.T) { //nolint:paralleltest // it takes the whole machine
	if *points == 0 {
		t.Skip("it takes minutes: make crash, or -points 25")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfAll(*points))
	defer cancel()
	c := newCast(t)
	l := newLedger()
	d := &driver{cast: c, ledger: l}
	plan := newPlan(*seed, *points, c.targets())
	begun := time.Now()

	supervised, release := context.WithCancel(ctx)
	defer release()
	var helpers sync.WaitGroup
	helpers.Go(func() { d.supervise(supervised, t) })
	load := newLoad(supervised, c, l, &helpers)
	load.start(ctx, *visitors)
	d.play(ctx, t, plan)
	if err := d.recovers(ctx, t); err != nil {
		l.fault("the installation does not recover: %v", err)
	}
	load.finish(ctx)
	broken := time.Since(begun)

	n := &inspector{cast: c, ledger: l, client: newClient("http://"+c.proxy.address, "inspector", l)}
	n.inspect(ctx)
	release()
	helpers.Wait()

	result := newResult(l, *seed, len(plan), broken, time.Since(begun))
	t.Logf("\n%s", result)
	if *record != "" {
		require.NoError(t, result.record(*record))
	}
	for _, fault := range l.faults {
		t.Error(fault)
	}
}

// load is the clients of a run.
type load struct {
	cast   *cast
	ledger *ledger
	box    *postbox
	openid sync.Mutex
	stop   chan struct{}
	going  sync.WaitGroup
}

func newLoad(ctx context.Context, c *cast, l *ledger, helpers *sync.WaitGroup) *load {
	box := newPostbox(c.mails)
	helpers.Go(func() { box.run(ctx) })
	return &load{cast: c, ledger: l, box: box, stop: make(chan struct{})}
}

func (l *load) visitor(i int) *visitor {
	v := &visitor{
		client: newClient("http://"+l.cast.proxy.address, fmt.Sprintf("v%d", i), l.ledger),
		cast:   l.cast, box: l.box, openid: &l.openid,
		random: rand.New(rand.NewPCG(*seed, uint64(i)+1)),
	}
	v.root = v.signInRoot
	return v
}

func (l *load) start(ctx context.Context, n int) {
	for i := range n {
		v := l.visitor(i)
		l.going.Go(func() { v.goOn(ctx, l.stop) })
	}
}

// finish lets each client finish what it has begun.
func (l *load) finish(context.Context) {
	close(l.stop)
	l.going.Wait()
}

// signInRoot returns a token of the administrator who invites the others.
func (v *visitor) signInRoot(ctx context.Context) (string, error) {
	r, err := v.signIn(ctx, userType, rootEmail, rootPassword)
	if err != nil {
		return "", err
	}
	return r.text("token"), r.want("sign in of root", 200)
}

// logFolder is where the processes of a test log to.
func logFolder(tb testing.TB) string {
	tb.Helper()
	if *keep != "" {
		require.NoError(tb, os.MkdirAll(*keep, 0o700))
		return *keep
	}
	return tb.TempDir()
}

func TestLoadIsMixed(t *testing.T) {
	t.Parallel()
	random, times := rand.New(rand.NewPCG(1, 1)), map[string]int{}
	for range 3000 {
		times[choose(random, flows).name]++
	}
	for _, f := range flows {
		require.InDelta(t, 100*f.weight, times[f.name], 60, f.name)
	}
}

var errNoTable = errors.New("the page has no table of runs")

// between the markers of a page are the rows of runs.
const (
	rowsBegin = "<!-- runs:begin -->"
	rowsEnd   = "<!-- runs:end -->"
)

// record adds the row of a result to a page.
func (r result) record(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, after, found := strings.Cut(string(raw), rowsEnd)
	if !found {
		return errNoTable
	}
	return os.WriteFile(path, []byte(before+r.row()+"\n"+rowsEnd+after), 0o600)
}
