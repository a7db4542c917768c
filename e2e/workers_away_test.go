package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/freeport"
)

// TestWorkersAreAway kills the only worker under load and starts another one after 45
// s: a user who has signed in on this device before is answered, and what was asked
// meanwhile is not worked off for callers who have gone. Those who still wait come from
// elsewhere. The API computes no hashes itself.
func TestWorkersAreAway(t *testing.T) {
	t.Parallel()
	const away, clients = 45 * time.Second, 60
	folder := t.TempDir()
	server := temporalServer(t, filepath.Join(folder, "temporal"), "")
	free := freeport.Addresses(t, 2)
	health, metrics := free[0], free[1]
	env := append(production("sqlite://"+filepath.Join(folder, "store.db"), server.Address()),
		"EVERLATCH_WORKER_API_QUEUES=[]", "EVERLATCH_WORKER_HEALTH_ADDRESS="+health,
		"EVERLATCH_AUTH_SIGN_IN_WHEN_TEMPORAL_IS_AWAY=refuse", // it is only busy
		"EVERLATCH_HTTP_TRUSTED_PROXIES=[127.0.0.0/8]")
	runToEnd(t, env, "migrate", "up")
	worker := startCommand(t, "worker", env)
	p := startCommand(t, "api", env)
	p.signUp(t)
	credentials := object{"email": "ada@example.com", "password": password}
	home := []string{"X-Everlatch-Device", "new", "X-Forwarded-For", "203.0.113.1"}
	home[1] = p.call(t, "POST", "/auth/customer/emailpass", credentials, home...).header.Get("X-Everlatch-Device")
	require.NotEmpty(t, home[1])

	worker.kill()
	load, stop := context.WithCancel(t.Context())
	defer stop()
	var asked, answered atomic.Int64
	var busy sync.WaitGroup
	for i := range clients {
		busy.Go(func() {
			for load.Err() == nil {
				// Each of an account of their own, which has limits of its own.
				other := object{"email": fmt.Sprintf("p%d@example.com", asked.Add(1)), "password": password}
				a, err := p.try(load, "POST", "/auth/customer/emailpass", other,
					"X-Forwarded-For", fmt.Sprintf("10.0.%d.1", i))
				if err == nil && a.status != http.StatusServiceUnavailable {
					answered.Add(1)
				}
				wait(load, 500*time.Millisecond)
			}
		})
	}
	wait(t.Context(), away)
	require.Zero(t, answered.Load())
	require.Greater(t, asked.Load(), int64(clients), "the load went on")

	startCommand(t, "worker", append(env, "EVERLATCH_METRICS_ADDRESS="+metrics))
	require.Eventually(t, func() bool {
		resp, err := httpClient.Get("http://" + health + "/ready")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, waitFor, tick)
	back, before := time.Now(), asked.Load()
	require.Eventually(t, func() bool {
		a, err := p.try(t.Context(), "POST", "/auth/customer/emailpass", credentials, home...)
		return err == nil && a.status == http.StatusOK
	}, waitFor, tick, "a caller who insists")
	t.Logf("answered after %s; %d were asked meanwhile", time.Since(back), before)
	stop()
	busy.Wait()
	require.LessOrEqual(t, refusals(t, metrics), asked.Load()-before+clients,
		"no password was checked but for those who waited at the return, or came later")
}

// refusals counts the sign-ins of a worker that ended after their password was checked.
func refusals(t *testing.T, metrics string) int64 {
	t.Helper()
	resp, err := httpClient.Get("http://" + metrics + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^everlatch_flows_total\{flow="Authenticate",outcome="refused"\} (\d+)$`).FindSubmatch(body)
	require.NotNil(t, found, "%s", body)
	n, err := strconv.ParseInt(string(found[1]), 10, 64)
	require.NoError(t, err)
	return n
}

// wait waits unless ctx ends before.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
