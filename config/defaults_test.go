package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func TestDefaultsOfAProgram(t *testing.T) {
	t.Parallel()

	sources := config.Sources{Defaults: map[string]any{"data.dir": "mine"}}
	cfg, err := config.Load(sources)
	require.NoError(t, err)
	require.Equal(t, "mine", cfg.Data.Dir)
	require.Equal(t, "127.0.0.1:9000", cfg.HTTP.Address)

	sources.Environ = []string{"EVERLATCH_DATA_DIR=theirs"}
	cfg, err = config.Load(sources)
	require.NoError(t, err)
	require.Equal(t, "theirs", cfg.Data.Dir)
}
