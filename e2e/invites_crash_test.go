package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// killedUnder sends a request for each of many people, kills the process when
// some have been answered, and returns the answers; those of a request that was
// killed or refused are zero.
func (p *process) killedUnder(t *testing.T, people, killAfter int, send func(ctx context.Context, i int) (answer, error)) []answer {
	t.Helper()
	answers := make([]answer, people)
	var done atomic.Int32
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	work := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range work {
				a, err := send(ctx, i)
				if err != nil || a.status != 200 {
					continue
				}
				answers[i] = a
				if int(done.Add(1)) == killAfter {
					p.kill()
					cancel()
				}
			}
		})
	}
	for i := range people {
		work <- i
	}
	close(work)
	wg.Wait()
	require.GreaterOrEqual(t, int(done.Load()), killAfter)
	require.Less(t, int(done.Load()), people)
	return answers
}

// settled sends a request until it gets another answer than that the service is
// busy: a step that died with a process is waited for.
func (p *process) settled(t *testing.T, send func() answer) (a answer) {
	t.Helper()
	require.Eventually(t, func() bool {
		a = send()
		return a.status != 503
	}, waitFor, tick)
	return a
}

func addressOf(i int) string { return fmt.Sprintf("person%d@example.com", i) }

// TestKillDuringInvites kills the process in the middle of 40 invites, each under
// an Idempotency-Key. Sent again they all get their answer, the first where there
// was one; each address is invited once, and mailed the link that was shown.
func TestKillDuringInvites(t *testing.T) {
	t.Parallel()
	const people, killAfter = 40, 12
	p := startDev(t, devOptions{})
	root := p.root(t)
	request := func(i int) (object, []string) {
		return object{"email": addressOf(i)}, append(bearer(root), "Idempotency-Key", fmt.Sprint("invite-", i))
	}
	answers := p.killedUnder(t, people, killAfter, func(ctx context.Context, i int) (answer, error) {
		body, header := request(i)
		return p.try(ctx, "POST", "/admin/invites", body, header...)
	})

	p = startDev(t, devOptions{dir: p.dir})

	for i, first := range answers {
		body, header := request(i)
		a := p.settled(t, func() answer { return p.call(t, "POST", "/admin/invites", body, header...) })
		require.Equal(t, 200, a.status, "%s: %s", addressOf(i), a.raw)
		if first.status == 200 {
			require.Equal(t, string(first.raw), string(a.raw))
		}
		require.Equal(t, a.str(t, "invite.token"), p.mailedInvite(t, addressOf(i), "invite.created", 1))
	}
	require.Contains(t, string(p.call(t, "GET", "/admin/invites?limit=1", nil, bearer(root)...).raw), fmt.Sprintf(`"count":%d,`, people))
	events := p.call(t, "GET", "/admin/events?name=invite.created&limit=1", nil, bearer(root)...)
	require.Contains(t, string(events.raw), fmt.Sprintf(`"count":%d,`, people), "no one is mailed twice")
}

// TestKillDuringAcceptances kills the process in the middle of 40 acceptances.
// Afterwards each is whole or absent: who was answered is an administrator, and
// who was not becomes one by the same token, or is one already and gets the answer.
func TestKillDuringAcceptances(t *testing.T) {
	t.Parallel()
	const people, killAfter = 40, 12
	p := startDev(t, devOptions{config: cheapHashes})
	root := p.root(t)
	newcomers, invites := make([]string, people), make([]string, people)
	for i := range people {
		newcomers[i] = p.newcomer(t, addressOf(i))
		_, invites[i] = p.invite(t, root, addressOf(i))
	}
	answers := p.killedUnder(t, people, killAfter, func(ctx context.Context, i int) (answer, error) {
		return p.try(ctx, "POST", acceptPath+"?token="+invites[i], object{}, bearer(newcomers[i])...)
	})

	p = startDev(t, devOptions{dir: p.dir, config: cheapHashes})

	for i, first := range answers {
		a := p.settled(t, func() answer { return p.accept(t, newcomers[i], invites[i], object{}) })
		require.Equal(t, 200, a.status, "acceptance of %s: %s", addressOf(i), a.raw)
		if first.status == 200 {
			require.Equal(t, string(first.raw), string(a.raw), "the same request again gets its answer")
		}
		actor := claims(t, p.loginUser(t, addressOf(i)))["actor_id"]
		require.NotEmpty(t, actor, "%s is an administrator", addressOf(i))
		if first.status == 200 {
			require.Equal(t, first.str(t, "user.id"), actor)
		}
	}
	users := p.call(t, "GET", "/admin/users?q=person&limit=1", nil, bearer(root)...)
	require.Contains(t, string(users.raw), fmt.Sprintf(`"count":%d,`, people), "no administrator exists twice")
	require.Contains(t, string(p.call(t, "GET", "/admin/invites?limit=1", nil, bearer(root)...).raw), `"count":0,`)
	require.Eventually(t, func() bool { // an interrupted workflow continues when its task times out
		for _, event := range []string{"user.created", "invite.accepted"} {
			told := string(p.call(t, "GET", "/admin/events?limit=100&fields=released_at&name="+event, nil, bearer(root)...).raw)
			if strings.Count(told, `"released_at":"`) < people || strings.Contains(told, `"released_at":null`) {
				return false
			}
		}
		return true
	}, waitFor, tick, "what was begun is finished, and everybody told")
}
