package vault

import (
	"encoding/base64"
	"errors"
	"strings"
)

// Wrap encrypts a secret that is kept as long as its record, such as a
// provider's refresh token (docs/weak-spots.md#w50). purpose names the record:
// the ciphertext opens only for the same purpose, so that it cannot be moved to
// another record.
func (v *Vault) Wrap(secret Secret, purpose string) string {
	keyID, sealed := v.ring.Seal(secret.Reveal(), []byte("wrap "+purpose))
	return keyID + ":" + base64.RawStdEncoding.EncodeToString(sealed)
}

// Unwrap is the inverse of [Vault.Wrap].
func (v *Vault) Unwrap(text, purpose string) (Secret, error) {
	keyID, encoded, found := strings.Cut(text, ":")
	sealed, err := base64.RawStdEncoding.DecodeString(encoded)
	if !found || err != nil {
		return Secret{}, errors.New("this is not a wrapped secret")
	}
	plaintext, err := v.ring.Open(keyID, sealed, []byte("wrap "+purpose))
	if err != nil {
		return Secret{}, err
	}
	return NewSecret(plaintext), nil
}
