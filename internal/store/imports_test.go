package store_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/transfer"
)

// plainKeys "encrypt" so that a test sees for which record.
type plainKeys string

func (k plainKeys) OpenFactor(identityID, factorID, stored string) ([]byte, error) {
	text, ok := strings.CutPrefix(stored, string(k)+"/"+identityID+"/"+factorID+"/")
	if !ok {
		return nil, errors.New("another record's secret")
	}
	return base64.StdEncoding.DecodeString(text)
}

func (k plainKeys) SealFactor(identityID, factorID string, secret []byte) string {
	return string(k) + "/" + identityID + "/" + factorID + "/" + base64.StdEncoding.EncodeToString(secret)
}

// house is one record of each type, with all that can belong to it.
const houseLines = `
{"type":"policy","id":"rpol_1","key":"product:read","resource":"product","operation":"read","name":"Products","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}
{"type":"role","id":"role_1","name":"Editor","metadata":{"a":1},"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","policies":[{"id":"rlpl_1","policy_id":"product:read","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}]}
{"type":"role","id":"role_2","name":"Author","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}
{"type":"role_parent","role_id":"role_1","parent_id":"role_2","created_at":"2026-01-01T00:00:00Z"}
{"type":"customer_group","id":"cusgroup_1","name":"VIP","metadata":{"b":[1.50,"<x>"]},"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}
{"type":"customer","id":"cus_1","email":"Ada@Example.com","has_account":true,"first_name":"Ada","metadata":{"n":1},"created_at":"2026-01-01T00:00:00.123456Z","updated_at":"2026-01-02T00:00:00Z","addresses":[{"id":"cuaddr_1","city":"London","is_default_billing":true,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"},{"id":"cuaddr_2","city":"Paris","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}],"groups":[{"customer_group_id":"cusgroup_1","created_at":"2026-01-01T00:00:00Z"}],"deletion":{"deletion_at":"2026-03-01T00:00:00Z","requested_at":"2026-01-01T00:00:00Z"}}
{"type":"user","id":"user_1","email":"root@example.com","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","roles":[{"rbac_role_id":"role_1","created_at":"2026-01-01T00:00:00Z"}]}
{"type":"actor","id":"mana_1","actor_type":"manager","data":{"email":"m@example.com"},"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","values":[{"name":"email","actor_type":"manager","value":"m@example.com","unique_key":"m@example.com"},{"name":"level","actor_type":"manager","value":"1.5","number":1.5}]}
{"type":"identity","id":"authid_1","credential_version":3,"last_used_at":"2026-01-02T00:00:00Z","mfa_enabled_at":"2026-01-01T00:00:00Z","mfa_enabled_by":"s1","app_metadata":{"x":"y"},"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","provider_identities":[{"id":"01PI","provider":"emailpass","entity_id":"Ada@Example.com","entity_key":"ada@example.com","provider_metadata":{"password":"$argon2id$x"},"counter":0,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}],"actors":[{"actor_type":"customer","actor_id":"cus_1","created_at":"2026-01-01T00:00:00Z"},{"actor_type":"vendor","actor_id":"elsewhere","created_at":"2026-01-01T00:00:00Z"}],"factors":[{"id":"authmfa_1","provider":"totp","status":"enabled","secret":"JBSWY3DPEHPK3PXP","counter":7,"enabled_at":"2026-01-01T00:00:00Z","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"},{"id":"authmfa_2","provider":"passkey","handle":"h","status":"enabled","secret":"base64://8=","counter":0,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}],"recovery_codes":[{"id":"authmfarec_1","code_hash":"abc","created_at":"2026-01-01T00:00:00Z"}],"verifications":[{"id":"authver_1","entity_id":"Ada@Example.com","entity_key":"ada@example.com","entity_type":"email","code_provider":"emailcode","request_id":"r","verified_at":"2026-01-01T00:00:00Z","requested_at":"2026-01-01T00:00:00Z","expires_at":"2026-01-01T00:00:00Z","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}]}
{"type":"identity","id":"authid_2","credential_version":1,"last_used_at":"2026-01-02T00:00:00Z","disabled_at":"2026-01-02T00:00:00Z","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","provider_identities":[{"id":"02PI","provider":"google","entity_id":"17","entity_key":"17","verified_email":"root@example.com","counter":0,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}],"actors":[{"actor_type":"user","actor_id":"user_1","created_at":"2026-01-01T00:00:00Z"}]}
{"type":"invite","id":"invite_1","email":"new@example.com","accepted":false,"token_hash":"h","expires_at":"2026-02-01T00:00:00Z","roles":["role_1"],"workflow_id":"invitation/1","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}
{"type":"api_key","id":"apk_1","title":"Shop","kind":"publishable","token":"pk_1","redacted":"pk_***","created_by":"user_1","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}
{"type":"sign_in","id":"si_1","auth_identity_id":"authid_1","auth_provider":"emailpass","actor_type":"customer","actor_id":"cus_1","credential_version":3,"device":"Firefox","network":"192.0.2.0/24","created_at":"2026-01-01T00:00:00Z","last_used_at":"2026-01-01T00:00:00Z","expires_at":"2026-05-01T00:00:00Z"}
{"type":"session","id":"ses_1","secret_hash":"sh","auth_identity_id":"authid_1","auth_provider":"emailpass","actor_type":"customer","actor_id":"cus_1","credential_version":3,"mfa_enabled":true,"amr":"pwd otp","sign_in_id":"si_1","user_metadata":{"name":"Ada"},"created_at":"2026-01-01T00:00:00Z","idle_expires_at":"2026-04-01T00:00:00Z","expires_at":"2026-05-01T00:00:00Z","authenticated_at":"2026-01-01T00:00:00Z"}
{"type":"ended_sign_in","id":"si_9","expires_at":"2026-05-01T00:00:00Z"}
`

