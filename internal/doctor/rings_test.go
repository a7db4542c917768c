package doctor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/doctor"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// rings makes the database have rings.
func rings(err error, have ...doctor.KeyRing) func(*testing.T, *doctor.Subject) {
	return func(_ *testing.T, s *doctor.Subject) {
		s.Keys = func(context.Context, *store.Store) ([]doctor.KeyRing, error) { return have, err }
	}
}

var ringWrongs = map[string]wrong{
	"a search without its index": {
		"database.search", doctor.Warning, database(withoutSearch), nil, `^missing: customer_search; .* every row$`, `^Run CREATE EXTENSION pg_trgm .* migrate up`,
	},
	"a ring without a key in use": {
		"database.keys", doctor.Fault, set(), rings(nil, doctor.KeyRing{Name: "jwt", Previous: []doctor.PreviousKey{{ID: "k1"}}}),
		`^no key is in use; nothing needs k1`, `everlatch keys retire jwt k1`,
	},
	"a key that is still needed": {
		"database.keys", doctor.Warning, set(),
		rings(nil, doctor.KeyRing{Name: "vault", Active: "k2", Previous: []doctor.PreviousKey{{ID: "k1", Needed: "3 × mfa_factor"}}}),
		`^key k2 is in use; k1 is still needed: 3 × mfa_factor$`, `^Wait until the schedule reseal .* .everlatch keys retire vault k1`,
	},
	"a key that can be retired": {
		"database.keys", doctor.Warning, set(), rings(nil, doctor.KeyRing{Name: "mfa", Active: "k2", Previous: []doctor.PreviousKey{{ID: "k1"}}}),
		`^key k2 is in use; nothing needs k1 any more$`, `^Run .everlatch keys retire mfa k1`,
	},
}

func TestKeyRings(t *testing.T) {
	t.Parallel()
	s := subject(t, production(storetest.URL(t)))
	rings(nil, doctor.KeyRing{Name: "jwt", Active: "k1"}, doctor.KeyRing{Name: "codec", Active: "k2"})(t, &s)
	good := found(examine(t, s), "database.keys", doctor.OK)
	require.Len(t, good, 2)
	require.Equal(t, "jwt", good[0].About)
	require.Equal(t, "key k1 is in use", good[0].Message)

	rings(errors.New("gone"))(t, &s)
	require.Contains(t, found(examine(t, s), "database.keys", doctor.Skipped)[0].Message, "gone")
	rings(nil)(t, &s)
	require.Len(t, found(examine(t, s), "database.keys", doctor.OK), 1, "a database that no process has used")
}

// withoutSearch is a database that lacks an index which searches need.
func withoutSearch(t *testing.T) string {
	t.Helper()
	if !storetest.HasPostgres() {
		t.Skip("needs PostgreSQL")
	}
	url := storetest.PostgresURL(t)
	db, err := store.Open(t.Context(), url, time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context()))
	_, err = db.DB().ExecContext(t.Context(), "DROP INDEX customer_search")
	require.NoError(t, err)
	return url
}
