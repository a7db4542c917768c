package keys_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
)

const (
	refresh = 5 * time.Second
	longest = 24 * time.Hour
	secret  = "Yy3kqL0v7mXh2pTf9sWc4bNj6rGd8aZe1uQo5iKx"
	cookie  = "Hq8wEo2rTy6uIp0aSd4fGh1jKl5zXc9vBn3mQw7e"
)

var purposes = []string{"vault", "flows"}

func encryptionKey(id string) vault.Key {
	sum := bytes.Repeat([]byte(id+"."), vault.KeyBytes)[:vault.KeyBytes]
	return vault.Key{ID: id, Secret: vault.NewSecret(sum)}
}

// cluster is a database with processes.
type cluster struct {
	t     *testing.T
	store *store.Store
	clock atomic.Int64
	log   bytes.Buffer
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t}
	c.clock.Store(1_795_449_600)
	c.store = storetest.Open(t, c.now)
	return c
}

func (c *cluster) now() time.Time          { return time.Unix(c.clock.Load(), 0).UTC() }
func (c *cluster) advance(d time.Duration) { c.clock.Add(int64(d / time.Second)) }

// process is one that runs.
type process struct {
	*keys.Rings

	c      *cluster
	tokens *tokens.Tokens
}

type settings struct {
	algorithm  string
	encryption []string
	jwt        []tokens.Key
	cookies    []string
	medusa     string
}

func defaults() settings {
	return settings{algorithm: "HS256", encryption: []string{"k1"}, jwt: []tokens.Key{{Secret: []byte(secret)}}, cookies: []string{cookie}}
}

// make returns a process that has not opened its rings.
func (c *cluster) make(s settings) *process {
	c.t.Helper()
	o := keys.Options{
		Purposes: purposes, Cookies: s.cookies, Algorithm: s.algorithm, JWT: s.jwt, Medusa: vault.NewSecret([]byte(s.medusa)),
		Refresh: refresh, Publish: 5 * time.Minute, Longest: longest, LongestSession: 7 * longest, SealedTo: 2 * time.Hour,
		Now: c.now, Log: slog.New(slog.NewTextHandler(&c.log, nil)),
	}
	for _, id := range s.encryption {
		o.Encryption = append(o.Encryption, encryptionKey(id))
	}
	rings, err := keys.New(o)
	require.NoError(c.t, err)
	cfg := tokens.Config{Algorithm: s.algorithm, Secret: s.jwt[0].Secret, PrivateKeyPEM: s.jwt[0].PrivateKeyPEM}
	made, err := tokens.New(cfg, c.now)
	require.NoError(c.t, err)
	return &process{Rings: rings, c: c, tokens: made}
}

func (c *cluster) start(name string, s settings) *process {
	c.t.Helper()
	p := c.make(s)
	require.NoError(c.t, p.Open(c.t.Context(), c.store, p.tokens, keys.Process{ID: name, Name: name}))
	return p
}

// tool is a process that reports nothing.
func (c *cluster) tool(s settings) *process {
	c.t.Helper()
	p := c.make(s)
	require.NoError(c.t, p.Open(c.t.Context(), c.store, nil, keys.Process{}))
	return p
}

// turn lets time pass, and every process refresh.
func (c *cluster) turn(of ...*process) {
	c.t.Helper()
	c.advance(refresh)
	for _, p := range of {
		require.NoError(c.t, p.Refresh(c.t.Context()))
	}
}

func (p *process) token(at time.Time) string {
	p.c.t.Helper()
	out, _, err := p.tokens.Issue(everlatch.Principal{AuthIdentityID: "authid_1", ActorType: "customer"}, at, "jti")
	require.NoError(p.c.t, err)
	return out
}

func (c *cluster) key(ring, id string) keys.Key {
	c.t.Helper()
	found, err := c.tool(defaults()).List(c.t.Context(), nil)
	require.NoError(c.t, err)
	for _, k := range found {
		if k.Ring == ring && k.ID == id {
			return k
		}
	}
	c.t.Fatalf("no key %s/%s", ring, id)
	return keys.Key{}
}

// checkAll checks that each process opens and verifies what every one seals and signs.
func (c *cluster) checkAll(of ...*process) {
	c.t.Helper()
	for i, from := range of {
		token := from.token(c.now())
		cookieBy := from.Cookies(false)[0]
		for j, to := range of {
			about := fmt.Sprintf("from %d to %d", i, j)
			_, err := to.tokens.Verify(token, tokens.PurposeAccess)
			require.NoError(c.t, err, about)
			require.Contains(c.t, to.Cookies(false), cookieBy, about)
			for _, rings := range [][2]*vault.KeyRing{{from.Vault, to.Vault}, {from.Codec, to.Codec}, {from.MFA, to.MFA}} {
				id, sealed := rings[0].Seal([]byte("x"), nil)
				_, err := rings[1].Open(id, sealed, nil)
				require.NoError(c.t, err, about)
			}
		}
	}
}