func lines(t *testing.T, text string) (out []transfer.Unit) {
	t.Helper()
	in := transfer.NewLines(strings.NewReader(text))
	for {
		record, line, err := in.Next()
		if err != nil {
			return out
		}
		out = append(out, transfer.Unit{Line: line, Records: []transfer.Record{record}})
	}
}

// sorted returns the lines in an order that does not depend on the engine.
func sorted(lines []string) []string { return slices.Sorted(slices.Values(lines)) }

// exported returns the lines of an export.
func exported(t *testing.T, f fixture, keys store.FactorSecrets) []string {
	t.Helper()
	var out []string
	require.NoError(t, f.Export(t.Context(), keys, func(typ string, r transfer.Record) error {
		line, err := transfer.MarshalLine(typ, r)
		out = append(out, string(line))
		return err
	}))
	return out
}

// A round trip is equal, between any two engines and with other keys, and a second import
// changes nothing.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		counts, issues, err := f.ImportUnits(t.Context(), lines(t, houseLines), plainKeys("a"))
		require.NoError(t, err)
		require.Empty(t, issues)
		require.Equal(t, store.ImportCounts{Created: 15}, counts)
		before := exported(t, f, plainKeys("a"))
		require.Len(t, before, 15)

		other := open(t, storetest.URL(t))
		counts, issues, err = other.ImportUnits(t.Context(), lines(t, strings.Join(before, "")), plainKeys("b"))
		require.NoError(t, err)
		require.Empty(t, issues)
		require.Equal(t, store.ImportCounts{Created: 15}, counts)
		require.Equal(t, sorted(before), sorted(exported(t, other, plainKeys("b"))))

		counts, issues, err = other.ImportUnits(t.Context(), lines(t, strings.Join(before, "")), plainKeys("b"))
		require.NoError(t, err)
		require.Empty(t, issues)
		require.Equal(t, store.ImportCounts{Skipped: 15}, counts)

		// What is imported is what the rest of the house reads.
		customer, err := f.Customer(t.Context(), "cus_1")
		require.NoError(t, err)
		require.Len(t, customer.Addresses, 2)
		found, _, err := f.Customers(t.Context(), store.CustomerFilter{Emails: []string{"ada@EXAMPLE.com"}}, store.Page{})
		require.NoError(t, err)
		require.Len(t, found, 1)
		identity, err := f.Identity(t.Context(), "authid_1")
		require.NoError(t, err)
		require.Equal(t, "cus_1", identity.Links["customer"])
		orphans, err := f.RemoveOrphans(t.Context(), start.Add(1000*time.Hour), 10)
		require.NoError(t, err)
		require.Zero(t, orphans, "imported identities are linked")
		access, err := f.Access(t.Context(), "user_1")
		require.NoError(t, err)
		require.True(t, access.Allows(everlatch.Permission{Resource: "product", Operation: "read"}))
	})
}

