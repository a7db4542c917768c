package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func TestDeletion(t *testing.T) {
	t.Parallel()
	load := func(key, value string) (config.Config, error) {
		return config.Load(config.Sources{Flags: map[string]any{key: value}})
	}
	cfg, err := config.Load(config.Sources{})
	require.NoError(t, err)
	require.Equal(t, 14*24*time.Hour, cfg.Deletion.Grace.Duration())
	require.Equal(t, 30*24*time.Hour, cfg.Deletion.Retention.Duration())
	for key, value := range map[string]string{"deletion.grace": "0", "deletion.retention": "0"} {
		_, err = load(key, value)
		require.NoError(t, err)
	}
	_, err = load("deletion.retention", "48h")
	require.NoError(t, err)
	_, err = load("deletion.retention", "47h")
	require.ErrorContains(t, err, "deletion.retention", "a removal might still have to bring it back")
	_, err = load("deletion.grace", "-1s")
	require.ErrorContains(t, err, "deletion.grace")
}
