package medusa_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/imports/medusa"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/internal/vault"
)

// TestMove imports a database that Medusa made, once: again, nothing changes.
func TestMove(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	units := collected(t, m.source.All(t.Context()))
	counts, issues := m.take(t, units)
	require.Empty(t, issues)
	require.Equal(t, store.ImportCounts{Created: counts.Created}, counts)
	again, issues := m.take(t, collected(t, m.source.All(t.Context())))
	require.Empty(t, issues)
	require.Equal(t, store.ImportCounts{Skipped: counts.Created}, again)

	here := m.here(t)
	sizes := map[string]int{}
	for typ, list := range here {
		sizes[typ] = len(list)
	}
	require.Equal(t, map[string]int{
		transfer.TypePolicy: sizes[transfer.TypePolicy], transfer.TypeRole: 4, transfer.TypeRoleParent: 1, transfer.TypeGroup: 1,
		transfer.TypeCustomer: 6, transfer.TypeUser: 2, transfer.TypeIdentity: 7, transfer.TypeInvite: 1, transfer.TypeAPIKey: 4,
	}, sizes)
	require.Greater(t, sizes[transfer.TypePolicy], 100)

	ada := m.identityOf(t, "Ada@Example.com")
	require.Equal(t, int64(1), ada["credential_version"])
	require.Equal(t, []transfer.Record{{"actor_type": "customer", "actor_id": m.Ada, "created_at": ada["created_at"]}}, ada["actors"])
	bob := m.identityOf(t, "bob@example.com")
	factors, err := bob.List("factors")
	require.NoError(t, err)
	require.Equal(t, m.TOTPSecret, factors[0]["secret"])
	require.Equal(t, factors[0]["enabled_at"], bob["mfa_enabled_at"])
	grace := m.identityOf(t, "113355")
	metadata, err := json.Marshal(grace["app_metadata"])
	require.NoError(t, err)
	require.JSONEq(t, `{"erp": {"number": 7}}`, string(metadata))
}

// TestStoredTokens: what is kept of a token is what Everlatch keeps of its own, or what it
// can compare with.
func TestStoredTokens(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	m.take(t, collected(t, m.source.All(t.Context())))
	var token string
	require.NoError(t, m.DB.QueryRowContext(t.Context(), "SELECT token FROM invite WHERE deleted_at IS NULL").Scan(&token))
	invite := m.here(t)[transfer.TypeInvite][0]
	hash := sha256.Sum256([]byte(medusa.TokenID(token)))
	require.Equal(t, hex.EncodeToString(hash[:]), invite["token_hash"])
	require.NotContains(t, invite, "token")
	salted, err := m.store.SaltedKeys(t.Context(), m.SecretKey[:6]+"***"+m.SecretKey[len(m.SecretKey)-3:])
	require.NoError(t, err)
	require.Len(t, salted, 1)
	for _, bad := range []string{"", "a.b", "a.*.c", "a.e30.c", "a.IiI.c"} {
		require.Empty(t, medusa.TokenID(bad), bad)
	}
}

// TestWhatCannotMove is told for each record, and none of it lets anyone in who must not.
func TestWhatCannotMove(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	bob := collected(t, m.source.All(t.Context()))
	bobs := ""
	for _, u := range bob {
		if u.Records[0]["mfa_enabled_at"] != nil {
			bobs = u.Records[0].ID()
		}
	}
	m.exec(t, "UPDATE invite SET token = 'x' WHERE deleted_at IS NULL")
	m.exec(t, `UPDATE "user" SET deleted_at = now() WHERE email = 'root@example.com'`)
	m.exec(t, "INSERT INTO auth_mfa_recovery_code (id, auth_identity_id, code_hash) VALUES ('authmfarec_1', $1, 'x')", bobs)
	m.exec(t, "UPDATE provider_identity SET provider_metadata = '{\"password\": \"$3$nt\"}' WHERE entity_id = 'support@example.com'")
	m.exec(t, "UPDATE auth_identity SET app_metadata = app_metadata || '{\"customer_id\": \"cus_absent\", \"roles\": [\"x\"], \"vendor_id\": \"v_1\"}' WHERE id = (SELECT auth_identity_id FROM provider_identity WHERE entity_id = '113355')")

	_, issues := m.take(t, collected(t, m.source.All(t.Context())))
	require.ElementsMatch(t, []string{
		"The link of the invite is not valid here: send it again.",
		"The administrator who created the key does not exist any more: one has to take it over before it has permissions.",
		"The administrator who created the key does not exist any more: one has to take it over before it has permissions.",
		"The recovery codes were left out: Medusa's hashes of them cannot be moved. The user can generate new ones.",
		"The password has to be reset: the stored password hash has an unknown format.",
		"The customer cus_absent that it was linked to does not exist any more.",
		"The user " + m.userID(t, "root@example.com") + " that it was linked to does not exist any more.",
	}, reasons(issues, false))
	require.Empty(t, reasons(issues, true))
	grace := m.identityOf(t, "113355")
	require.Equal(t, []transfer.Record{{"actor_type": "vendor", "actor_id": "v_1", "created_at": grace["created_at"]}}, grace["actors"])
}

