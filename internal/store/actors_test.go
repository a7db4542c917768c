package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/actortest"
	"github.com/everlatch/everlatch/internal/store"
)

// managerType has a field of every kind.
func managerType(tb testing.TB) everlatch.ActorType {
	tb.Helper()
	t, err := everlatch.ActorType{Name: "manager", Fields: []everlatch.Field{
		{Name: "email", Kind: everlatch.FieldEmail, Unique: true, Searchable: true},
		{Name: "name", Kind: everlatch.FieldString, Searchable: true},
		{Name: "grade", Kind: everlatch.FieldInteger, Unique: true},
		{Name: "score", Kind: everlatch.FieldNumber},
		{Name: "active", Kind: everlatch.FieldBoolean},
		{Name: "born", Kind: everlatch.FieldDate},
		{Name: "seen", Kind: everlatch.FieldTime},
		{Name: "prefs", Kind: everlatch.FieldObject},
		{Name: "tags", Kind: everlatch.FieldList},
	}}.Complete()
	require.NoError(tb, err)
	return t
}

func adaAndGrace() (ada, grace everlatch.Metadata) {
	ada = everlatch.Metadata{
		"email": "Ada@Example.com", "name": "Ada Lovelace", "grade": 9.0, "score": -1.5, "active": false,
		"born": "1815-12-10", "seen": "2026-11-24T01:00:00.000Z", "prefs": map[string]any{"a": 1.0}, "tags": []any{"x", "y"},
	}
	grace = everlatch.Metadata{
		"email": "grace@example.com", "name": "Grace Hopper", "grade": 10.0, "score": 2.5, "active": true,
		"born": "1906-12-09", "seen": "2026-11-24T02:00:00.000Z", "prefs": map[string]any{"b": 2.0}, "tags": []any{},
	}
	return ada, grace
}

func TestRecords(t *testing.T) {
	t.Parallel()

	engines := map[string]func(t *testing.T) string{"sqlite": func(*testing.T) string { return "sqlite://:memory:" }}
	if !postgresMissing() {
		engines["postgres"] = func(t *testing.T) string { t.Helper(); return postgresURL(t) }
	}
	for name, url := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ada, grace := adaAndGrace()
			actortest.Run(t, actortest.Subject{
				Type: managerType(t), Ada: ada, Grace: grace,
				New: func(t *testing.T) everlatch.ActorStore {
					t.Helper()
					return open(t, url(t)).Records(managerType(t))
				},
			})
		})
	}
}

