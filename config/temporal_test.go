package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func TestAcceptUnsealed(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 10, 12, 0, 0, 0, time.UTC)

	tests := map[string]struct {
		until, problem string
		want           time.Time
	}{
		"never":           {until: ""},
		"a few days":      {until: "2027-01-31", want: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
		"a day of YAML":   {until: "!!timestamp 2027-01-31", want: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
		"today":           {until: "2027-01-10", problem: "has passed"},
		"last year":       {until: "2026-12-31", problem: "has passed"},
		"a year ahead":    {until: "2028-01-10", problem: "more than 90 days ahead"},
		"for ever":        {until: "true", problem: "is not a day"},
		"the other order": {until: "31.01.2027", problem: "is not a day"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := config.Load(config.Sources{File: write(t, "temporal:\n  accept_unsealed_until: "+tt.until+"\n")})
			require.NoError(t, err)

			got, err := cfg.Temporal.AcceptUnsealed(now)

			if tt.problem != "" {
				require.ErrorContains(t, err, "temporal.accept_unsealed_until")
				require.ErrorContains(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestQueues(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{Environ: []string{
		"EVERLATCH_TEMPORAL_TASK_QUEUE=shop", "EVERLATCH_WORKER_QUEUES=slow,deliveries", "EVERLATCH_WORKER_API_QUEUES=",
	}})
	require.NoError(t, err)
	require.Equal(t, "shop", cfg.Temporal.TaskQueue)
	require.Equal(t, []string{"slow", "deliveries"}, cfg.Worker.Queues)

	for flag, value := range map[string]string{
		"worker.queues": "[fast]", "worker.api_queues": "[interactive, mail]", "temporal.task_queue": "shop-slow",
	} {
		_, err := config.Load(config.Sources{Flags: map[string]any{flag: value}})
		require.ErrorContains(t, err, flag)
	}
	_, err = config.Load(config.Sources{Flags: map[string]any{"worker.queues": "[]"}})
	require.ErrorContains(t, err, "at least one queue")
}

func TestDeployment(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(config.Sources{Environ: []string{
		"TEMPORAL_DEPLOYMENT_NAME=shop", "TEMPORAL_WORKER_BUILD_ID=v1.2.3", "EVERLATCH_TEMPORAL_DEPLOYMENT_PROMOTE=manual",
	}})
	require.NoError(t, err)
	require.Equal(t, config.Deployment{Name: "shop", BuildID: "v1.2.3", Promote: "manual"}, cfg.Temporal.Deployment)

	for key, value := range map[string]string{"name": "shop.example", "build_id": "a:b", "promote": "never"} {
		_, err := config.Load(config.Sources{Flags: map[string]any{"temporal.deployment." + key: value}})
		require.ErrorContains(t, err, "temporal.deployment."+key)
	}
}