// An identity whose record says nothing of its version has the first one: tokens know no
// other.
func TestImportedVersions(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		_, issues, err := f.ImportUnits(t.Context(), lines(t, `{"type":"identity","id":"authid_1"}
{"type":"identity","id":"authid_2","credential_version":0}
{"type":"identity","id":"authid_3","credential_version":7}`), plainKeys("a"))
		require.NoError(t, err)
		require.Empty(t, issues)
		for id, want := range map[string]int64{"authid_1": 1, "authid_2": 1, "authid_3": 7} {
			found, err := f.Identity(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, want, found.CredentialVersion, id)
		}
	})
}

// changed returns a line with a text replaced.
func changed(line, old, with string) string { return strings.Replace(line, old, with, 1) }

// A record replaces the one here unless that is newer or was removed; what only grows
// never shrinks.
func TestImportOverExisting(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		all := strings.Split(strings.TrimSpace(houseLines), "\n")
		_, _, err := f.ImportUnits(t.Context(), lines(t, houseLines), plainKeys("a"))
		require.NoError(t, err)
		customer, identity := all[5], all[8]
		for name, tt := range map[string]struct {
			line string
			want store.ImportCounts
		}{
			"older":                {changed(customer, `"Ada"`, `"Eve"`), store.ImportCounts{Skipped: 0, Updated: 1}},
			"used since":           {changed(identity, `"last_used_at":"2026-01-02`, `"last_used_at":"2026-01-09`), store.ImportCounts{Skipped: 1}},
			"another":              {changed(identity, `"counter":7`, `"counter":9`), store.ImportCounts{Skipped: 1}},
			"without any time":     {`{"type":"user","id":"user_1","email":"other@example.com"}`, store.ImportCounts{Skipped: 1}},
			"of an earlier change": {`{"type":"user","id":"user_1","email":"other@example.com","updated_at":"2025-01-01T00:00:00Z"}`, store.ImportCounts{Skipped: 1}},
		} {
			counts, issues, err := f.ImportUnits(t.Context(), lines(t, tt.line), plainKeys("a"))
			require.NoError(t, err, name)
			require.Empty(t, issues, name)
			require.Equal(t, tt.want, counts, name)
		}
		newer := changed(identity, `$argon2id$x`, `$argon2id$z`)
		newer = changed(newer, `"credential_version":3`, `"credential_version":2`)
		newer = changed(newer, `"counter":7`, `"counter":5`)
		newer = changed(newer, `"updated_at":"2026-01-01`, `"updated_at":"2026-01-03`)
		counts, issues, err := f.ImportUnits(t.Context(), lines(t, newer), plainKeys("a"))
		require.NoError(t, err)
		require.Empty(t, issues)
		require.Equal(t, store.ImportCounts{Updated: 1}, counts)
		require.Equal(t, int64(3), f.standing(t, "authid_1", "customer").CredentialVersion)
		factors, err := f.Factors(t.Context(), "authid_1")
		require.NoError(t, err)
		require.Equal(t, int64(7), factors[0].Counter)
		require.Contains(t, strings.Join(exported(t, f, plainKeys("a")), ""), "$argon2id$z")

		require.NoError(t, f.RemoveCustomer(t.Context(), "cus_1", everlatch.Event{}))
		counts, _, err = f.ImportUnits(t.Context(), lines(t, changed(customer, "2026-01-02", "2026-12-02")), plainKeys("a"))
		require.NoError(t, err)
		require.Equal(t, store.ImportCounts{Skipped: 1}, counts, "removed here")
	})
}

