package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/actortest"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

func TestRequireLanguage(t *testing.T) {
	t.Parallel()

	manager := everlatch.Metadata{"region": "abroad"}
	require.ErrorIs(t, requireLanguage(t.Context(), manager), everlatch.ErrInvalidData)
	manager["languages"] = []any{"pl"}
	require.NoError(t, requireLanguage(t.Context(), manager))
	require.NoError(t, requireLanguage(t.Context(), everlatch.Metadata{"region": "north"}))
}

// The default store passes the actor store suite with these fields.
func TestManagersAreStored(t *testing.T) {
	t.Parallel()

	complete, err := managers().Complete()
	require.NoError(t, err)
	actortest.Run(t, actortest.Subject{
		Type: complete,
		New: func(t *testing.T) everlatch.ActorStore {
			t.Helper()
			return newApp(t).Actors("manager")
		},
		Ada:   everlatch.Metadata{"email": "ada@example.com", "name": "Ada", "region": "abroad", "languages": []any{"en"}, "approved": true},
		Grace: everlatch.Metadata{"email": "grace@example.com", "name": "Grace", "region": "north", "languages": []any{}, "approved": false},
	})
}

// TestManagers of package e2e shows how the service behaves when it runs.
func TestTheServiceAssembles(t *testing.T) {
	t.Parallel()

	a := newApp(t)

	require.NotNil(t, a.Actors("manager"))
	require.Nil(t, a.Actors("customer"))
}

// newApp returns the service with an empty database. It is closed with the test.
func newApp(t *testing.T) *app.App {
	t.Helper()
	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	a, err := app.New(t.Context(), cfg, append(options(), app.WithMigrations())...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}
