package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
)

// removedElsewhere is the unit of a record that was removed elsewhere at a time.
func removedElsewhere(at time.Time, record transfer.Record) transfer.Unit {
	return transfer.Unit{Removed: true, ChangedAt: at, Records: []transfer.Record{record}}
}

// TestImportRemovals removes what was removed where it comes from, unless it was changed
// here after that.
func TestImportRemovals(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		_, _, err := f.ImportUnits(t.Context(), lines(t, houseLines), plainKeys("a"))
		require.NoError(t, err)
		before, after := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, -1), f.clock.Now().AddDate(10, 0, 0)
		take := func(at time.Time, record transfer.Record) (store.ImportCounts, []store.ImportIssue) {
			counts, issues, err := f.ImportUnits(t.Context(), []transfer.Unit{removedElsewhere(at, record)}, plainKeys("a"))
			require.NoError(t, err)
			return counts, issues
		}
		records := []transfer.Record{
			{"type": "role_parent", "role_id": "role_1", "parent_id": "role_2"},
			{"type": "role", "id": "role_2"},
			{"type": "policy", "key": "product:read"},
			{"type": "identity", "id": "authid_1"},
			{"type": "customer", "id": "cus_1"},
			{"type": "user", "id": "user_1"},
			{"type": "invite", "id": "invite_1"},
			{"type": "api_key", "id": "apk_1"},
			{"type": "customer_group", "id": "cusgroup_1"},
			{"type": "actor", "id": "mana_1"},
		}
		for _, r := range records {
			counts, issues := take(before, r)
			require.Equal(t, store.ImportCounts{Refused: 1}, counts, r)
			require.Equal(t, "The record was removed where it comes from, and changed here after that.", issues[0].Reason)
		}
		for _, r := range records {
			counts, issues := take(after, r)
			require.Empty(t, issues, r)
			require.Equal(t, store.ImportCounts{Removed: 1}, counts, r)
		}
		left := strings.Join(exported(t, f, plainKeys("a")), "")
		for _, r := range records {
			counts, _ := take(after, r)
			require.Zero(t, counts, "again: %v", r)
			if id := r.ID(); id != "" {
				require.NotContains(t, left, `"id":"`+id+`"`)
			}
		}
		require.NotContains(t, left, "role_parent")
		require.Contains(t, left, `"id":"authid_2"`)
	})
}

// TestImportRemovalEndsTokens: the tokens of a removed customer end, and the identity is no
// newer than what will be imported of it.
func TestImportRemovalEndsTokens(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		_, _, err := f.ImportUnits(t.Context(), lines(t, houseLines), plainKeys("a"))
		require.NoError(t, err)
		version := f.standing(t, "authid_1", "customer").CredentialVersion
		unlinked := lines(t, strings.Split(strings.TrimSpace(houseLines), "\n")[8])[0]
		delete(unlinked.Records[0], "actors")
		at := time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
		unlinked.ChangedAt = at
		for _, u := range []transfer.Unit{removedElsewhere(at, transfer.Record{"type": "customer", "id": "cus_1"}), unlinked} {
			counts, issues, err := f.ImportUnits(t.Context(), []transfer.Unit{u}, plainKeys("a"))
			require.NoError(t, err)
			require.Empty(t, issues)
			require.Equal(t, int64(1), counts.Removed+counts.Updated)
		}
		require.Equal(t, version+1, f.standing(t, "authid_1", "customer").CredentialVersion)
		for _, line := range exported(t, f, plainKeys("a")) {
			if strings.Contains(line, `"type":"identity"`) {
				require.NotContains(t, line, `"actor_id":"cus_1"`)
			}
		}
	})
}

// TestImportKeepsTheLastSuperAdmin, and what is built in.
func TestImportKeepsTheLastSuperAdmin(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		_, err := f.CreateUser(t.Context(), everlatch.User{ID: "user_1", Email: "root@example.com"}, everlatch.Event{})
		require.NoError(t, err)
		_, err = f.SetUpRBAC(t.Context(), nil)
		require.NoError(t, err)
		at := f.clock.Now().AddDate(1, 0, 0)
		counts, issues, err := f.ImportUnits(t.Context(), []transfer.Unit{
			removedElsewhere(at, transfer.Record{"type": "user", "id": "user_1"}), removedElsewhere(at, transfer.Record{"type": "role", "id": everlatch.RoleSuperAdmin}),
			removedElsewhere(at, transfer.Record{"type": "policy", "key": "*:*"}),
			{ChangedAt: at, Records: []transfer.Record{{"type": "policy", "id": "rpol_x", "key": "*:*", "resource": "*", "operation": "*", "name": "Other"}}},
		}, plainKeys("a"))
		require.NoError(t, err)
		require.Equal(t, store.ImportCounts{Refused: 1, Skipped: 1}, counts)
		require.Equal(t, "The record was removed where it comes from. It is the last super administrator here.", issues[0].Reason)
	})
}

// TestSaltedKeys are found by their redacted token while they are live, and replaced once.
func TestSaltedKeys(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		_, _, err := f.ImportUnits(t.Context(), lines(t, `
{"type":"api_key","id":"apk_1","title":"a","kind":"secret","token":"slow1","salt":"s1","redacted":"sk_abc***def"}
{"type":"api_key","id":"apk_2","title":"b","kind":"secret","token":"slow2","salt":"s2","redacted":"sk_abc***def"}
{"type":"api_key","id":"apk_3","title":"c","kind":"secret","token":"slow3","salt":"s3","redacted":"sk_abc***def","revoked_at":"2020-01-01T00:00:00Z"}
{"type":"api_key","id":"apk_4","title":"d","kind":"secret","token":"fast4","redacted":"sk_abc***def"}
`), plainKeys("a"))
		require.NoError(t, err)
		keys, err := f.SaltedKeys(t.Context(), "sk_abc***def")
		require.NoError(t, err)
		require.Equal(t, []store.SaltedKey{{ID: "apk_1", Hash: "slow1", Salt: "s1"}, {ID: "apk_2", Hash: "slow2", Salt: "s2"}}, keys)
		for range 2 {
			require.NoError(t, f.ReplaceSalted(t.Context(), keys[0], "fast1"))
		}
		found, err := f.SecretKey(t.Context(), "fast1")
		require.NoError(t, err)
		require.Equal(t, "apk_1", found.ID)
		require.ErrorIs(t, f.ReplaceSalted(t.Context(), keys[1], "fast1"), everlatch.ErrNotFound, "another key has this token")
		keys, err = f.SaltedKeys(t.Context(), "sk_abc***def")
		require.NoError(t, err)
		require.Len(t, keys, 1)
		require.Contains(t, strings.Join(exported(t, f, plainKeys("a")), ""), `"salt":"s2"`)
	})
}
