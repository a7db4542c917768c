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
func (r *KeyRing) Wrap(secret Secret, purpose string) string {
	keyID, sealed := r.Seal(secret.Reveal(), []byte("wrap "+purpose))
	return keyID + ":" + base64.RawStdEncoding.EncodeToString(sealed)
}

// Unwrap is the inverse of [KeyRing.Wrap].
func (r *KeyRing) Unwrap(text, purpose string) (Secret, error) {
	keyID, encoded, found := strings.Cut(text, ":")
	sealed, err := base64.RawStdEncoding.DecodeString(encoded)
	if !found || err != nil {
		return Secret{}, errors.New("this is not a wrapped secret")
	}
	plaintext, err := r.Open(keyID, sealed, []byte("wrap "+purpose))
	if err != nil {
		return Secret{}, err
	}
	return NewSecret(plaintext), nil
}

// IsCurrent reports that a wrapped secret is encrypted with the current key. One that
// is not should be wrapped again when it is used.
func (r *KeyRing) IsCurrent(text string) bool {
	keyID, _, _ := strings.Cut(text, ":")
	return keyID == r.Current()
}

// Wrap is [KeyRing.Wrap] with the keys of the vault.
func (v *Vault) Wrap(secret Secret, purpose string) string { return v.ring.Wrap(secret, purpose) }

// Unwrap is the inverse of [Vault.Wrap].
func (v *Vault) Unwrap(text, purpose string) (Secret, error) { return v.ring.Unwrap(text, purpose) }

// Ring returns the keys of the vault.
func (v *Vault) Ring() *KeyRing { return v.ring }
