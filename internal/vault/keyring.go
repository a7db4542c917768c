package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// KeyBytes is the length of a key.
const KeyBytes = 32

// The labels separate the keys that are derived from one secret (HKDF info).
// They are part of the stored format and never change.
const (
	labelSeal   = "everlatch/seal/v1"
	labelHash   = "everlatch/hash/v1"
	labelDerive = "everlatch/derive/v1/"
)

// errUnknownKey reports a value sealed under a key that is not in the ring: the
// key was retired too early, or this process does not have it yet.
var errUnknownKey = errors.New("vault: sealed under a key that is not in the key ring")

// errOpen deliberately has no detail: the reason why a ciphertext does not open
// would only help an attacker.
var errOpen = errors.New("vault: the sealed value is damaged or belongs elsewhere")

// Key is one named key of [KeyBytes] bytes.
type Key struct {
	ID     string
	Secret Secret
}

// KeyRing seals under its first key and opens under any of its keys. It is safe
// for concurrent use and prints as "[key ring]".
//
// To rotate: put a new key first, keep the old one last until everything that
// was sealed under it has expired, then drop it.
type KeyRing struct {
	keys []ringKey
	hash Secret
}

type ringKey struct {
	id     string
	secret Secret
	aead   cipher.AEAD
}

// NewKeyRing builds a ring whose first key is the current one. It reports all
// problems at once: no key, a bad or repeated id, a key that is not
// [KeyBytes] bytes long. No error names key material.
func NewKeyRing(keys []Key) (*KeyRing, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	ring := &KeyRing{keys: make([]ringKey, 0, len(keys))}
	for _, k := range keys {
		block, err := aes.NewCipher(expand(k.Secret, labelSeal).Reveal())
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", k.ID, err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", k.ID, err)
		}
		ring.keys = append(ring.keys, ringKey{id: k.ID, secret: k.Secret, aead: aead})
	}
	ring.hash = expand(ring.keys[len(ring.keys)-1].secret, labelHash)
	return ring, nil
}

// Seal encrypts plaintext under the current key and binds it to aad, which
// says where the result belongs and must be given again to [KeyRing.Open]. The
// result is a random nonce of 12 bytes and the ciphertext.
func (r *KeyRing) Seal(plaintext, aad []byte) (keyID string, sealed []byte) {
	k := r.keys[0]
	sealed = make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(plaintext)+k.aead.Overhead())
	_, _ = rand.Read(sealed) // never fails: it ends the program instead
	return k.id, k.aead.Seal(sealed, sealed, plaintext, aad)
}

// Open is the inverse of [KeyRing.Seal]. It fails when the key is not in the ring, or
// without detail when the sealed value or aad was modified.
func (r *KeyRing) Open(keyID string, sealed, aad []byte) ([]byte, error) {
	for _, k := range r.keys {
		if k.id != keyID {
			continue
		}
		if len(sealed) < k.aead.NonceSize()+k.aead.Overhead() {
			return nil, errOpen
		}
		nonce, body := sealed[:k.aead.NonceSize()], sealed[k.aead.NonceSize():]
		plaintext, err := k.aead.Open(nil, nonce, body, aad)
		if err != nil {
			return nil, errOpen
		}
		return plaintext, nil
	}
	return nil, errUnknownKey
}

// Derive returns a ring for another purpose: the same ids, independent keys
// (HKDF-SHA256). Values sealed or hashed for one purpose cannot be used for another.
func (r *KeyRing) Derive(purpose string) *KeyRing {
	keys := make([]Key, 0, len(r.keys))
	for _, k := range r.keys {
		keys = append(keys, Key{ID: k.id, Secret: expand(k.secret, labelDerive+purpose)})
	}
	derived, err := NewKeyRing(keys)
	if err != nil {
		panic("vault: a valid ring derives a valid ring: " + err.Error()) // unreachable
	}
	return derived
}

// Hash returns a keyed fingerprint (HMAC-SHA256, 52 characters a-z2-7) of the
// parts, for workflow ids and other names that must not show an address. The
// parts are length-prefixed, so ("ab", "c") and ("a", "bc") differ.
//
// It uses the oldest key, the last of the ring, so that names stay the same
// while a new key is rolled out; dropping the oldest key changes them.
func (r *KeyRing) Hash(parts ...string) string {
	mac := hmac.New(sha256.New, r.hash.Reveal())
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		_, _ = mac.Write(n[:])
		_, _ = io.WriteString(mac, p)
	}
	return fingerprint.EncodeToString(mac.Sum(nil))
}

// fingerprint is base32 in lower case without padding.
var fingerprint = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Format implements [fmt.Formatter]: a ring prints no key material.
func (r *KeyRing) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[key ring]") }

// LogValue implements [slog.LogValuer]: a ring logs no key material.
func (r *KeyRing) LogValue() slog.Value { return slog.StringValue("[key ring]") }

// expand derives a key of [KeyBytes] bytes from a secret that is already
// uniformly random, so it needs no extract step of HKDF.
func expand(secret Secret, label string) Secret {
	key, err := hkdf.Expand(sha256.New, secret.Reveal(), label, KeyBytes)
	if err != nil {
		panic("vault: HKDF gives 32 bytes of any key: " + err.Error()) // unreachable
	}
	return NewSecret(key)
}
