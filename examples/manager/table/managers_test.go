package table_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/actortest"
	"github.com/everlatch/everlatch/examples/manager/table"
)

func TestManagers(t *testing.T) {
	t.Parallel()

	actortest.Run(t, actortest.Subject{
		Type: everlatch.ActorType{Name: "manager", Fields: []everlatch.Field{
			{Name: "email", Kind: everlatch.FieldEmail, Required: true, Unique: true, Searchable: true},
			{Name: "name", Kind: everlatch.FieldString, Required: true, Searchable: true},
		}},
		New: func(t *testing.T) everlatch.ActorStore {
			t.Helper()
			now := func() time.Time { return time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC) }
			managers, err := table.Open(t.Context(), filepath.Join(t.TempDir(), "managers.db"), now)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, managers.DB.Close()) })
			return managers
		},
		Ada:   everlatch.Metadata{"email": "ada@example.com", "name": "Ada Lovelace"},
		Grace: everlatch.Metadata{"email": "grace@example.com", "name": "Grace Hopper"},
	})
}
