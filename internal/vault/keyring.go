package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
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
	"slices"
	"sync"
	"sync/atomic"
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
// The keys may be replaced while the ring is in use, see [KeyRing.Replace].
type KeyRing struct {
	source   *source
	purposes []string
	made     atomic.Pointer[derived]
}

// source is what a ring and those that are derived from it have in common.
type source struct {
	current atomic.Pointer[generation]
	// renew is nil, or looks for newer keys; see [KeyRing.OnUnknown].
	renew func() bool
}

// generation is what a ring consists of until it is replaced.
type generation struct {
	keys []Key
	// index is empty for a ring whose hashes depend on its keys.
	index []IndexKey
}

// derived are the keys of one purpose and one generation.
type derived struct {
	of     *generation
	keys   []ringKey
	hashes []Secret // the first one names
	pairs  func() []*ecdsa.PrivateKey
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
	r := &KeyRing{source: &source{}}
	r.source.current.Store(&generation{keys: keys})
	return r, nil
}

// Replace gives the ring, and all that were derived from it, other keys: the first one
// seals, all open. From then on its hashes depend on index alone, whose first key is the
// one that names; without one, on the keys, see [KeyRing.Hash]. It reports what
// [NewKeyRing] reports, and then changes nothing.
func (r *KeyRing) Replace(keys []Key, index []IndexKey) error {
	if err := checkKeys(keys); err != nil {
		return err
	}
	r.source.current.Store(&generation{keys: keys, index: index})
	return nil
}

// OnUnknown sets what is asked for newer keys when a value is sealed under an unknown
// one. It returns whether there may be some, and must be quick to say no. It is set
// before the ring is used.
func (r *KeyRing) OnUnknown(renew func() bool) { r.source.renew = renew }

// now returns the keys of this ring's purpose.
func (r *KeyRing) now() *derived {
	g := r.source.current.Load()
	if d := r.made.Load(); d != nil && d.of == g {
		return d
	}
	d := &derived{of: g}
	for _, k := range g.keys {
		secret := k.Secret
		for _, purpose := range r.purposes {
			secret = expand(secret, labelDerive+purpose)
		}
		d.keys = append(d.keys, ringKey{id: k.ID, secret: secret, aead: newAEAD(secret)})
	}
	d.hashes = r.hashKeys(d)
	d.pairs = sync.OnceValue(func() []*ecdsa.PrivateKey { return keyPairs(d.keys) })
	r.made.Store(d)
	return d
}

func newAEAD(secret Secret) cipher.AEAD {
	block, err := aes.NewCipher(expand(secret, labelSeal).Reveal())
	if err == nil {
		var aead cipher.AEAD
		if aead, err = cipher.NewGCM(block); err == nil {
			return aead
		}
	}
	panic("vault: a key of 32 bytes is a key of AES-256: " + err.Error()) // unreachable
}

// Seal encrypts plaintext under the current key and binds it to aad, which
// says where the result belongs and must be given again to [KeyRing.Open]. The
// result is a random nonce of 12 bytes and the ciphertext.
func (r *KeyRing) Seal(plaintext, aad []byte) (keyID string, sealed []byte) {
	k := r.now().keys[0]
	sealed = make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(plaintext)+k.aead.Overhead())
	_, _ = rand.Read(sealed) // never fails: it ends the program instead
	return k.id, k.aead.Seal(sealed, sealed, plaintext, aad)
}

// Current returns the id of the key that seals.
func (r *KeyRing) Current() string { return r.source.current.Load().keys[0].ID }

// Open is the inverse of [KeyRing.Seal]. It fails when the key is not in the ring, or
// without detail when the sealed value or aad was modified.
func (r *KeyRing) Open(keyID string, sealed, aad []byte) ([]byte, error) {
	k, known := r.find(keyID)
	if !known && r.source.renew != nil && r.source.renew() {
		k, known = r.find(keyID)
	}
	if !known {
		return nil, errUnknownKey
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

func (r *KeyRing) find(keyID string) (ringKey, bool) {
	for _, k := range r.now().keys {
		if k.id == keyID {
			return k, true
		}
	}
	return ringKey{}, false
}

// Derive returns a ring for another purpose: the same ids, independent keys
// (HKDF-SHA256). Values sealed or hashed for one purpose cannot be used for another.
// It follows when the keys of this ring are replaced.
func (r *KeyRing) Derive(purpose string) *KeyRing {
	return &KeyRing{source: r.source, purposes: append(slices.Clone(r.purposes), purpose)}
}

// Hash returns a keyed fingerprint (HMAC-SHA256, 52 characters a-z2-7) of the
// parts, for workflow ids and other names that must not show an address. The
// parts are length-prefixed, so ("ab", "c") and ("a", "bc") differ.
//
// It is the same whichever key seals. A ring without index keys uses its last key.
func (r *KeyRing) Hash(parts ...string) string { return fingerprintOf(r.now().hashes[0], parts) }

// HashEach returns fingerprints of the parts like [KeyRing.Hash], one under each index
// key. What is stored with the first is found again under one of them. A ring without index
// keys has one under each key, the current one first.
func (r *KeyRing) HashEach(parts ...string) []string {
	d := r.now()
	hashes := d.hashes
	if len(d.of.index) == 0 {
		hashes = hashes[1:]
	}
	out := make([]string, len(hashes))
	for i, key := range hashes {
		out[i] = fingerprintOf(key, parts)
	}
	return out
}

func fingerprintOf(key Secret, parts []string) string {
	mac := hmac.New(sha256.New, key.Reveal())
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
