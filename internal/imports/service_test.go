package imports_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/imports"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/internal/vault"
)

// newService returns an installation with a key of this name.
func newService(t *testing.T, key string) *imports.Service {
	t.Helper()
	now := clocktest.At(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)).Now
	ring, err := vault.NewKeyRing([]vault.Key{{ID: key, Secret: vault.NewSecret([]byte(strings.Repeat(key, 32)[:32]))}})
	require.NoError(t, err)
	s := storetest.Open(t, now)
	return &imports.Service{
		Store: s, Vault: vault.New(s, ring, time.Hour, now), Keys: vault.FactorKeys{Ring: vault.FactorRing(ring)}, Ring: ring,
		Sizes: store.Sizes{Addresses: 50, Metadata: 16 << 10}, Now: now,
	}
}

const bobLines = `{"type":"customer","id":"cus_1","email":"bob@example.com","has_account":true}
{"type":"identity","id":"authid_1","provider_identities":[{"id":"01","provider":"emailpass","entity_id":"Bob@Example.com","provider_metadata":{"password":"$3$nt"}}],"actors":[{"actor_type":"customer","actor_id":"cus_1"}],"factors":[{"id":"authmfa_1","provider":"totp","status":"enabled","secret":"JBSWY3DPEHPK3PXP"}],"recovery_codes":[{"id":"r1","code_hash":"x"}]}
`

// importAll stages units and imports them as the workflow does.
func importAll(t *testing.T, s *imports.Service, units imports.Units) (store.DataImport, []store.ImportIssue) {
	t.Helper()
	id, count, err := s.Stage(t.Context(), "test", units)
	require.NoError(t, err)
	for left := count; left > 0; {
		done, _, err := s.Store.ImportBatch(t.Context(), id, 2, s.Keys, func(position int64, sealed string) ([]byte, error) {
			secret, err := s.Vault.Unwrap(sealed, transfer.Purpose(id, position))
			return secret.Reveal(), err
		})
		require.NoError(t, err)
		require.Positive(t, done)
		left -= int64(done)
	}
	state, err := s.Store.FinishImport(t.Context(), id, store.ImportCompleted, func(store.DataImport) everlatch.Event {
		return everlatch.Event{ID: "evt_" + id, Name: everlatch.EventImportCompleted}
	})
	require.NoError(t, err)
	issues, err := s.Store.ImportIssues(t.Context(), id)
	require.NoError(t, err)
	return state, issues
}

func export(t *testing.T, s *imports.Service) string {
	t.Helper()
	var out bytes.Buffer
	_, err := s.Export(t.Context(), &out)
	require.NoError(t, err)
	return out.String()
}

// TestExportIsImported by an installation with the same key, with its recovery codes, and by
// another one without them, which is told.
func TestExportIsImported(t *testing.T) {
	t.Parallel()
	from := newService(t, "a")
	state, issues := importAll(t, from, from.Everlatch(strings.NewReader(bobLines)))
	require.Equal(t, store.ImportCounts{Created: 2}, state.ImportCounts)
	require.Equal(t, []string{
		"The recovery codes were left out: their hashes depend on an encryption key that is not among encryption.keys here.",
		"The password has to be reset: the stored password hash has an unknown format.",
	}, []string{issues[0].Reason, issues[1].Reason}, "lines without a header have no key")
	_, _, err := from.Store.ImportUnits(t.Context(), []transfer.Unit{{ChangedAt: from.Now(), Records: []transfer.Record{{
		"type": "identity", "id": "authid_2", "recovery_codes": []transfer.Record{{"code_hash": "y"}},
	}}}}, from.Keys)
	require.NoError(t, err)
	text := export(t, from)
	require.Contains(t, text, `"secret":"JBSWY3DPEHPK3PXP"`)
	require.Contains(t, text, `"entity_key":"bob@example.com"`)

	for key, codes := range map[string]bool{"a": true, "b": false} {
		to := newService(t, key)
		state, _ := importAll(t, to, to.Everlatch(strings.NewReader(text)))
		require.Equal(t, store.ImportCounts{Created: 3}, state.ImportCounts)
		require.Equal(t, codes, strings.Contains(export(t, to), "code_hash"), key)
	}
}

