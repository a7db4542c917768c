package medusa_test

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/imports"
	"github.com/everlatch/everlatch/internal/imports/medusa"
	"github.com/everlatch/everlatch/internal/medusatest"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/internal/vault"
)

// plain "encrypts" so that a test can read it.
type plain struct{}

func (plain) OpenFactor(_, _, stored string) ([]byte, error) {
	text, ok := strings.CutPrefix(stored, "plain/")
	if !ok {
		return nil, errors.New("another form")
	}
	return base64.StdEncoding.DecodeString(text)
}

func (plain) SealFactor(_, _ string, secret []byte) string {
	return "plain/" + base64.StdEncoding.EncodeToString(secret)
}

// move is a shop, and the store that its accounts go to.
type move struct {
	medusatest.Shop

	store  *store.Store
	clock  *clocktest.Clock
	source *medusa.Source
}

// start is after everything that the shop has.
var start = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

func newStore(t *testing.T) *store.Store {
	t.Helper()
	return storetest.Open(t, clocktest.At(start).Now)
}

func newMove(t *testing.T) *move {
	t.Helper()
	shop := medusatest.Open(t)
	clock := clocktest.At(start)
	m := &move{Shop: shop, store: storetest.Open(t, clock.Now), clock: clock}
	m.source = m.open(t, m.options())
	return m
}

func (m *move) options() medusa.Options {
	return medusa.Options{FactorKey: vault.NewSecret([]byte(m.FactorKey)), Imported: m.store.OriginRecords, MaxRemoved: 10}
}

func (m *move) open(t *testing.T, o medusa.Options) *medusa.Source {
	t.Helper()
	source, err := medusa.Open(t.Context(), m.URL, o)
	require.NoError(t, err)
	return source
}

func (m *move) exec(t *testing.T, text string, args ...any) {
	t.Helper()
	_, err := m.DB.ExecContext(t.Context(), text, args...)
	require.NoError(t, err)
}

func collected(t *testing.T, units imports.Units) (out []transfer.Unit) {
	t.Helper()
	for u, err := range units {
		require.NoError(t, err)
		out = append(out, u)
	}
	return out
}

// take imports units.
func (m *move) take(t *testing.T, units []transfer.Unit) (store.ImportCounts, []store.ImportIssue) {
	t.Helper()
	counts, issues, err := m.store.ImportUnits(t.Context(), units, plain{})
	require.NoError(t, err)
	return counts, issues
}

// here are the records in the store, by type.
func (m *move) here(t *testing.T) map[string][]transfer.Record {
	t.Helper()
	out := map[string][]transfer.Record{}
	require.NoError(t, m.store.Export(t.Context(), plain{}, func(typ string, r transfer.Record) error {
		out[typ] = append(out[typ], r)
		return nil
	}))
	return out
}

func (m *move) identityOf(t *testing.T, entityID string) transfer.Record {
	t.Helper()
	for _, r := range m.here(t)[transfer.TypeIdentity] {
		list, err := r.List("provider_identities")
		require.NoError(t, err)
		if slices.ContainsFunc(list, func(p transfer.Record) bool { return p["entity_id"] == entityID }) {
			return r
		}
	}
	require.Fail(t, "no identity", entityID)
	return nil
}

// named are the records that units are about, each as "type id", or "none".
func named(units []transfer.Unit) []string {
	out := map[string]bool{}
	for _, u := range units {
		if len(u.Records) == 0 {
			out["none"] = true
			continue
		}
		text := u.Records[0].Type() + " " + u.Records[0].ID()
		if u.Removed {
			text = "no " + text
		}
		out[text] = true
	}
	return slices.Sorted(maps.Keys(out))
}
