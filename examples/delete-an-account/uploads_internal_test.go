package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

func TestErase(t *testing.T) {
	t.Parallel()

	folder := filepath.Join(t.TempDir(), "uploads")
	uploads := Uploads{Folder: folder}
	ada := everlatch.Erasure{ActorType: everlatch.ActorCustomer, ActorID: "cus_1"}
	require.ErrorContains(t, uploads.Erase(t.Context(), ada), "the storage is unavailable", "which is no confirmation")

	for _, id := range []string{"cus_1", "cus_2"} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, id), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, id, "photo.jpg"), []byte("…"), 0o600))
	}
	root := everlatch.Erasure{ActorType: everlatch.ActorUser, ActorID: "cus_2"}
	for range 2 { // it may be called again after it succeeded
		require.NoError(t, uploads.Erase(t.Context(), ada))
		require.NoError(t, uploads.Erase(t.Context(), root))
	}
	require.NoDirExists(t, filepath.Join(folder, "cus_1"))
	require.FileExists(t, filepath.Join(folder, "cus_2", "photo.jpg"), "another customer's")
}

func TestTheServiceAssembles(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	a, err := app.New(t.Context(), cfg, append(options(Uploads{}), app.WithMigrations())...)
	require.NoError(t, err)
	require.NoError(t, a.Close())
}
