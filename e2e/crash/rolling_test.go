//go:build linux

package crash_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// rollingVisitors are as many clients as two cores serve without queues.
const rollingVisitors = 4

// TestRollingRestart replaces every API and every worker, one after the other, while
// clients sign up, sign in and read, and never repeat a request: all get what they ask
// for.
func TestRollingRestart(t *testing.T) { //nolint:paralleltest // it takes the whole machine
	if *points == 0 {
		t.Skip("it takes a minute: make crash, or -points 25")
	}
	c := newCast(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var going sync.WaitGroup
	served, faults := make([]int, rollingVisitors), make([]error, rollingVisitors)
	for i := range rollingVisitors {
		going.Go(func() { served[i], faults[i] = asksOnce(ctx, c, i, newLedger()) })
	}
	for _, name := range slices.Concat(apiNames, workerNames) {
		p := c.processes[name]
		require.Zero(t, p.terminate(t), "%s ends well; log: %s", name, p.tail())
		p.start(t)
		require.NoError(t, p.awaitReady(t.Context()), "log: %s", p.tail())
	}
	cancel()
	going.Wait()

	total := 0
	for i := range rollingVisitors {
		require.NoError(t, faults[i])
		require.Positive(t, served[i])
		total += served[i]
	}
	t.Logf("%d requests, none failed", total)
}

// asksOnce signs up, in, and reads until ctx ends, and returns how many requests were
// answered, and the first one that was not answered as it should. The ledger keeps the
// accounts.
func asksOnce(ctx context.Context, c *cast, visitor int, l *ledger) (served int, fault error) {
	one := newClient("http://"+c.proxy.address, fmt.Sprintf("r%d", visitor), l)
	for i := 0; ctx.Err() == nil; i++ {
		p := &person{
			email: fmt.Sprintf("r%d-%d@example.com", visitor, i), password: "the-Secret-of-a-visitor", actorType: customerType, provider: emailpass,
		}
		who := object{"email": p.email, "password": p.password}
		up := object{"email": who["email"], "password": who["password"], "actor": object{"first_name": "Ada"}}
		token := ""
		for _, r := range []request{
			{method: http.MethodPost, path: "/auth/customer/emailpass/register", body: up},
			{method: http.MethodPost, path: "/auth/customer/emailpass", body: who},
			{method: http.MethodGet, path: "/store/customers/me"},
		} {
			if r.body == nil {
				r.header = bearer(token)
			}
			// A request under way when the restarts are over is finished, too.
			a, err := one.once(context.WithoutCancel(ctx), r)
			if err != nil {
				return served, fmt.Errorf("%s %s: %w", r.method, r.path, err)
			}
			if err := a.want(r.method+" "+r.path, http.StatusOK); err != nil {
				return served, err
			}
			token, served = a.text("token"), served+1
			if p.identity == "" {
				p.identity, p.account = claim(token, "auth_identity_id"), claim(token, "actor_id")
				l.keep(p)
				l.count("accepted sign-ups")
			}
		}
	}
	return served, nil
}
