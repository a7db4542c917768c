package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// errMedusa has no detail, like errOpen.
var errMedusa = errors.New("vault: the secret is not one that this Medusa key encrypted")

// IsMedusa reports that a text has the form in which Medusa stores the secrets of
// second factors, v1:<iv>:<tag>:<ciphertext>. Wrapped secrets have one colon.
func IsMedusa(text string) bool {
	return strings.HasPrefix(text, "v1:") && strings.Count(text, ":") == 3
}

// OpenMedusa decrypts a secret that a Medusa installation encrypted (docs/contract.md#s10-1):
// AES-256-GCM under the SHA-256 of the configured key, without associated data
// (docs/weak-spots.md#w64). It is there to read such secrets; new ones are wrapped.
func OpenMedusa(key Secret, text string) (Secret, error) {
	parts := strings.Split(text, ":")
	if !IsMedusa(text) || len(key.Reveal()) == 0 {
		return Secret{}, errMedusa
	}
	var raw [3][]byte
	for i, part := range parts[1:] {
		decoded, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			return Secret{}, errMedusa
		}
		raw[i] = decoded
	}
	derived := sha256.Sum256(key.Reveal())
	block, err := aes.NewCipher(derived[:])
	if err != nil {
		return Secret{}, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return Secret{}, err
	}
	iv, tag, ciphertext := raw[0], raw[1], raw[2]
	if len(iv) != aead.NonceSize() || len(tag) != aead.Overhead() {
		return Secret{}, errMedusa
	}
	plaintext, err := aead.Open(nil, iv, append(ciphertext, tag...), nil)
	if err != nil {
		return Secret{}, errMedusa
	}
	return NewSecret(plaintext), nil
}
