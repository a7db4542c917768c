package app

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/imports/convert"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
)

// elsewhere keeps actors outside of the database.
type elsewhere struct{ everlatch.ActorStore }

// noKeys are for records without second factors.
type noKeys struct{}

func (noKeys) OpenFactor(_, _, _ string) ([]byte, error) { return nil, nil }
func (noKeys) SealFactor(_, _ string, _ []byte) string   { return "" }

// TestImportedActors: users of another system become records of a custom type that the
// store finds by its values, and what such a record would not accept is refused.
func TestImportedActors(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	s, err := store.Open(t.Context(), "sqlite://:memory:", func() time.Time { return now })
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	types, err := completeTypes([]everlatch.ActorType{
		{Name: "manager", Fields: []everlatch.Field{
			{Name: "email", Kind: everlatch.FieldEmail, Required: true, Unique: true},
			{Name: "name", Kind: everlatch.FieldString, Required: true},
			{Name: "level", Kind: everlatch.FieldInteger},
		}},
		{Name: "vendor", Store: elsewhere{}, Fields: []everlatch.Field{{Name: "email", Kind: everlatch.FieldEmail}}},
	})
	require.NoError(t, err)
	a := &App{store: s, prepared: prepared{actorTypes: types}}
	a.keepActors()

	const users = `{"id":"1","email":"Ada@example.com","name":"Ada","metadata":{"level":3,"shop":"x"}}
{"id":"2","email":"ADA@example.com","name":"Twice"}
{"id":"3","email":"grace@example.com"}
{"id":"4","email":"edith@example.com","name":"Edith","metadata":{"level":"high"}}
{"id":"5","email":"v@example.com","actor_type":"vendor"}
{"id":"6","email":"w@example.com","actor_type":"vendor","actor_id":"w1"}
{"id":"7","email":"x@example.com","actor_type":"robot"}`
	read := func() (out []transfer.Unit) {
		for u, err := range convert.NDJSON(strings.NewReader(users), nil, convert.Options{ActorType: "manager", Actors: a.ImportedActors, Now: now}) {
			require.NoError(t, err)
			out = append(out, u)
		}
		return out
	}
	counts, issues, err := s.ImportUnits(t.Context(), read(), noKeys{})
	require.NoError(t, err)
	require.Equal(t, store.ImportCounts{Created: 3, Refused: 5}, counts, "%v", issues)
	var reasons []string
	for _, issue := range issues {
		if issue.Refused {
			reasons = append(reasons, issue.Reason)
		}
	}
	require.Len(t, reasons, 5)
	require.Equal(t, "Another record has a value that must be unique.", reasons[0])
	require.Contains(t, reasons[1], "The record does not fit the fields of a manager: ")
	require.Contains(t, reasons[2], "level")
	require.Contains(t, reasons[3], "kept elsewhere")
	require.Equal(t, `There is no actor type "robot".`, reasons[4])

	found, count, err := a.Actors("manager").List(t.Context(), everlatch.ActorQuery{Equal: map[string][]any{"email": {"ada@EXAMPLE.com"}, "level": {3.0}}})
	require.NoError(t, err)
	require.Equal(t, 1, count)
	require.Equal(t, "Ada", found[0].Data["name"])
	again, _, err := s.ImportUnits(t.Context(), read(), noKeys{})
	require.NoError(t, err)
	require.Equal(t, store.ImportCounts{Skipped: 3, Refused: 5}, again)
	_, err = a.ImportedActors("robot")
	require.ErrorContains(t, err, "there is no actor type")
}
