package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
)

// TestOriginRecords: what was imported from where is remembered with the time up to which
// the record here is what was given, and forgotten with its removal.
func TestOriginRecords(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		unit := func(id, name string, changed time.Time) transfer.Unit {
			return transfer.Unit{Origin: "medusa/1", ChangedAt: changed, Records: []transfer.Record{{"type": "customer", "id": id, "first_name": name}}}
		}
		take := func(units ...transfer.Unit) store.ImportCounts {
			counts, _, err := f.ImportUnits(t.Context(), units, plainKeys("a"))
			require.NoError(t, err)
			return counts
		}
		known := func(origin, after string, limit int) (out []store.OriginRecord) {
			out, err := f.OriginRecords(t.Context(), origin, "customer", after, limit)
			require.NoError(t, err)
			return out
		}
		now := f.clock.Now()
		ahead, old := now.Add(time.Hour), now.AddDate(-1, 0, 0)
		elsewhere := unit("cus_4", "Grace", old)
		elsewhere.Origin = "medusa/2"
		unknown := unit("cus_5", "Grace", old)
		unknown.Origin = ""
		refused := unit("cus_6", "a\x00b", old)
		require.Equal(t, store.ImportCounts{Created: 5, Refused: 1},
			take(unit("cus_1", "Ada", old), unit("cus_2", "Bob", ahead), unit("cus_3", "Cy", old), elsewhere, unknown, refused))
		first := []store.OriginRecord{{Key: "cus_1", At: now}, {Key: "cus_2", At: ahead}, {Key: "cus_3", At: now}}
		require.Equal(t, first, known("medusa/1", "", 10))
		require.Equal(t, first[:2], known("medusa/1", "", 2))
		require.Equal(t, first[2:], known("medusa/1", "cus_2", 2))
		require.Equal(t, []store.OriginRecord{{Key: "cus_4", At: now}}, known("medusa/2", "", 10))

		f.clock.Advance(time.Minute)
		_, err := f.UpdateCustomer(t.Context(), "cus_3", store.CustomerPatch{LastName: store.To(new("Here"))})
		require.NoError(t, err)
		f.clock.Advance(time.Minute)
		gone := unit("cus_1", "", f.clock.Now())
		gone.Removed, gone.Records[0] = true, transfer.Record{"type": "customer", "id": "cus_1"}
		require.Equal(t, store.ImportCounts{Removed: 1, Updated: 1, Skipped: 2},
			take(gone, unit("cus_2", "Bert", ahead), unit("cus_3", "Cy", old), unit("cus_5", "Grace", old)))
		require.Equal(t, []store.OriginRecord{{Key: "cus_2", At: ahead}, {Key: "cus_3", At: now}, {Key: "cus_5", At: old}}, known("medusa/1", "", 10),
			"what was skipped is not taken to be what is there")
	})
}