// A unit is refused whole, with a reason that holds no address, and the others go on.
func TestImportRefusals(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		_, _, err := f.ImportUnits(t.Context(), lines(t, houseLines), plainKeys("a"))
		require.NoError(t, err)
		refusals := map[string]string{
			`{"type":"customer","id":"cus_9","email":"ADA@example.com","has_account":true}`:                                                       "Another customer has this e-mail address.",
			`{"type":"user","id":"user_9","email":"Root@example.com"}`:                                                                            "Another administrator has this e-mail address.",
			`{"type":"user","id":"user_9"}`:                                                                                                       "The field email is missing.",
			`{"type":"user","id":"user_9","email":7}`:                                                                                             "The field email is not text.",
			`{"type":"user","id":"user_9","email":"x@example.com","pasword":"x"}`:                                                                 `A user has no field "pasword".`,
			`{"type":"user","id":"user_9","email":"x@example.com","roles":[{"rbac_role_id":"role_7"}]}`:                                           "A role of the administrator does not exist.",
			`{"type":"user","id":"user_9","email":"x@example.com","created_at":"yesterday"}`:                                                      "The field created_at is not a time of RFC 3339.",
			`{"type":"identity","id":"authid_9","provider_identities":[{"provider":"emailpass","entity_id":"a","entity_key":"ada@example.com"}]}`: "Another identity signs in with this.",
			`{"type":"identity","id":"authid_9","actors":[{"actor_type":"customer","actor_id":"cus_7"}]}`:                                         "The customer cus_7 of the identity does not exist.",
			`{"type":"role","id":"role_9","name":"R","policies":[{"policy_id":"nope:read"}]}`:                                                     "A policy of the role does not exist.",
			`{"type":"api_key","id":"apk_9","title":"x","kind":"other","token":"t"}`:                                                              "A field has a value that is not allowed.",
			`{"type":"customer","id":"cus_9","first_name":"a\u0000b"}`:                                                                            "A text has characters that cannot be stored.",
			`{"type":"spaceship","id":"x"}`:                                                                                                       `There are no records of the type "spaceship".`,
			`{"type":"customer","version":2,"id":"cus_9"}`:                                                                                        "The version of the record is 2, and 1 is expected.",
			`{"type":"customer","id":"cus_9","metadata":{"x":"` + strings.Repeat("y", 17<<10) + `"}}`:                                             "The field metadata is larger than limits.metadata, 16384 bytes.",
			`{"type":"customer","id":"cus_9","addresses":[` + strings.TrimSuffix(strings.Repeat(`{"city":"x"},`, 51), ",") + `]}`:                 "The customer has more addresses than limits.addresses, 50.",
			`{"type":"customer","id":"cus_9","addresses":[{"is_default_billing":true},{"is_default_billing":true}]}`:                              "The customer has two default addresses of one kind, or another customer has an address with this id.",
		}
		var units []transfer.Unit
		var want []string
		for line, reason := range refusals {
			units = append(units, lines(t, line)...)
			want = append(want, reason)
		}
		units = append(units, lines(t, `{"type":"customer","id":"cus_3"}`)...)
		counts, issues, err := f.ImportUnits(t.Context(), units, plainKeys("a"))
		require.NoError(t, err)
		var got []string
		for _, issue := range issues {
			require.True(t, issue.Refused)
			got = append(got, issue.Reason)
		}
		require.Equal(t, want, got)
		require.Equal(t, store.ImportCounts{Created: 1, Refused: int64(len(refusals))}, counts)
		_, err = f.Customer(t.Context(), "cus_9")
		require.ErrorIs(t, err, everlatch.ErrNotFound, "nothing of a refused unit stays")

		both := transfer.Unit{Source: "auth0|1", Records: []transfer.Record{
			{"type": "customer", "id": "cus_8"},
			{"type": "identity", "id": "authid_8", "provider_identities": []transfer.Record{{"provider": "emailpass", "entity_id": "a", "entity_key": "ada@example.com"}}},
		}}
		counts, issues, err = f.ImportUnits(t.Context(), []transfer.Unit{both}, plainKeys("a"))
		require.NoError(t, err)
		require.Equal(t, store.ImportCounts{Refused: 1}, counts)
		require.Equal(t, []store.ImportIssue{{Type: "identity", Record: "auth0|1", Refused: true, Reason: "Another identity signs in with this."}}, issues)
		_, err = f.Customer(t.Context(), "cus_8")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
	})
}

func stage(t *testing.T, f fixture, id string, units []transfer.Unit) {
	t.Helper()
	require.NoError(t, f.StartImport(t.Context(), id, "everlatch"))
	require.NoError(t, f.StartImport(t.Context(), id, "everlatch"), "again")
	staged := make([]store.StagedUnit, len(units))
	for i, u := range units {
		text, err := json.Marshal(u)
		require.NoError(t, err)
		staged[i] = store.StagedUnit{Position: int64(i), Sealed: string(text)}
	}
	require.NoError(t, f.StageUnits(t.Context(), id, staged))
	require.NoError(t, f.StageUnits(t.Context(), id, staged[:2]), "again")
	require.NoError(t, f.ReleaseImport(t.Context(), id))
}

