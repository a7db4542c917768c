package e2e_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKillDuringResets kills the process while many customers choose new
// passwords. Those without a response try again. In the end all have the new
// password, and every change was published once: none was made without a recorded
// update.
func TestKillDuringResets(t *testing.T) {
	t.Parallel()
	const people, killAfter, chosen = 40, 12, "chosen-Secret-of-everybody"
	p := startDev(t, devOptions{config: cheapHashes})
	address := func(i int) string { return fmt.Sprintf("person-%d@example.com", i) }
	tokens := make([]string, people)
	for i := range people {
		p.register(t, address(i), password)
		p.forgot(t, "customer", address(i))
	}
	for i := range people {
		tokens[i] = p.resetToken(t, address(i), 1)
	}
	choose := func(ctx context.Context, p *process, i int) (answer, error) {
		return p.try(ctx, "POST", "/auth/customer/emailpass/update", object{"password": chosen}, bearer(tokens[i])...)
	}
	answers := p.killedUnder(t, people, killAfter, func(ctx context.Context, i int) (answer, error) { return choose(ctx, p, i) })

	p = startDev(t, devOptions{dir: p.dir, config: cheapHashes})
	root := p.admin(t)
	for i := range people {
		if answers[i].status == 0 {
			a := p.settled(t, func() answer {
				a, err := choose(t.Context(), p, i)
				require.NoError(t, err)
				return a
			})
			require.Contains(t, []int{200, 401}, a.status, "%s", a.raw) // 401: it was done unheard
		}
		p.login(t, address(i), chosen)
	}
	require.Eventually(t, func() bool { return p.released(t, "auth.password_changed", root) == people }, waitFor, tick)
}
