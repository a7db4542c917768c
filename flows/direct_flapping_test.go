package flows_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/providers"
)

// However many sign in while Temporal comes and goes, each is answered, and nothing is
// left behind.
func TestManySignInsWhileTemporalFlaps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := outage(t, func(s *outageScene) {
			s.temporal.start, s.temporal.health = retrying, refusesConnections
			s.options.Direct.SignIn = func(
				context.Context, activities.CheckCredentialsInput, providers.Input,
			) (activities.CheckCredentialsOutput, error) {
				return activities.CheckCredentialsOutput{Principal: everlatch.Principal{AuthIdentityID: "authid_1"}}, nil
			}
		})
		var ways [2]atomic.Int64 // workflow, direct
		var clients sync.WaitGroup
		for range 8 {
			clients.Go(func() {
				for range 50 {
					login, took, err := s.signIn(t.Context())
					assert.NoError(t, err) //nolint:testifylint // not the test's goroutine
					assert.Less(t, took, time.Second)
					ways[min(1, len(login.Direct))].Add(1)
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		for range 4 {
			time.Sleep(700 * time.Millisecond)
			s.temporal.back.Store(!s.temporal.back.Load())
		}
		clients.Wait()
		require.Positive(t, ways[0].Load())
		require.Positive(t, ways[1].Load())
		require.EqualValues(t, 400, ways[0].Load()+ways[1].Load())
	})
}