func TestRecordsOfOurOwn(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"a value that is taken is named as it was written": func(t *testing.T, f fixture) {
			f.manager(t, "mana_1", everlatch.Metadata{"email": "ada@example.com"})
			_, err := f.Records(managerType(t)).Create(t.Context(), everlatch.ActorRecord{ID: "mana_2", Data: everlatch.Metadata{"email": " ADA@example.com"}})
			requireError(t, err, everlatch.CodeInvalidData, store.ActorValueTaken, "model", "Manager", "field", "email", "value", " ADA@example.com")
			f.manager(t, "mana_3", everlatch.Metadata{"grade": 7.0})
			_, err = f.Records(managerType(t)).Create(t.Context(), everlatch.ActorRecord{ID: "mana_4", Data: everlatch.Metadata{"grade": 7.0}})
			requireError(t, err, everlatch.CodeInvalidData, store.ActorValueTaken, "model", "Manager", "field", "grade", "value", "7")
			require.Equal(t, 2, f.rows(t, "actor_record"), "a refused record is not there")
		},
		"types do not see each other": func(t *testing.T, f fixture) {
			other := managerType(t)
			other.Name = "courier"
			f.manager(t, "mana_1", everlatch.Metadata{"email": "ada@example.com"})
			couriers := f.Records(other)
			_, err := couriers.Find(t.Context(), "mana_1")
			requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "Courier", "id", "mana_1")
			_, err = couriers.Create(t.Context(), everlatch.ActorRecord{ID: "cour_1", Data: everlatch.Metadata{"email": "ada@example.com"}})
			require.NoError(t, err)
			removed, err := couriers.Remove(t.Context(), "mana_1", "flow")
			require.NoError(t, err)
			require.False(t, removed)
			require.NoError(t, couriers.Discard(t.Context(), "mana_1"))
			_, err = f.Records(managerType(t)).Find(t.Context(), "mana_1")
			require.NoError(t, err)
		},
		"numbers are ordered as numbers, and nothing comes last": func(t *testing.T, f fixture) {
			for id, grade := range map[string]any{"mana_1": 10.0, "mana_2": 9.0, "mana_3": nil} {
				f.manager(t, id, everlatch.Metadata{"grade": grade})
			}
			require.Equal(t, []string{"mana_2", "mana_1", "mana_3"}, f.managers(t, everlatch.ActorQuery{Order: "grade"}))
			require.Equal(t, []string{"mana_3", "mana_1", "mana_2"}, f.managers(t, everlatch.ActorQuery{Order: "-grade"}))
			_, _, err := f.Records(managerType(t)).List(t.Context(), everlatch.ActorQuery{Order: "prefs"})
			requireError(t, err, everlatch.CodeInvalidData, store.OrderInvalid, "field", "prefs")
		},
		"words are looked for in every field": func(t *testing.T, f fixture) {
			ada, grace := adaAndGrace()
			f.manager(t, "mana_1", ada)
			f.manager(t, "mana_2", grace)
			require.Equal(t, []string{"mana_1"}, f.managers(t, everlatch.ActorQuery{Q: "LOVELACE example"}))
			require.Empty(t, f.managers(t, everlatch.ActorQuery{Q: "1815"}), "a date is not searchable")
			require.Empty(t, f.managers(t, everlatch.ActorQuery{Equal: map[string][]any{"email": nil}}), "one of none")
		},
		"what no column holds is refused": func(t *testing.T, f fixture) {
			_, err := f.Records(managerType(t)).Create(t.Context(), everlatch.ActorRecord{ID: "mana_1", Data: everlatch.Metadata{"name": "\x00"}})
			requireError(t, err, everlatch.CodeInvalidData, store.TextInvalid)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func (f fixture) manager(tb testing.TB, id string, data everlatch.Metadata) {
	tb.Helper()
	_, err := f.Records(managerType(tb)).Create(tb.Context(), everlatch.ActorRecord{ID: id, Data: data})
	require.NoError(tb, err)
}

func (f fixture) managers(tb testing.TB, q everlatch.ActorQuery) []string {
	tb.Helper()
	records, _, err := f.Records(managerType(tb)).List(tb.Context(), q)
	require.NoError(tb, err)
	ids := []string{}
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return ids
}

// docs/weak-spots.md#w9, #w14: the tokens and sessions of every identity of an actor end, once.
func TestEndActor(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identities := []everlatch.AuthIdentity{f.identity(t, "ada@example.com"), f.identity(t, "ada@work.example.com")}
		for _, i := range identities {
			f.link(t, i.ID, "manager", "mana_1")
		}
		secret := f.session(t, identities[1].ID, "manager", "mana_1")
		end := func() error {
			return f.EndActor(t.Context(), store.Link{ActorType: "manager", ActorID: "mana_1", GroupID: "flow"},
				everlatch.Event{ID: "evt_1", Name: "manager.deleted", Data: everlatch.Metadata{"id": "mana_1"}})
		}

		require.NoError(t, end())
		f.clock.Advance(time.Minute)
		require.NoError(t, end(), "a step may run again")

		for _, i := range identities {
			require.Equal(t, i.CredentialVersion+1, f.standing(t, i.ID, "manager").CredentialVersion)
		}
		_, _, err := f.Session(t.Context(), secret)
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		names := f.eventNames(t, store.EventFilter{GroupID: "flow", Released: new(false)})
		require.ElementsMatch(t, []string{"manager.deleted", "auth.account_deleted", "auth.session_ended"}, names)
	})
}

// docs/weak-spots.md#w14: a removed actor has no standing, no matter how it was removed.
func TestStandingOfARemovedRecord(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		f.link(t, identity.ID, "manager", "mana_1")
		require.Equal(t, "mana_1", f.standing(t, identity.ID, "manager").ActorID, "kept elsewhere")
		f.manager(t, "mana_1", everlatch.Metadata{})
		require.Equal(t, "mana_1", f.standing(t, identity.ID, "manager").ActorID)
		records := f.Records(managerType(t))
		_, err := records.Remove(t.Context(), "mana_1", "flow")
		require.NoError(t, err)
		require.Empty(t, f.standing(t, identity.ID, "manager").ActorID)
		require.NoError(t, records.Restore(t.Context(), "mana_1", "flow"))
		require.Equal(t, "mana_1", f.standing(t, identity.ID, "manager").ActorID)
	})
}
