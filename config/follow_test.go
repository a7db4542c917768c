package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func TestFollowAddress(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ address, set, want string }{
		"the default":              {"127.0.0.1:9000", "", "http://localhost:9000/app"},
		"another port":             {"127.0.0.1:4321", "", "http://localhost:4321/app"},
		"every address":            {":4321", "", "http://localhost:4321/app"},
		"a name":                   {"auth.test:80", "", "http://auth.test:80/app"},
		"an address that was set":  {"127.0.0.1:4321", "https://admin.example/app", "https://admin.example/app"},
		"an address that is wrong": {"nine thousand", "", "http://localhost:9000/app"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			cfg, err := config.Load(config.Sources{})
			require.NoError(t, err)
			if tt.set != "" {
				cfg.Mail.URLs["user"] = tt.set
			}

			cfg.FollowAddress(tt.address)

			require.Equal(t, tt.want, cfg.Mail.URLs["user"])
			require.Equal(t, "http://localhost:8000", cfg.Mail.URLs["customer"])
		})
	}
}

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
