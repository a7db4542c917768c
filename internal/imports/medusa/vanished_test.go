package medusa_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/imports/medusa"
	"github.com/everlatch/everlatch/internal/medusatest"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
)

// run imports everything, as `everlatch import medusa` does without --follow.
func (m *move) run(t *testing.T, o medusa.Options) (store.ImportCounts, []store.ImportIssue) {
	t.Helper()
	return m.take(t, collected(t, m.open(t, o).All(t.Context())))
}

// TestVanishedBetweenRuns: rows that were deleted without a trace while no import looked
// are found by the next one, and nothing else is removed.
func TestVanishedBetweenRuns(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	// Another shop, and what was made here, are not missing in this one.
	other := &move{Shop: medusatest.Open(t), store: m.store}
	m.exec(t, "DELETE FROM customer_address; DELETE FROM api_key; DELETE FROM invite; DELETE FROM provider_identity WHERE entity_id <> 'gone@example.com'")
	m.exec(t, "UPDATE customer SET id = 'm' || id, email = 'm' || email; UPDATE auth_identity SET id = 'm' || id; UPDATE customer_group SET id = 'm' || id, name = 'm' || name")
	others, issues := other.run(t, other.options())
	require.Empty(t, issues)
	_, err := m.store.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_here", Email: new("here@example.com")}, everlatch.Event{})
	require.NoError(t, err)
	m.run(t, m.options())
	before := m.state(t, nil)

	m.exec(t, "DELETE FROM customer WHERE email LIKE 'mbob%'; DELETE FROM auth_identity WHERE id NOT IN (SELECT auth_identity_id FROM provider_identity)")
	counts, _ := m.run(t, m.options())
	after := m.state(t, nil)
	require.Equal(t, before[transfer.TypeCustomer]-1, after[transfer.TypeCustomer])
	require.Equal(t, counts.Removed, int64(before[transfer.TypeIdentity]-after[transfer.TypeIdentity]+1))
	require.Greater(t, counts.Removed, int64(3))
	again, _ := m.run(t, m.options())
	require.Zero(t, again.Removed)
	unchanged, issues := other.run(t, other.options())
	require.Empty(t, issues)
	require.Equal(t, store.ImportCounts{Skipped: others.Created}, unchanged)
	_, err = m.store.Customer(t.Context(), "cus_here")
	require.NoError(t, err)
}

// TestVanishedAndChangedHere: what was changed here since it was imported stays, also when
// it was imported again in between.
func TestVanishedAndChangedHere(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	m.run(t, m.options())
	m.clock.Advance(time.Second)
	_, err := m.store.UpdateCustomer(t.Context(), m.Ada, store.CustomerPatch{FirstName: store.To(new("Augusta"))})
	require.NoError(t, err)
	m.clock.Advance(time.Second)
	m.run(t, m.options())
	m.exec(t, "DELETE FROM customer_group_customer; DELETE FROM customer_address; DELETE FROM customer WHERE id = $1", m.Ada)
	counts, issues := m.run(t, m.options())
	require.Zero(t, counts.Removed)
	require.Contains(t, issues, store.ImportIssue{Type: transfer.TypeCustomer, Record: m.Ada, Refused: true, Reason: transfer.RemovedElsewhere})
	_, err = m.store.Customer(t.Context(), m.Ada)
	require.NoError(t, err)
}

// TestManyVanished: a database that has lost much, such as one that is not the right one,
// removes nothing of the type unless that is allowed.
func TestManyVanished(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	m.exec(t, "INSERT INTO customer (id, email) SELECT 'cus_' || n, n || '@example.com' FROM generate_series(1, 1200) n") // several pages
	f := m.source.Follow()
	m.pass(t, f, true)
	m.exec(t, "DELETE FROM customer WHERE id LIKE 'cus_1%'; DELETE FROM api_key WHERE type = 'secret'")
	held := func(gone int) store.ImportIssue {
		return store.ImportIssue{Type: transfer.TypeCustomer, Refused: true, Reason: fmt.Sprintf(transfer.TooManyVanished, gone, 1206, 10)}
	}
	_, counts := m.pass(t, f, true)
	require.Equal(t, store.ImportCounts{Refused: 1, Removed: 2}, counts, "the other types")
	require.Contains(t, f.Issues(), held(312))

	m.exec(t, "INSERT INTO customer (id, email) SELECT 'cus_' || n, n || '@example.com' FROM generate_series(1000, 1200) n")
	_, counts = m.pass(t, f, true)
	require.Equal(t, int64(111), counts.Removed, "the rest is few enough")
	require.NotContains(t, reasons(f.Issues(), true), held(312).Reason)

	m.exec(t, "DELETE FROM customer WHERE id LIKE 'cus_1%'")
	none, all := m.options(), m.options()
	none.MaxRemoved, all.MaxRemoved = 0, 100
	m.exec(t, "DELETE FROM invite")
	counts, issues := m.run(t, none)
	require.Zero(t, counts.Removed)
	require.Len(t, issues, 2)
	counts, issues = m.run(t, all)
	require.Empty(t, issues)
	require.Equal(t, int64(202), counts.Removed)
}
