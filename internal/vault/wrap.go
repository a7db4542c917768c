package vault

import (
	"encoding/base64"
	"errors"
	"strings"
)

// Wrap encrypts a secret that is kept for as long as the record it belongs to,
// such as a provider's refresh token (docs/weak-spots.md#w50). purpose names the record: the text
// opens for the same purpose alone, so that it cannot be moved to another one.
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
