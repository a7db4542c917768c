package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// claims reads a token without verifying it.
func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3, token)
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

// identityOf returns the identity that a token was issued to.
func identityOf(t *testing.T, token string) string {
	t.Helper()
	id, ok := claims(t, token)["auth_identity_id"].(string)
	require.True(t, ok)
	return id
}

// TestKillDuringRegistrations kills the process in the middle of 200
// registrations. Afterwards each is whole or absent, and none is there twice:
// a registration that was answered can sign in, and one that was not can be
// sent again, under the same password, to the same identity.
func TestKillDuringRegistrations(t *testing.T) {
	t.Parallel()
	const people, killAfter = 200, 60
	p := startDev(t, devOptions{})
	address := func(i int) string { return fmt.Sprintf("person%d@example.com", i) }

	answered := make([]string, people) // identity ids
	var done atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	work := make(chan int)
	for range 16 {
		wg.Go(func() {
			for i := range work {
				a, err := p.try(ctx, "POST", "/auth/customer/emailpass/register",
					object{"email": address(i), "password": password})
				if err != nil || a.status != 200 {
					continue // killed under the request
				}
				answered[i] = identityOf(t, a.str(t, "token"))
				if done.Add(1) == killAfter {
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

	p = startDev(t, devOptions{dir: p.dir})

	for i := range people {
		a := p.call(t, "POST", "/auth/customer/emailpass", object{"email": address(i), "password": password})
		switch a.status {
		case 200:
			if answered[i] != "" {
				require.Equal(t, answered[i], claims(t, a.str(t, "token"))["auth_identity_id"])
			}
		case 401:
			require.Empty(t, answered[i], "an answered registration is there")
		default:
			t.Fatalf("sign-in of %s: %d %s", address(i), a.status, a.raw)
		}
		token := p.register(t, address(i), password)
		again := claims(t, p.login(t, address(i), password))["auth_identity_id"]
		require.Equal(t, claims(t, token)["auth_identity_id"], again, "no identity exists twice")
		if a.status == 200 {
			require.Equal(t, claims(t, a.str(t, "token"))["auth_identity_id"], again)
		}
	}
}
