package vault

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"strconv"
)

// labelKeyPair is like the other labels: it never changes.
const labelKeyPair = "everlatch/p256/v1/"

// KeyPairs returns a key pair of the curve P-256 for each key of the ring, the current
// one first: others can seal to the public half, and every process with the ring has the
// private one. Like all that is derived, it is the same in each of them.
func (r *KeyRing) KeyPairs() []*ecdsa.PrivateKey { return r.now().pairs() }

func keyPairs(keys []ringKey) []*ecdsa.PrivateKey {
	out := make([]*ecdsa.PrivateKey, len(keys))
	for i, k := range keys {
		out[i] = keyPair(k.secret)
	}
	return out
}

// keyPair tries one candidate after the other: of 2³² one is not a private key.
func keyPair(secret Secret) *ecdsa.PrivateKey {
	for n := 0; ; n++ {
		candidate := expand(secret, labelKeyPair+strconv.Itoa(n)).Reveal()
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), candidate); err == nil {
			return key
		}
	}
}