// TestStagedUnitsAreEncrypted, each for its place.
func TestStagedUnitsAreEncrypted(t *testing.T) {
	t.Parallel()
	s := newService(t, "a")
	id, count, err := s.Stage(t.Context(), "test", s.Everlatch(strings.NewReader(bobLines)))
	require.NoError(t, err)
	require.Equal(t, int64(2), count)
	seen := 0
	_, _, err = s.Store.ImportBatch(t.Context(), id, 10, s.Keys, func(position int64, sealed string) ([]byte, error) {
		seen++
		require.NotContains(t, sealed, "bob")
		_, err := s.Vault.Unwrap(sealed, transfer.Purpose(id, position+1))
		require.Error(t, err, "another place")
		return nil, errors.New("enough")
	})
	require.ErrorContains(t, err, "enough")
	require.Equal(t, 1, seen)
}

// TestStagingFails: nothing waits to be imported after it.
func TestStagingFails(t *testing.T) {
	t.Parallel()
	s := newService(t, "a")
	id, _, err := s.Stage(t.Context(), "test", func(yield func(transfer.Unit, error) bool) {
		for i := range 700 {
			if !yield(transfer.Unit{Records: []transfer.Record{{"type": "customer", "id": fmt.Sprintf("cus_%d", i)}}}, nil) {
				return
			}
		}
		yield(transfer.Unit{}, errors.New("the source is gone"))
	})
	require.ErrorContains(t, err, "the source is gone")
	state, err := s.Store.Import(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, store.ImportCancelled, state.Status)
	require.Zero(t, state.Waiting)
}

// TestTry says what would happen, with what is here, and changes nothing.
func TestTry(t *testing.T) {
	t.Parallel()
	s := newService(t, "a")
	importAll(t, s, s.Everlatch(strings.NewReader(bobLines)))
	before := export(t, s)
	counts, issues, err := s.Try(t.Context(), s.Everlatch(strings.NewReader(bobLines+
		`{"type":"customer","id":"cus_2","email":"BOB@example.com","has_account":true}
{"type":"customer","id":"cus_3","email":"eve@example.com","metadata":{"x":"`+strings.Repeat("y", 17<<10)+`"}}
{"type":"customer","id":"cus_4","email":"ida@example.com"}
`)))
	require.NoError(t, err)
	require.Equal(t, store.ImportCounts{Created: 1, Skipped: 2, Refused: 2}, counts)
	require.Equal(t, "Another customer has this e-mail address.", issues[len(issues)-2].Reason)
	require.Equal(t, "The field metadata is larger than limits.metadata, 16384 bytes.", issues[len(issues)-1].Reason)
	require.Equal(t, before, export(t, s))
}

// TestFiles that were cut off, or are of another version, are refused.
func TestFiles(t *testing.T) {
	t.Parallel()
	s := newService(t, "a")
	for text, want := range map[string]string{
		`{"type":"export","version":1}` + "\n" + bobLines:                                            "the file is cut off",
		`{"type":"export","version":2}`:                                                              "has version 2 of the format, and 1 is expected",
		`{"type":"export","version":1}` + "\n" + bobLines + `{"type":"end","version":1,"records":1}`: "the file has 2 records, and its last line says 1",
		`{"type":"export","version":1}` + "\n" + `{"type":"end","records":0}` + "\n" + bobLines:      "line 3: the export has ended before it",
	} {
		var err error
		for _, err = range s.Everlatch(strings.NewReader(text)) {
			if err != nil {
				break
			}
		}
		require.ErrorContains(t, err, want)
	}
	for u, err := range s.Everlatch(strings.NewReader("not JSON: hunter2\n")) {
		require.NoError(t, err)
		require.Equal(t, transfer.Unit{Line: 1, Refusal: "The line is not a JSON object."}, u)
	}
}
