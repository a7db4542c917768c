package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

func TestPause(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	policy := &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: 15 * time.Minute}
	info := func(attempt int32, p *temporal.RetryPolicy) activity.Info {
		return activity.Info{
			Attempt: attempt, RetryPolicy: p, ScheduledTime: began,
			ScheduleToCloseTimeout: 72 * time.Hour, StartToCloseTimeout: 40 * time.Second,
		}
	}
	tests := map[string]struct {
		asked time.Duration
		info  activity.Info
		now   time.Duration // since the first attempt
		want  time.Duration
	}{
		"what the receiver asks for":            {asked: 2 * time.Minute, info: info(1, policy), want: 2 * time.Minute},
		"no sooner than without its word":       {asked: 2 * time.Minute, info: info(8, policy), want: 0},
		"the longest pause of the policy":       {asked: 16 * time.Minute, info: info(500, policy), want: 16 * time.Minute},
		"a day is an hour":                      {asked: 24 * time.Hour, info: info(1, policy), want: time.Hour},
		"a policy of longer pauses":             {asked: 5 * time.Hour, info: info(1, &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 3 * time.Hour}), want: 3 * time.Hour},
		"one more attempt fits":                 {asked: time.Hour, info: info(1, policy), now: 71*time.Hour + 30*time.Minute, want: 29*time.Minute + 20*time.Second},
		"no time is left":                       {asked: time.Hour, info: info(1, policy), now: 72*time.Hour - time.Second, want: 0},
		"a server that does not say its policy": {asked: time.Minute, info: info(3, nil), want: time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, pause(tt.asked, tt.info, began.Add(tt.now)))
		})
	}
}
