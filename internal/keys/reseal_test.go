package keys_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/internal/vault"
)

// fill seals n values into each table, and returns what opens them again with the rings of a process.
func (c *cluster) fill(p *process, n int) func(p *process) {
	c.t.Helper()
	ctx := c.t.Context()
	v := vault.New(c.store, p.Vault, time.Hour, c.now)
	refs := make([]vault.Ref, n)
	require.NoError(c.t, c.store.StartImport(ctx, "import_1", "everlatch"))
	for i := range n {
		text := []byte(fmt.Sprint(i))
		ref, err := v.Put(ctx, vault.NewSecret(text))
		require.NoError(c.t, err)
		refs[i] = ref
		mailID := fmt.Sprintf("mail_%d", i)
		keyID, sealed := p.Vault.Derive(keys.MailPurpose).Seal(text, []byte(mailID))
		require.NoError(c.t, c.store.KeepMail(ctx, store.KeptMail{ID: mailID, KeyID: keyID, Data: sealed, CreatedAt: c.now()}))
		require.NoError(c.t, c.store.StageUnits(ctx, "import_1", []store.StagedUnit{{
			Position: int64(i), Sealed: v.Wrap(vault.NewSecret(text), transfer.Purpose("import_1", int64(i))),
		}}))
		id := fmt.Sprintf("authid_%d", i)
		_, err = c.store.RegisterIdentity(ctx, store.NewIdentity{
			ID: id, ProviderIdentityID: "provid_" + id, Provider: "okta", EntityID: "sub-" + id, EntityKey: "sub-" + id,
			ProviderMetadata: everlatch.Metadata{
				store.TokensKey: v.Wrap(vault.NewSecret(text), keys.TokensPurpose("okta", "sub-"+id)), "size": 1 << 60,
			},
		})
		require.NoError(c.t, err)
		_, err = c.store.StartFactor(ctx, store.NewFactor{
			ID: "authmfa_" + id, IdentityID: id, Provider: "totp", Secret: p.FactorKeys().SealFactor(id, "authmfa_"+id, text),
		})
		require.NoError(c.t, err)
	}
	return func(p *process) {
		c.t.Helper()
		v := vault.New(c.store, p.Vault, time.Hour, c.now)
		for i := range n {
			text := fmt.Sprint(i)
			secret, err := v.Get(ctx, refs[i])
			require.NoError(c.t, err)
			require.Equal(c.t, text, string(secret.Reveal()))
			id := fmt.Sprintf("authid_%d", i)
			f, err := c.store.Factor(ctx, id, "authmfa_"+id)
			require.NoError(c.t, err)
			opened, err := p.FactorKeys().OpenFactor(id, f.ID, f.Secret)
			require.NoError(c.t, err)
			require.Equal(c.t, text, string(opened))
			identity, err := c.store.Identity(ctx, id)
			require.NoError(c.t, err)
			metadata := identity.Providers[0].ProviderMetadata
			sealed, _ := metadata[store.TokensKey].(string)
			secret, err = v.Unwrap(sealed, keys.TokensPurpose("okta", "sub-"+id))
			require.NoError(c.t, err)
			require.Equal(c.t, text, string(secret.Reveal()))
		}
		mails, err := c.store.KeptMails(ctx, n)
		require.NoError(c.t, err)
		for _, m := range mails {
			_, err := p.Vault.Derive(keys.MailPurpose).Open(m.KeyID, m.Data, []byte(m.ID))
			require.NoError(c.t, err)
		}
		units, err := c.store.SealedValues(ctx, store.SealedUnits, "", n)
		require.NoError(c.t, err)
		require.Len(c.t, units, n)
		for i, u := range units {
			_, err := v.Unwrap(u.Text, transfer.Purpose("import_1", int64(i)))
			require.NoError(c.t, err)
		}
	}
}

// resealAll does what the flow does.
func (c *cluster) resealAll(p *process) []keys.Task {
	c.t.Helper()
	tasks, wait, err := p.Plan(c.t.Context())
	require.NoError(c.t, err)
	require.Zero(c.t, wait)
	for _, task := range tasks {
		var resealed int
		for after := ""; ; {
			out, err := p.Reseal(c.t.Context(), task.Source, after, 3)
			require.NoError(c.t, err)
			require.Zero(c.t, out.Failed)
			again, err := p.Reseal(c.t.Context(), task.Source, after, 3)
			require.NoError(c.t, err)
			require.Zero(c.t, again.Resealed, "a batch can be repeated")
			resealed += out.Resealed
			if after = out.Next; after == "" {
				break
			}
		}
		require.EqualValues(c.t, task.Waiting, resealed, task.Source)
	}
	return tasks
}

// TestReseal: everything that the first key has sealed is sealed again, on both engines, and
// then the first key goes.
func TestReseal(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, c *cluster) {
		p := c.start("serve", defaults())
		open := c.fill(p, 7)
		tasks, _, err := p.Plan(t.Context())
		require.NoError(t, err)
		require.Empty(t, tasks, "nothing to do with one key")
		for _, ring := range keys.All[:5] {
			_, err := p.Rotate(t.Context(), ring, false)
			require.NoError(t, err)
		}
		for range 4 {
			c.turn(p)
		}
		c.advance(refresh)
		_, wait, err := p.Plan(t.Context())
		require.NoError(t, err)
		require.NotZero(t, wait, "a process may still seal with the first key")
		c.advance(wait)

		tasks = c.resealAll(p)
		require.Len(t, tasks, 5)
		for _, task := range tasks {
			require.EqualValues(t, 7, task.Waiting, task.Source)
		}
		open(p)
		require.Empty(t, c.resealAll(p))
		identity, err := c.store.Identity(t.Context(), "authid_1")
		require.NoError(t, err)
		require.EqualValues(t, 1<<60, identity.Providers[0].ProviderMetadata["size"])

		c.advance(3 * time.Hour)
		for _, ring := range []string{keys.Vault, keys.MFA} {
			_, err := p.Retire(t.Context(), ring, "k1", false, nil)
			require.NoError(t, err)
		}
		c.turn(p)
		c.clock.Add(-int64(3 * time.Hour / time.Second)) // the secrets of the vault are short-lived
		open(p)
	})
}

