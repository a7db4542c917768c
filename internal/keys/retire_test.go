package keys_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
)

// TestKeyPairs: the public half is published before the key signs.
func TestKeyPairs(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"ES256", "EdDSA", "RS256"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			s := defaults()
			s.algorithm = algorithm
			first, err := tokens.NewKey(algorithm)
			require.NoError(t, err)
			s.jwt = []tokens.Key{first}
			p := c.start("serve", s)
			before := c.now()
			token := p.token(before)
			k, err := c.tool(s).Rotate(t.Context(), keys.JWT, false)
			require.NoError(t, err)
			c.turn(p)
			jwks, _ := p.tokens.JWKS()
			require.Contains(t, string(jwks), k.ID)
			require.Equal(t, header(token), header(p.token(c.now())), "published, and not used yet")
			c.turn(p)
			c.advance(5*time.Minute - 2*refresh)
			require.Equal(t, header(token), header(p.token(c.now())))
			c.turn(p)
			c.turn(p)
			renewed := p.token(c.now())
			require.NotEqual(t, header(token), header(renewed))
			for _, each := range []string{token, renewed} {
				_, err := p.tokens.Verify(each, tokens.PurposeAccess)
				require.NoError(t, err)
			}
			jwks, _ = p.tokens.JWKS()
			require.Less(t, strings.Index(string(jwks), k.ID), strings.LastIndex(string(jwks), `"kid"`), "the one that signs first")
		})
	}
}

// TestStoppedProcess: one that was stopped while others began to use a key opens what they
// sealed, because it looks for the key.
func TestStoppedProcess(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	running, stopped := c.start("a", defaults()), c.start("b", defaults())
	for _, ring := range []string{keys.JWT, keys.Codec} {
		_, err := c.tool(defaults()).Rotate(t.Context(), ring, false)
		require.NoError(t, err)
	}
	for range 15 { // until the other one counts as dead
		c.turn(running)
	}
	require.NotEqual(t, "k1", running.Codec.Current())
	id, sealed := running.Codec.Seal([]byte("x"), nil)
	opened, err := stopped.Codec.Open(id, sealed, nil)
	require.NoError(t, err)
	require.Equal(t, "x", string(opened))
	_, err = stopped.tokens.Verify(running.token(c.now()), tokens.PurposeAccess)
	require.NoError(t, err)
}

// TestRetire refuses the dangerous order, for each ring.
func TestRetire(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	p := c.start("serve", defaults())
	v := vault.New(c.store, p.Vault, time.Hour, c.now)
	ref, err := v.Put(t.Context(), vault.NewSecret([]byte("x")))
	require.NoError(t, err)
	var jwt string
	for _, ring := range keys.All[:5] {
		_, err := c.tool(defaults()).Rotate(t.Context(), ring, false)
		require.NoError(t, err)
	}
	for range 5 {
		c.turn(p)
	}
	histories := keys.Executions{Open: 1, Closed: 2, Until: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)}
	count := func(context.Context, time.Time) (keys.Executions, error) { return histories, nil } //nolint:unparam // its type is that of a count that may fail
	retire := func(ring, id string, force bool) error {
		_, err := p.Retire(t.Context(), ring, id, force, count)
		return err
	}
	list, err := p.List(t.Context(), count)
	require.NoError(t, err)
	for _, k := range list {
		if k.Ring == keys.JWT && k.State == keys.Previous {
			jwt = k.ID
		}
		require.NotContains(t, k.ID, secret[:4])
	}
	require.ErrorContains(t, retire(keys.Vault, p.Vault.Current(), true), "is in use")
	require.ErrorContains(t, retire(keys.Vault, "nothing", false), "has no key")
	require.ErrorContains(t, retire(keys.Vault, "k1", false), "1 × sealed_secret")
	require.ErrorContains(t, retire(keys.Codec, "k1", false), "3 histories (1 still open), the others kept by Temporal until 2027-03-01T00:00:00Z")
	histories.Open = 0
	require.ErrorContains(t, retire(keys.Codec, "k1", false), "2 histories, kept by Temporal until 2027-03-01T00:00:00Z")
	histories.Until = time.Time{}
	require.ErrorContains(t, retire(keys.Codec, "k1", false), "2 histories")
	require.ErrorContains(t, retire(keys.JWT, jwt, false), "until 20")
	require.ErrorContains(t, retire(keys.Encryption, "k1", true), "is in use")

	token := p.token(c.now().Add(-time.Hour)) // by the previous key
	require.NoError(t, retire(keys.JWT, jwt, true), "forced, because the key is known to others")
	require.NoError(t, retire(keys.JWT, jwt, false), "again changes nothing")
	c.turn(p)
	_, err = p.tokens.Verify(token, tokens.PurposeAccess)
	require.Error(t, err)

	require.NoError(t, v.Delete(t.Context(), ref))
	histories = keys.Executions{}
	c.advance(3 * time.Hour)
	require.NoError(t, retire(keys.Vault, "k1", false))
	require.NoError(t, retire(keys.Codec, "k1", false))
	c.turn(p)
	again := c.start("serve", defaults())
	require.Equal(t, p.Vault.Current(), again.Vault.Current(), "the configuration does not bring it back")
	_, err = again.Vault.Open("k1", []byte("0123456789012345678901234567890123456789"), nil)
	require.ErrorContains(t, err, "not in the key ring")
}

// TestNoSecretInTheDatabase: neither keys of the configuration nor generated ones are there in
// clear.
func TestNoSecretInTheDatabase(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	p := c.start("serve", defaults())
	for _, ring := range keys.All[:5] {
		_, err := p.Rotate(t.Context(), ring, false)
		require.NoError(t, err)
	}
	for range 5 {
		c.turn(p)
	}
	rows, err := c.store.RingKeys(t.Context())
	require.NoError(t, err)
	text := fmt.Sprintf("%+v", rows)
	for _, row := range rows {
		text += string(row.Sealed)
	}
	for _, secret := range append(p.Cookies(false), secret) {
		require.NotContains(t, text, secret)
	}
	require.NotContains(t, c.log.String(), cookie)
}

func header(token string) string { h, _, _ := strings.Cut(token, "."); return h }

// TestMissingEncryptionKey: without the key that encrypts the rings, a process says which one
// is missing instead of starting with others.
func TestMissingEncryptionKey(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.start("serve", defaults())
	s := defaults()
	s.encryption = []string{"k2"}
	p := c.make(s)
	err := p.Open(t.Context(), c.store, p.tokens, keys.Process{ID: "x"})
	require.ErrorContains(t, err, `the key "k1" of encryption.keys`)
}
