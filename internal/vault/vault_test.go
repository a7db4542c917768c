package vault_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
)

type bundle struct {
	vault *vault.Vault
	store *store.Store
	ring  *vault.KeyRing
	dir   string
	clock *clock
}

// clock is a time that tests move.
type clock struct{ unix atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.unix.Load(), 0).UTC() }
func (c *clock) advance(d time.Duration) { c.unix.Add(int64(d / time.Second)) }

func setup(t *testing.T, ttl time.Duration) bundle {
	t.Helper()
	b := bundle{dir: t.TempDir(), ring: ringOf(t, key("k1")), clock: &clock{}}
	b.clock.advance(1_795_449_600 * time.Second)
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(b.dir, "vault.db"), b.clock.now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	b.store = s
	b.vault = vault.New(s, b.ring, ttl, b.clock.now)
	return b
}

func (b bundle) put(t *testing.T) vault.Ref {
	t.Helper()
	ref, err := b.vault.Put(t.Context(), vault.NewSecret([]byte(planted)))
	require.NoError(t, err)
	return ref
}

// requireGone checks the answer for a secret that is irrecoverably destroyed.
func requireGone(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, everlatch.ErrInvalidData)
	require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonSecretExpired})
}

func TestPutGetDelete(t *testing.T) {
	t.Parallel()

	b := setup(t, time.Minute)
	ref, other := b.put(t), b.put(t)
	require.Regexp(t, `^sec_[0-9A-Z]{26}$`, string(ref))
	require.NotEqual(t, ref, other)

	for range 3 { // a retried activity reads again
		got, err := b.vault.Get(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, planted, string(got.Reveal()))
	}

	require.NoError(t, b.vault.Delete(t.Context(), ref, ""))
	require.NoError(t, b.vault.Delete(t.Context(), ref), "twice is no error")
	require.NoError(t, b.vault.Delete(t.Context()))
	_, err := b.vault.Get(t.Context(), ref)
	requireGone(t, err)
	_, err = b.vault.Get(t.Context(), other)
	require.NoError(t, err, "only the named secret went")
}

func TestGetAfterItsTime(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct{ ttl, lives time.Duration }{
		"configured": {ttl: time.Minute, lives: time.Minute},
		"by default": {ttl: 0, lives: 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, tt.ttl)
			ref := b.put(t)
			b.clock.advance(tt.lives - time.Second)
			_, err := b.vault.Get(t.Context(), ref)
			require.NoError(t, err)
			b.clock.advance(time.Second)
			_, err = b.vault.Get(t.Context(), ref)
			requireGone(t, err)
		})
	}
}

func TestGetOfNothing(t *testing.T) {
	t.Parallel()

	b := setup(t, time.Minute)
	for _, ref := range []vault.Ref{"", "sec_", "sec_01UNKNOWN", "authid_01ADA", "sec_' OR 1=1 --"} {
		_, err := b.vault.Get(t.Context(), ref)
		requireGone(t, err)
	}
}

// A row copied under another ref must not open: the ref is associated data.
func TestRowsCannotBeSwapped(t *testing.T) {
	t.Parallel()

	b := setup(t, time.Minute)
	row, err := b.store.GetSealed(t.Context(), string(b.put(t)))
	require.NoError(t, err)
	row.ID = "sec_01SWAPPED"
	require.NoError(t, b.store.PutSealed(t.Context(), row))

	_, err = b.vault.Get(t.Context(), "sec_01SWAPPED")
	require.Error(t, err)
	require.Equal(t, everlatch.CodeInternal, everlatch.ErrorCode(err))
}

func TestGetUnderARetiredKey(t *testing.T) {
	t.Parallel()

	b := setup(t, time.Minute)
	ref := b.put(t)
	later := vault.New(b.store, ringOf(t, key("k2")), time.Minute, b.clock.now)
	_, err := later.Get(t.Context(), ref)
	require.ErrorIs(t, err, vault.ErrUnknownKey)
	require.Equal(t, everlatch.CodeInternal, everlatch.ErrorCode(err), "an operator must look, the person can do nothing")
}

// The ring itself must not open what the vault sealed: purposes are separate.
func TestVaultHasItsOwnKeys(t *testing.T) {
	t.Parallel()

	b := setup(t, time.Minute)
	ref := b.put(t)
	row, err := b.store.GetSealed(t.Context(), string(ref))
	require.NoError(t, err)
	_, err = b.ring.Open(row.KeyID, row.Data, []byte(ref))
	require.Error(t, err)
}

func TestNoSecretOnDisk(t *testing.T) {
	t.Parallel()

	b := setup(t, time.Minute)
	b.put(t)
	files, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(b.dir, f.Name()))
		require.NoError(t, err)
		require.NotContains(t, string(data), planted)
	}
}

func TestStoreErrorsComeThrough(t *testing.T) {
	t.Parallel()

	b := setup(t, time.Minute)
	ref := b.put(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.vault.Put(ctx, vault.NewSecret([]byte(planted)))
	require.ErrorContains(t, err, "put a secret")
	require.NotContains(t, fmt.Sprintf("%+v", err), planted)
	_, err = b.vault.Get(ctx, ref)
	require.ErrorContains(t, err, "get secret "+string(ref))
	require.ErrorContains(t, b.vault.Delete(ctx, ref), "delete secrets")
}