// TestFactorsThatCannotMove: without its second factor an identity is imported only if the
// operator says so.
func TestFactorsThatCannotMove(t *testing.T) {
	t.Parallel()
	const without = " With --leave-out-factors, the identity is imported without it."
	for name, tt := range map[string]struct {
		key, provider, reason string
	}{
		"no key":         {"", "totp", "The secret of a second factor needs auth.mfa.encryption_key, the key of Medusa."},
		"another key":    {"another", "totp", "The secret of a second factor cannot be decrypted with auth.mfa.encryption_key."},
		"another method": {"", "sms", `Second factors of the method "sms" cannot be moved.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMove(t)
			m.exec(t, "UPDATE auth_mfa_factor SET provider = $1", tt.provider)
			options := medusa.Options{FactorKey: vault.NewSecret([]byte(tt.key))}
			_, issues := m.take(t, collected(t, m.open(t, options).All(t.Context())))
			require.Equal(t, []string{tt.reason + without}, reasons(issues, true))
			options.LeaveOutFactors = true
			counts, issues := m.take(t, collected(t, m.open(t, options).All(t.Context())))
			require.Equal(t, []string{"A second factor was left out. " + tt.reason}, reasons(issues, false))
			require.Equal(t, int64(1), counts.Created)
			require.NotContains(t, m.identityOf(t, "bob@example.com"), "mfa_enabled_at")
		})
	}
}

func reasons(issues []store.ImportIssue, refused bool) (out []string) {
	for _, i := range issues {
		if i.Refused == refused {
			out = append(out, i.Reason)
		}
	}
	return out
}

func (m *move) userID(t *testing.T, email string) (id string) {
	t.Helper()
	require.NoError(t, m.DB.QueryRowContext(t.Context(), `SELECT id FROM "user" WHERE email = $1`, email).Scan(&id))
	return id
}

// TestOnePointInTime: a pass reads pages of one state, each record once, whatever is
// written meanwhile.
func TestOnePointInTime(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	m.exec(t, "INSERT INTO customer (id, email) SELECT 'cus_' || i, i || '@example.com' FROM generate_series(1, 1203) i")
	seen := map[string]int{}
	for u, err := range m.source.All(t.Context()) {
		require.NoError(t, err)
		if len(seen) == 0 {
			m.exec(t, "INSERT INTO customer (id, email) VALUES ('cus_later', 'later@example.com')")
			m.exec(t, "DELETE FROM customer WHERE id = 'cus_7'")
		}
		seen[u.Records[0].Type()+" "+u.Records[0].ID()]++
	}
	customers := 0
	for name, times := range seen {
		require.Equal(t, 1, times, name)
		if name[:9] == "customer " {
			customers++
		}
	}
	require.Equal(t, 6+1+1203, customers, "with the one that was removed")
	require.Contains(t, seen, "customer cus_7")
	require.NotContains(t, seen, "customer cus_later")

	for range m.source.All(t.Context()) {
		break // the transaction and the connection end
	}
	var open int
	require.NoError(t, m.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%provider_identity%' AND state = 'idle in transaction' AND pid <> pg_backend_pid()").Scan(&open))
	require.Zero(t, open)
}

// TestRolesAreOptional: a shop without roles, second factors and verifications is one too.
func TestRolesAreOptional(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	m.exec(t, "DROP TABLE rbac_role, rbac_policy, rbac_role_policy, rbac_role_parent, user_rbac_role, invite_rbac_role, auth_mfa_factor, auth_mfa_recovery_code, auth_verification CASCADE")
	counts, issues := m.take(t, collected(t, m.open(t, medusa.Options{}).All(t.Context())))
	require.Empty(t, issues)
	require.Equal(t, int64(1+6+2+7+1+4), counts.Created)
}

// TestOtherDatabases are refused, and no error quotes a password.
func TestOtherDatabases(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	m.exec(t, "DROP TABLE auth_mfa_factor, provider_identity CASCADE")
	_, err := medusa.Open(t.Context(), m.URL, medusa.Options{})
	require.ErrorContains(t, err, "it has no provider_identity")
	for _, url := range []string{"postgres://u:hunter2@127.0.0.1:1/x", "postgres://u:hunter2@127.0.0.1:port/x", "postgres://u:hunter2@%zz"} {
		_, err := medusa.Open(t.Context(), url, medusa.Options{})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}