func unsealed(_ int64, sealed string) ([]byte, error) { return []byte(sealed), nil }

// A batch is imported whole or not at all, and none twice.
func TestImportBatches(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		units := lines(t, houseLines)
		units = append(units, transfer.Unit{Line: 40, Refusal: "The line is not a JSON object."})
		units[0].Notes = []string{"Something was left out."}
		stage(t, f, "imp_1", units)
		found, err := f.Import(t.Context(), "imp_1")
		require.NoError(t, err)
		require.Equal(t, store.ImportRunning, found.Status)
		require.Equal(t, [2]int64{16, 16}, [2]int64{found.Staged, found.Waiting})

		_, _, err = f.ImportBatch(t.Context(), "imp_1", 10, plainKeys("a"), func(position int64, sealed string) ([]byte, error) {
			if position == 7 {
				return nil, errors.New("the process dies")
			}
			return []byte(sealed), nil
		})
		require.ErrorContains(t, err, "the process dies")
		require.Empty(t, exported(t, f, plainKeys("a")))

		total := 0
		for {
			done, _, err := f.ImportBatch(t.Context(), "imp_1", 5, plainKeys("a"), unsealed)
			require.NoError(t, err)
			if done == 0 {
				break
			}
			total += done
		}
		require.Equal(t, 16, total)
		found, err = f.FinishImport(t.Context(), "imp_1", store.ImportCompleted, func(i store.DataImport) everlatch.Event {
			return everlatch.Event{ID: "evt_i", Name: everlatch.EventImportCompleted, Data: everlatch.Metadata{"created": i.Created}}
		})
		require.NoError(t, err)
		require.Equal(t, store.ImportCounts{Created: 15, Refused: 1}, found.ImportCounts)
		require.Zero(t, found.Waiting)
		issues, err := f.ImportIssues(t.Context(), "imp_1")
		require.NoError(t, err)
		require.Equal(t, []store.ImportIssue{
			{Line: units[0].Line, Type: "policy", Record: "rpol_1", Reason: "Something was left out."},
			{Line: 40, Refused: true, Reason: "The line is not a JSON object."},
		}, issues)
		require.Equal(t, []string{everlatch.EventImportCompleted}, f.eventNames(t, store.EventFilter{Name: everlatch.EventImportCompleted}))

		_, err = f.FinishImport(t.Context(), "imp_1", store.ImportCancelled, nil)
		require.NoError(t, err)
		list, err := f.Imports(t.Context(), 10)
		require.NoError(t, err)
		require.Equal(t, store.ImportCompleted, list[0].Status, "it ends once")
	})
}

// Of many that import the same at once, each unit is imported by one.
func TestImportBatchesRace(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		var text strings.Builder
		for i := range 100 {
			fmt.Fprintf(&text, `{"type":"customer","id":"cus_%d","email":"%d@example.com"}`+"\n", i, i)
		}
		stage(t, f, "imp_1", lines(t, text.String()))
		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, _ int) error {
			_, _, err := f.ImportBatch(ctx, "imp_1", 3, plainKeys("a"), unsealed)
			return err
		})
		require.Equal(t, 50, succeeded(errs))
		found, err := f.Import(t.Context(), "imp_1")
		require.NoError(t, err)
		require.Equal(t, store.ImportCounts{Created: 100}, found.ImportCounts)
		_, count, err := f.Customers(t.Context(), store.CustomerFilter{}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, 100, count)
	})
}

func TestCancelledImport(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		t.Helper()
		stage(t, f, "imp_1", lines(t, houseLines))
		_, err := f.FinishImport(t.Context(), "imp_1", store.ImportCancelled, nil)
		require.NoError(t, err)
		done, _, err := f.ImportBatch(t.Context(), "imp_1", 3, plainKeys("a"), unsealed)
		require.NoError(t, err)
		require.Zero(t, done)
		found, err := f.Import(t.Context(), "imp_1")
		require.NoError(t, err)
		require.Equal(t, [2]any{store.ImportCancelled, int64(0)}, [2]any{found.Status, found.Waiting})
		_, err = f.Import(t.Context(), "imp_2")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
	})
}
