package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/actortest"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/store"
)

func TestWhoWorksAbroadSpeaksALanguage(t *testing.T) {
	t.Parallel()

	abroad := everlatch.Metadata{"region": "abroad"}
	require.ErrorIs(t, speaks(t.Context(), abroad), everlatch.ErrInvalidData)
	abroad["languages"] = []any{"pl"}
	require.NoError(t, speaks(t.Context(), abroad))
	require.NoError(t, speaks(t.Context(), everlatch.Metadata{"region": "north"}))
}

// The definition is kept as its fields say.
func TestManagersAreKept(t *testing.T) {
	t.Parallel()

	complete, err := managers().Complete()
	require.NoError(t, err)
	actortest.Run(t, actortest.Subject{
		Type: complete,
		New: func(t *testing.T) everlatch.ActorStore {
			t.Helper()
			s, err := store.Open(t.Context(), "sqlite://:memory:", time.Now)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			require.NoError(t, s.Migrate(t.Context()))
			return s.Records(complete)
		},
		Ada:   everlatch.Metadata{"email": "ada@example.com", "name": "Ada", "region": "abroad", "languages": []any{"en"}, "approved": true},
		Grace: everlatch.Metadata{"email": "grace@example.com", "name": "Grace", "region": "north", "languages": []any{}, "approved": false},
	})
}

// How it behaves when it runs, package e2e shows: TestManagers.
func TestTheServiceAssembles(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))

	a, err := newApp(t.Context(), cfg, nil)

	require.NoError(t, err)
	require.NotNil(t, a.Actors("manager"))
	require.Nil(t, a.Actors("customer"))
	require.NoError(t, a.Close())
}
