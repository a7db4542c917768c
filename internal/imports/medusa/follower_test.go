package medusa_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/imports/medusa"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
)

// pass imports what a follower finds, and returns what it was about.
func (m *move) pass(t *testing.T, f *medusa.Follower, complete bool) ([]string, store.ImportCounts) {
	t.Helper()
	units := collected(t, f.Pass(t.Context(), complete))
	counts, issues := m.take(t, units)
	f.Confirm(issues)
	return named(units), counts
}

// TestFollow: a pass finds what was changed or hidden, and a complete one also what was
// deleted without a trace.
func TestFollow(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	f := m.source.Follow()
	_, first := m.pass(t, f, true)
	require.Positive(t, first.Created)
	for _, complete := range []bool{false, true} {
		found, _ := m.pass(t, f, complete)
		require.Empty(t, found, "nothing has changed")
	}
	bob, ada := m.identityOf(t, "bob@example.com").ID(), m.identityOf(t, "Ada@Example.com").ID()
	gone := m.identityOf(t, "gone@example.com").ID()

	for _, tt := range []struct {
		name, text string
		complete   bool
		found      []string
		counts     store.ImportCounts
	}{
		{"a password", "UPDATE provider_identity SET provider_metadata = '{\"password\": \"x\"}', updated_at = now() WHERE auth_identity_id = '" + ada + "'", false, []string{"identity " + ada}, store.ImportCounts{Updated: 1}},
		{"an address", "UPDATE customer_address SET city = 'Ockham', updated_at = now() WHERE is_default_shipping", false, []string{"customer " + m.Ada}, store.ImportCounts{Updated: 1}},
		{"a disabled factor", "UPDATE auth_mfa_factor SET status = 'disabled', updated_at = now()", false, []string{"identity " + bob}, store.ImportCounts{Updated: 1}},
		{"a hidden address", "UPDATE customer_address SET deleted_at = now() WHERE is_default_shipping", false, []string{"customer " + m.Ada}, store.ImportCounts{Updated: 1}},
		{"a new guest", "INSERT INTO customer (id, email) VALUES ('cus_1', 'guest@example.com')", false, []string{"customer cus_1"}, store.ImportCounts{Created: 1}},
		{"one who takes the address of another", "UPDATE customer SET deleted_at = now() WHERE id = 'cus_1'; INSERT INTO customer (id, email) VALUES ('cus_0', 'guest@example.com')", false, []string{"customer cus_0", "no customer cus_1"}, store.ImportCounts{Created: 1, Removed: 1}},
		{"an address without a trace", "DELETE FROM customer_address WHERE customer_id = '" + m.Ada + "'", true, []string{"customer " + m.Ada}, store.ImportCounts{Updated: 1}},
		{"an identity without a trace", "DELETE FROM auth_identity WHERE id = '" + gone + "'", true, []string{"no identity " + gone}, store.ImportCounts{Removed: 1}},
		{"API keys without a trace", "DELETE FROM api_key WHERE type = 'secret'", true, nil, store.ImportCounts{Removed: 2}},
		{"a role without a trace", "DELETE FROM rbac_role_parent; DELETE FROM user_rbac_role WHERE rbac_role_id <> 'role_super_admin'", true, nil, store.ImportCounts{Updated: 1, Removed: 1}},
	} {
		m.exec(t, tt.text)
		if tt.complete {
			found, _ := m.pass(t, f, false)
			require.Empty(t, found, "%s leaves no trace", tt.name)
		}
		found, counts := m.pass(t, f, tt.complete)
		if tt.found != nil {
			require.Equal(t, tt.found, found, tt.name)
		}
		require.Equal(t, tt.counts, counts, tt.name)
		again, _ := m.pass(t, f, tt.complete)
		require.Empty(t, again, "%s is found once", tt.name)
	}
	require.NotContains(t, m.identityOf(t, "bob@example.com"), "mfa_enabled_at")
	require.Equal(t, []store.ImportIssue{{
		Type: transfer.TypeIdentity, Record: ada, Reason: "The password has to be reset: the stored password hash has an unknown format.",
	}}, f.Issues())
	require.NotContains(t, m.here(t), transfer.TypeRoleParent)
	require.Equal(t, m.state(t, m.source), m.state(t, nil), "what a fresh import makes is what following has made")
}

// state is what an import makes, or what there is.
func (m *move) state(t *testing.T, from *medusa.Source) map[string]int {
	t.Helper()
	at := m
	if from != nil {
		at = &move{store: newStore(t)}
		at.take(t, collected(t, from.All(t.Context())))
	}
	out := map[string]int{}
	for typ, list := range at.here(t) {
		out[typ] = len(list)
	}
	return out
}

// TestFollowRetries: what was refused is read again, until it can be imported, and what a
// pass has read counts only once it is confirmed.
func TestFollowRetries(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	f := m.source.Follow()
	units := collected(t, f.Pass(t.Context(), true)) // and then the command cannot stage them
	require.Len(t, collected(t, f.Pass(t.Context(), true)), len(units))
	m.take(t, []transfer.Unit{{Records: []transfer.Record{{"type": transfer.TypeCustomer, "id": "cus_here", "email": "ada@example.com", "has_account": true}}}})
	m.pass(t, f, true)
	taken := []string{"Another customer has this e-mail address.", "The customer " + m.Ada + " of the identity does not exist."}
	require.Equal(t, taken, reasons(f.Issues(), true))

	_, counts := m.pass(t, f, true)
	require.Equal(t, store.ImportCounts{Refused: 2}, counts)
	require.Equal(t, taken, reasons(f.Issues(), true), "each is told once")
	m.take(t, []transfer.Unit{{Removed: true, ChangedAt: start.AddDate(1, 0, 0), Records: []transfer.Record{{"type": transfer.TypeCustomer, "id": "cus_here"}}}})
	_, counts = m.pass(t, f, true)
	require.Equal(t, store.ImportCounts{Created: 2}, counts)
	require.Empty(t, f.Issues())
}

// TestFollowOverlaps: a transaction that began before a pass and ends after it is seen by
// the next one.
func TestFollowOverlaps(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	f := m.source.Follow()
	tx, err := m.DB.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "UPDATE customer SET first_name = 'Augusta', updated_at = now() WHERE id = $1", m.Ada)
	require.NoError(t, err)
	m.pass(t, f, true)
	require.NoError(t, tx.Commit())
	found, _ := m.pass(t, f, false)
	require.Equal(t, []string{"customer " + m.Ada}, found)
}
