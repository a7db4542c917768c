package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (f fixture) audit(t *testing.T, id, actor, target string) everlatch.AuditEntry {
	t.Helper()
	e := everlatch.AuditEntry{
		ID: id, ActorType: "user", ActorID: actor, APIKeyID: "apk_1", Method: "POST", Action: "/admin/users/:id", TargetID: target, PartID: "part",
		Network: "192.0.2.0/24", RequestID: "req_" + id,
	}
	begun, err := f.BeginAudit(t.Context(), e)
	require.NoError(t, err)
	e.CreatedAt = f.clock.Now().Truncate(time.Microsecond)
	require.Equal(t, e, begun)
	return begun
}

func TestAudit(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		begun := f.audit(t, "a1", "user_1", "cus_1")
		_, err := f.BeginAudit(t.Context(), everlatch.AuditEntry{ID: "a1", ActorID: "user_9"})
		require.NoError(t, err, "again")
		f.clock.Advance(time.Hour)
		second := f.audit(t, "a2", "user_1", "")
		f.clock.Advance(time.Hour)
		third := f.audit(t, "a3", "user_2", "cus_1")
		second.Status, second.Outcome, second.FlowID, second.TargetID = new(200), everlatch.AuditDone, "flow/1", "cus_2"
		require.NoError(t, f.EndAudit(t.Context(), second))
		again := second
		again.Status, again.Outcome, again.TargetID = new(500), everlatch.AuditFailed, "cus_3"
		require.NoError(t, f.EndAudit(t.Context(), again), "only the first outcome counts")
		third.Status, third.Outcome = new(403), everlatch.AuditRefused
		moved := third
		moved.TargetID = "cus_9"
		require.NoError(t, f.EndAudit(t.Context(), moved), "a target that is known stays")

		for name, test := range map[string]struct {
			filter store.AuditFilter
			want   []everlatch.AuditEntry
		}{
			"all, the latest first": {store.AuditFilter{}, []everlatch.AuditEntry{third, second, begun}},
			"an actor":              {store.AuditFilter{ActorID: "user_1"}, []everlatch.AuditEntry{second, begun}},
			"a target":              {store.AuditFilter{TargetID: "cus_1"}, []everlatch.AuditEntry{third, begun}},
			"a request":             {store.AuditFilter{RequestID: "req_a2"}, []everlatch.AuditEntry{second}},
			"another action":        {store.AuditFilter{Action: "/admin/users"}, []everlatch.AuditEntry{}},
			"refused":               {store.AuditFilter{Outcome: new("refused")}, []everlatch.AuditEntry{third}},
			"unknown":               {store.AuditFilter{Outcome: new("")}, []everlatch.AuditEntry{begun}},
			"a range":               {store.AuditFilter{From: second.CreatedAt, Until: third.CreatedAt}, []everlatch.AuditEntry{second}},
		} {
			got, count, err := f.Audit(t.Context(), test.filter, store.Page{})
			require.NoError(t, err, name)
			require.Equal(t, test.want, got, name)
			require.Equal(t, len(test.want), count, name)
		}
		_, _, err = f.Audit(t.Context(), store.AuditFilter{}, store.Page{Order: "actor_id"})
		require.ErrorIs(t, err, everlatch.ErrInvalidData)

		f.clock.Advance(store.DefaultAuditRetention - time.Hour)
		swept, err := f.Sweep(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, 1, swept.Audit, "no more than the limit at once")
		swept, err = f.Sweep(t.Context(), 100)
		require.NoError(t, err)
		require.Equal(t, 1, swept.Audit)
		_, left, err := f.Audit(t.Context(), store.AuditFilter{}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, left)
		f.SetAuditRetention(0)
		f.clock.Advance(10 * store.DefaultAuditRetention)
		swept, err = f.Sweep(t.Context(), 100)
		require.NoError(t, err)
		require.Zero(t, swept.Audit, "0 keeps it forever")
	})
}

// One of many outcomes of an entry is kept.
func TestAuditEndsOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		e := f.audit(t, "a1", "user_1", "cus_1")
		var wg sync.WaitGroup
		var failed atomic.Int32
		for i := range 50 {
			wg.Go(func() {
				mine := e
				mine.Status, mine.Outcome, mine.FlowID = new(200+i), everlatch.AuditDone, fmt.Sprint("flow/", 200+i)
				if f.EndAudit(t.Context(), mine) != nil {
					failed.Add(1)
				}
			})
		}
		wg.Wait()
		require.Zero(t, failed.Load())
		got, _, err := f.Audit(t.Context(), store.AuditFilter{}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint("flow/", *got[0].Status), got[0].FlowID, "both are of the same one")
	})
}