// TestResealKeys: the keys of the rings follow a rotation of encryption.keys, and then the
// first one leaves the configuration.
func TestResealKeys(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, c *cluster) {
		p := c.start("serve", defaults())
		for _, ring := range []string{keys.Vault, keys.JWT} {
			_, err := p.Rotate(t.Context(), ring, false)
			require.NoError(t, err)
		}
		hash := p.Vault.Derive("flows").Hash("a")
		_, err := p.Rotate(t.Context(), keys.Encryption, false)
		require.ErrorContains(t, err, "encryption.keys")
		s := defaults()
		s.encryption = []string{"k2", "k1"}
		p = c.start("serve", s)
		for range 8 {
			c.turn(p)
		}
		_, err = p.Retire(t.Context(), keys.Encryption, "k1", true, nil)
		require.ErrorContains(t, err, "ring_key", "not even by force")
		require.NotEmpty(t, c.resealAll(p))
		_, err = p.Retire(t.Context(), keys.Encryption, "k1", false, nil)
		require.ErrorContains(t, err, "ring codec, mfa, vault")
		c.advance(3 * time.Hour)
		for _, ring := range []string{keys.Vault, keys.Codec, keys.MFA, keys.Encryption} {
			_, err = p.Retire(t.Context(), ring, "k1", false, noHistories)
			require.NoError(t, err)
		}
		c.turn(p)
		s.encryption = []string{"k2"}
		p = c.start("serve", s)
		require.Equal(t, hash, p.Vault.Derive("flows").Hash("a"))
	})
}

// TestMedusaFactors: factors that Medusa has encrypted are sealed with our key, as long as its
// key is configured.
func TestMedusaFactors(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := defaults()
	s.medusa = "supersecret"
	p := c.start("serve", s)
	_, err := c.store.RegisterIdentity(t.Context(), store.NewIdentity{ID: "authid_1", ProviderIdentityID: "provid_1", Provider: "emailpass", EntityID: "a@b.c", EntityKey: "a@b.c"})
	require.NoError(t, err)
	stored := medusaSecret(t, s.medusa, "JBSWY3DPEHPK3PXP")
	_, err = c.store.StartFactor(t.Context(), store.NewFactor{ID: "authmfa_1", IdentityID: "authid_1", Provider: "totp", Secret: stored})
	require.NoError(t, err)
	c.advance(time.Minute)
	list, err := p.List(t.Context(), nil)
	require.NoError(t, err)
	at := slices.IndexFunc(list, func(k keys.Key) bool { return k.ID == "medusa" })
	require.Equal(t, "1 × mfa_factor", list[at].Needs.In(c.now()))
	require.Len(t, c.resealAll(p), 1)
	f, err := c.store.Factor(t.Context(), "authid_1", "authmfa_1")
	require.NoError(t, err)
	require.True(t, p.FactorKeys().IsCurrent(f.Secret))
	opened, err := p.FactorKeys().OpenFactor("authid_1", "authmfa_1", f.Secret)
	require.NoError(t, err)
	require.Equal(t, "JBSWY3DPEHPK3PXP", string(opened))
}

// TestDamagedValue: a value that does not open stops nothing, and keeps its key from being
// retired.
func TestDamagedValue(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	p := c.start("serve", defaults())
	require.NoError(t, c.store.PutSealed(t.Context(), store.Sealed{
		ID: "sec_damaged", KeyID: "k1", Data: []byte("0123456789012345678901234567890123456789"), ExpiresAt: c.now().Add(time.Hour),
	}))
	_, err := p.Rotate(t.Context(), keys.Vault, false)
	require.NoError(t, err)
	for range 8 {
		c.turn(p)
	}
	out, err := p.Reseal(t.Context(), store.SealedSecrets, "", 10)
	require.NoError(t, err)
	require.Equal(t, keys.Batch{Seen: 1, Failed: 1}, out)
	require.Contains(t, c.log.String(), "sec_damaged")
	_, err = p.Retire(t.Context(), keys.Vault, "k1", false, nil)
	require.ErrorContains(t, err, "1 × sealed_secret")
}

func noHistories(context.Context, time.Time) (keys.Executions, error) { return keys.Executions{}, nil }

// onEachEngine runs a test on SQLite, and on PostgreSQL when it is available.
func onEachEngine(t *testing.T, test func(t *testing.T, c *cluster)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newCluster(t))
	})
	if !storetest.HasPostgres() {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		c := &cluster{t: t}
		c.clock.Store(1_795_449_600)
		s, err := store.Open(t.Context(), storetest.PostgresURL(t), c.now)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		require.NoError(t, s.Migrate(t.Context()))
		c.store = s
		test(t, c)
	})
}

// medusaSecret encrypts as docs/contract.md#s10-1 says.
func medusaSecret(t *testing.T, key, plaintext string) string {
	t.Helper()
	derived := sha256.Sum256([]byte(key))
	block, err := aes.NewCipher(derived[:])
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	iv := []byte("twelve bytes")
	sealed := aead.Seal(nil, iv, []byte(plaintext), nil)
	cut, encode := len(sealed)-16, base64.RawURLEncoding.EncodeToString
	return "v1:" + encode(iv) + ":" + encode(sealed[cut:]) + ":" + encode(sealed[:cut])
}
