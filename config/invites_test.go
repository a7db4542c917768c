package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func TestInvites(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{})
	require.NoError(t, err)
	require.Equal(t, config.Invites{}, cfg.Invites, "as long as a token, for the invited address alone")

	cfg, err = config.Load(config.Sources{File: write(t, "invites: {valid_duration: 7d, any_email: true}\n")})
	require.NoError(t, err)
	require.Equal(t, config.Invites{ValidDuration: config.Span(7 * 24 * time.Hour), AnyEmail: true}, cfg.Invites)

	_, err = config.Load(config.Sources{File: write(t, "invites: {valid_duration: 10ms}\n")})
	require.ErrorContains(t, err, "invites.valid_duration")
	require.ErrorContains(t, err, "too short, 1s is the least")
	_, err = config.Load(config.Sources{File: write(t, "invites: {valid_duration: -1}\n")})
	require.ErrorContains(t, err, "invites.valid_duration")
}
