package app_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

func TestErasersAreNamedOnce(t *testing.T) {
	t.Parallel()
	erase := func(context.Context, everlatch.Erasure) error { return nil }
	for name, tt := range map[string]struct {
		opts []app.Option
		want string
	}{
		"two of a name":      {[]app.Option{app.WithEraser("crm", erase), app.WithEraser("crm", erase)}, `the name "crm" of an eraser is given twice`},
		"without a name":     {[]app.Option{app.WithEraser("", erase)}, "a name and a function are needed"},
		"without a function": {[]app.Option{app.WithEraser("crm", nil)}, "a name and a function are needed"},
		"two":                {[]app.Option{app.WithEraser("crm", erase), app.WithEraser("shop", erase)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := config.Load(config.Sources{Flags: map[string]any{
				"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
			}})
			require.NoError(t, err)
			require.NoError(t, cfg.Generate(""))
			a, err := app.New(t.Context(), cfg, append(tt.opts, app.WithMigrations())...)
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			require.NoError(t, a.Close())
		})
	}
}