// TestRotation: from a single key on, all rings are rotated while four processes run, and at
// no time does one meet what it cannot open. One of them looks later than the others.
func TestRotation(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	var all []*process
	for _, name := range []string{"api 1", "api 2", "worker 1", "worker 2"} {
		all = append(all, c.start(name, defaults()))
	}
	late := all[3]
	before := c.now()
	token, hash := all[0].token(before), all[0].Vault.Derive("flows").Hash("a")
	id, sealed := all[0].Vault.Seal([]byte("old"), nil)

	added := map[string]keys.Key{}
	for _, ring := range keys.All[:5] {
		k, err := c.tool(defaults()).Rotate(t.Context(), ring, false)
		require.NoError(t, err)
		require.Equal(t, keys.Next, k.State)
		require.NotContains(t, fmt.Sprintf("%+v", k), "Sealed")
		added[ring] = k
		again, err := c.tool(defaults()).Rotate(t.Context(), ring, false)
		require.NoError(t, err)
		require.Equal(t, k.ID, again.ID, "a rotation that is repeated goes on")
	}
	for range 3 {
		c.turn(all[:3]...)
		c.checkAll(all...)
		k := c.key(keys.Vault, added[keys.Vault].ID)
		require.Equal(t, keys.Next, k.State)
		require.Equal(t, []string{"worker 2"}, k.Lacking)
		require.True(t, k.ActiveFrom.IsZero(), "one process does not hold it yet")
	}
	for range 5 {
		c.turn(all[:3]...)
		c.checkAll(all...)
		c.turn(late)
		c.checkAll(all...)
	}
	for ring, k := range added {
		require.Equal(t, keys.Active, c.key(ring, k.ID).State, ring)
	}
	require.Equal(t, added[keys.Vault].ID, all[0].Vault.Current())
	require.Equal(t, added[keys.Codec].ID, all[0].Codec.Current())
	require.NotEqual(t, cookie, all[0].Cookies(false)[0])

	require.Equal(t, token, late.token(before), "a token that is issued again is the same")
	require.NotEqual(t, token, late.token(c.now()))
	require.Equal(t, hash, late.Vault.Derive("flows").Hash("a"), "hashes do not depend on the key that seals")
	opened, err := late.Vault.Open(id, sealed, nil)
	require.NoError(t, err)
	require.Equal(t, "old", string(opened))

	recent, err := c.tool(defaults()).Rotate(t.Context(), keys.JWT, false)
	require.NoError(t, err)
	require.Equal(t, added[keys.JWT].ID, recent.ID, "not twice by mistake")
	other, err := c.tool(defaults()).Rotate(t.Context(), keys.JWT, true)
	require.NoError(t, err)
	require.NotEqual(t, added[keys.JWT].ID, other.ID)
}

// TestHashesStay: an installation that had two keys before there were rings finds
// everything that it has hashed, whichever key did it, and whatever becomes of the keys.
func TestHashesStay(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	older, err := vault.NewKeyRing([]vault.Key{encryptionKey("k1")})
	require.NoError(t, err)
	both, err := vault.NewKeyRing([]vault.Key{encryptionKey("k2"), encryptionKey("k1")})
	require.NoError(t, err)
	s := defaults()
	s.encryption = []string{"k2", "k1"}
	p := c.start("serve", s)
	for _, purpose := range purposes {
		require.Equal(t, both.Derive(purpose).Hash("a", "b"), p.Vault.Derive(purpose).Hash("a", "b"))
		found := p.Vault.Derive(purpose).HashEach("code")
		require.Equal(t, older.Derive(purpose).Hash("code"), found[0], "of the key that does not change")
		require.Contains(t, found, both.Derive(purpose).HashEach("code")[0], "what was stored under the newer key")
	}
	require.NotEqual(t, p.Vault.Derive("new").Hash("a"), p.Vault.Derive("newer").Hash("a"))
}

// TestConfiguredKeys: a new key that is put first in the configuration, process by process, is
// used when the last one has it.
func TestConfiguredKeys(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	old := []*process{c.start("a", defaults()), c.start("b", defaults())}
	s := defaults()
	s.encryption = []string{"k2", "k1"}
	s.jwt = append([]tokens.Key{{Secret: []byte("new " + secret)}}, s.jwt...)
	s.cookies = append([]string{"new " + cookie}, s.cookies...)
	first := c.start("a", s) // in the place of the other
	for range 3 {
		c.turn(first, old[1])
		c.checkAll(first, old[1])
		require.Equal(t, "k1", first.Codec.Current())
	}
	second := c.start("b", s)
	for range 5 {
		c.turn(first, second)
		c.checkAll(first, second)
	}
	require.Equal(t, "k2", first.Codec.Current())
	require.Equal(t, "new "+cookie, second.Cookies(false)[0])

	// A key of the database takes their place, and starting again does not bring them back.
	_, err := c.tool(s).Rotate(t.Context(), keys.Codec, false)
	require.NoError(t, err)
	for range 5 {
		c.turn(first, second)
	}
	current := first.Codec.Current()
	require.NotEqual(t, "k2", current)
	first = c.start("a", s)
	for range 5 {
		c.turn(first, second)
	}
	require.Equal(t, current, first.Codec.Current())
}

// TestReplacedSecret: a JWT secret that was replaced without the previous one signs at once,
// as it always did.
func TestReplacedSecret(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	token := c.start("serve", defaults()).token(c.now())
	s := defaults()
	s.jwt, s.cookies = []tokens.Key{{Secret: []byte("new " + secret)}}, []string{"new " + cookie}
	p := c.start("serve", s)
	c.turn(p)
	_, err := p.tokens.Verify(token, tokens.PurposeAccess)
	require.Error(t, err)
	_, err = p.tokens.Verify(p.token(c.now()), tokens.PurposeAccess)
	require.NoError(t, err)
	require.Equal(t, "new "+cookie, p.Cookies(false)[0])
	require.Contains(t, c.log.String(), "the key in use is not in the configuration")
}
