package actortest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

func paged(t *testing.T, s Subject, store everlatch.ActorStore) {
	require.Empty(t, listed(t, store, everlatch.ActorQuery{}))
	s.create(t, store, ada, s.Ada)
	s.create(t, store, grace, s.Grace)

	for _, tt := range []struct {
		limit, offset int
		want          []string
	}{{0, 0, []string{ada, grace}}, {1, 0, []string{ada}}, {1, 1, []string{grace}}, {0, 1, []string{grace}}, {5, 9, []string{}}} {
		records, count, err := store.List(t.Context(), everlatch.ActorQuery{Limit: tt.limit, Offset: tt.offset})
		require.NoError(t, err)
		require.Equal(t, 2, count, "on all pages")
		got := []string{}
		for _, r := range records {
			got = append(got, r.ID)
		}
		require.Equal(t, tt.want, got, "limit %d, offset %d", tt.limit, tt.offset)
	}
}

func filtered(t *testing.T, s Subject, store everlatch.ActorStore) {
	r := s.create(t, store, ada, s.Ada)
	s.create(t, store, grace, s.Grace)

	require.Equal(t, []string{grace}, listed(t, store, everlatch.ActorQuery{IDs: []string{grace, third}}))
	both, none := []string{ada, grace}, []string{}
	require.Equal(t, both, listed(t, store, everlatch.ActorQuery{CreatedAt: everlatch.TimeRange{From: past(), Until: future()}}))
	require.Equal(t, none, listed(t, store, everlatch.ActorQuery{CreatedAt: everlatch.TimeRange{From: future()}}))
	require.Equal(t, none, listed(t, store, everlatch.ActorQuery{UpdatedAt: everlatch.TimeRange{Until: past()}}))
	require.Contains(t, listed(t, store, everlatch.ActorQuery{UpdatedAt: everlatch.TimeRange{From: r.UpdatedAt}}), ada)
	for _, f := range s.Type.Fields {
		value, other := s.Ada[f.Name], s.Grace[f.Name]
		if value == nil || f.Kind == everlatch.FieldObject || f.Kind == everlatch.FieldList {
			continue
		}
		equal := map[string][]any{f.Name: {value}}
		require.Equal(t, []string{ada}, listed(t, store, everlatch.ActorQuery{Equal: equal}), f.Name)
		if other != nil {
			equal[f.Name] = append(equal[f.Name], other)
			require.Equal(t, both, listed(t, store, everlatch.ActorQuery{Equal: equal}), f.Name)
		}
		text, ok := value.(string)
		if !ok || !f.Searchable || len(text) < 4 {
			continue
		}
		part := strings.ToUpper(text[1:])
		require.Equal(t, []string{ada}, listed(t, store, everlatch.ActorQuery{Q: part}), "q=%s", part)
		require.Equal(t, none, listed(t, store, everlatch.ActorQuery{Q: part + " nowhere"}), "every word counts")
		require.Equal(t, none, listed(t, store, everlatch.ActorQuery{Q: "%"}), "no wildcards")
	}
}

func ordered(t *testing.T, s Subject, store everlatch.ActorStore) {
	s.create(t, store, grace, s.Grace)
	s.create(t, store, ada, s.Ada)

	require.Equal(t, []string{ada, grace}, listed(t, store, everlatch.ActorQuery{}))
	require.Equal(t, []string{grace, ada}, listed(t, store, everlatch.ActorQuery{Order: "-id"}))
	for _, name := range []string{"created_at", "-updated_at"} { // which may be the same instant
		require.ElementsMatch(t, []string{ada, grace}, listed(t, store, everlatch.ActorQuery{Order: name}))
	}
	for _, f := range s.Type.Fields {
		if f.Kind == everlatch.FieldObject || f.Kind == everlatch.FieldList {
			continue
		}
		up := listed(t, store, everlatch.ActorQuery{Order: f.Name})
		down := listed(t, store, everlatch.ActorQuery{Order: "-" + f.Name})
		require.Len(t, up, 2, f.Name)
		require.Equal(t, []string{up[1], up[0]}, down, f.Name)
	}
	_, _, err := store.List(t.Context(), everlatch.ActorQuery{Order: "id; DROP TABLE x"})
	require.ErrorIs(t, err, everlatch.ErrInvalidData)
}

func listedDeleted(t *testing.T, s Subject, store everlatch.ActorStore) {
	s.create(t, store, ada, s.Ada)
	s.create(t, store, grace, s.Grace)
	_, err := store.Remove(t.Context(), ada, "flow/1")
	require.NoError(t, err)

	require.Equal(t, []string{grace}, listed(t, store, everlatch.ActorQuery{}))
	all := listed(t, store, everlatch.ActorQuery{WithDeleted: true})
	if s.Forgets {
		require.Equal(t, []string{grace}, all)
		return
	}
	require.Equal(t, []string{ada, grace}, all)
	records, _, err := store.List(t.Context(), everlatch.ActorQuery{WithDeleted: true, IDs: []string{ada}})
	require.NoError(t, err)
	require.NotNil(t, records[0].DeletedAt)
}
