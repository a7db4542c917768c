package accounts

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"sync"

	"golang.org/x/crypto/scrypt"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

// SecretKeys finds secret API keys by their tokens. The zero value is ready.
type SecretKeys struct {
	// slow is held while a hash of Medusa is computed: 16 MiB and tens of milliseconds.
	slow sync.Mutex
}

// Find returns the live secret key with a token, and with roles what it may do. An
// unknown or revoked one is [everlatch.ErrNotFound].
//
// A key that was imported from Medusa is known by a slow hash, which its first use
// replaces by a fast one. Only a token with the redacted characters of such a key is hashed
// slowly, six of them random, so that guesses cost nothing.
func (k *SecretKeys) Find(ctx context.Context, s *store.Store, token string, roles bool) (everlatch.APIKey, everlatch.Access, error) {
	key, access, err := byHash(ctx, s, token, roles)
	if !errors.Is(err, everlatch.ErrNotFound) || len(token) < shortestToken {
		return key, access, err
	}
	salted, failed := s.SaltedKeys(ctx, redact(token))
	if failed != nil {
		return key, access, failed
	}
	for _, candidate := range salted {
		same, failed := k.matches(ctx, candidate, token)
		if failed != nil {
			return key, access, failed
		}
		if !same {
			continue
		}
		if err := s.ReplaceSalted(ctx, candidate, tokens.HashSecret(token)); err != nil {
			return key, access, err
		}
		return byHash(ctx, s, token, roles)
	}
	return key, access, err
}

// shortestToken keeps apart the two ends of a token that its redacted form shows.
const shortestToken = len(SecretKeyPrefix) + 32

func byHash(ctx context.Context, s *store.Store, token string, roles bool) (key everlatch.APIKey, access everlatch.Access, err error) {
	if roles {
		return s.SecretKeyWithAccess(ctx, tokens.HashSecret(token))
	}
	key, err = s.SecretKey(ctx, tokens.HashSecret(token))
	return key, access, err
}

// matches computes the hash that Medusa stores of a secret key, with the defaults of
// Node.js (docs/contract.md#s1-4).
func (k *SecretKeys) matches(ctx context.Context, stored store.SaltedKey, token string) (bool, error) {
	k.slow.Lock()
	defer k.slow.Unlock()
	if err := ctx.Err(); err != nil {
		return false, err // the client has gone
	}
	hash, err := scrypt.Key([]byte(token), []byte(stored.Salt), 1<<14, 8, 1, 64)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(hash)), []byte(stored.Hash)) == 1, nil
}
