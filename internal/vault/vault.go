package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// Ref names a sealed secret: "sec_" and a ULID. It says nothing about the
// secret and is safe in payloads, ids and logs.
type Ref string

const refPrefix = "sec_"

// Purpose is what the keys of a vault are derived for.
const Purpose = "vault"

// defaultTTL is how long a secret can be read by default: longer than any short
// flow, including retries.
const defaultTTL = 15 * time.Minute

// Vault seals secrets into rows that expire. It is safe for concurrent use.
type Vault struct {
	store *store.Store
	ring  *KeyRing
	ttl   time.Duration
	now   func() time.Time
}

// New returns a vault over s. Its keys are derived from ring for this purpose
// only. A ttl of zero or less means 15 minutes.
func New(s *store.Store, ring *KeyRing, ttl time.Duration, now func() time.Time) *Vault {
	if ttl <= 0 {
		ttl = defaultTTL
	}
	return &Vault{store: s, ring: ring.Derive(Purpose), ttl: ttl, now: now}
}

// Put seals a secret and returns the ref under which it can be read until it
// expires. Each call creates a new ref. It fails like the store, for example
// with [everlatch.CodeUnavailable] when the database is unavailable.
func (v *Vault) Put(ctx context.Context, secret Secret) (Ref, error) {
	return v.PutFor(ctx, secret, v.ttl)
}

// PutFor is [Vault.Put] with a lifetime other than the vault's default.
func (v *Vault) PutFor(ctx context.Context, secret Secret, ttl time.Duration) (Ref, error) {
	ref := v.NewRef()
	if err := v.PutAt(ctx, ref, secret, ttl); err != nil {
		return "", err
	}
	return ref, nil
}

// NewRef returns a new ref with no secret. A flow that chooses the ref in
// advance can find what a step has sealed even if the step's result was lost.
func (v *Vault) NewRef() Ref {
	return Ref(refPrefix + ulid.MustNew(ulid.Timestamp(v.now()), rand.Reader).String())
}

// PutAt is [Vault.PutFor] under a ref of [Vault.NewRef]. A secret that is
// already sealed there stays.
func (v *Vault) PutAt(ctx context.Context, ref Ref, secret Secret, ttl time.Duration) error {
	at := v.now()
	keyID, sealed := v.ring.Seal(secret.Reveal(), []byte(ref))
	err := v.store.PutSealed(ctx, store.Sealed{
		ID: string(ref), KeyID: keyID, Data: sealed, ExpiresAt: at.Add(ttl),
	})
	if err != nil {
		return fmt.Errorf("put a secret: %w", err)
	}
	return nil
}

// Get returns the secret behind ref and can be called repeatedly. A secret that
// expired or was deleted is [everlatch.CodeInvalidData] with a message for the
// user, who has to start a new request. A row that does not open is an internal
// error.
func (v *Vault) Get(ctx context.Context, ref Ref) (Secret, error) {
	if !strings.HasPrefix(string(ref), refPrefix) {
		return Secret{}, expired()
	}
	row, err := v.store.GetSealed(ctx, string(ref))
	if errors.Is(err, everlatch.ErrNotFound) {
		return Secret{}, expired()
	}
	if err != nil {
		return Secret{}, fmt.Errorf("get secret %s: %w", ref, err)
	}
	plaintext, err := v.ring.Open(row.KeyID, row.Data, []byte(ref))
	if err != nil {
		return Secret{}, fmt.Errorf("get secret %s: %w", ref, err)
	}
	return NewSecret(plaintext), nil
}

// HashEach is [KeyRing.HashEach] with keys of the vault's own, for secrets that are
// only ever compared.
func (v *Vault) HashEach(parts ...string) []string { return v.ring.HashEach(parts...) }

// Hash returns a keyed fingerprint of a secret, by which a record is found for one
// purpose.
func (v *Vault) Hash(purpose, secret string) string { return v.ring.Hash(purpose, secret) }

// Delete destroys the secrets behind refs. A missing or empty ref is not an
// error, so a flow may delete twice.
func (v *Vault) Delete(ctx context.Context, refs ...Ref) error {
	ids := make([]string, 0, len(refs))
	for _, ref := range refs {
		if ref != "" {
			ids = append(ids, string(ref))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := v.store.DeleteSealed(ctx, ids...); err != nil {
		return fmt.Errorf("delete secrets: %w", err)
	}
	return nil
}

func expired() error {
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonSecretExpired}
}
