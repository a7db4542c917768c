package tokens

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// MinSecretBytes is the shortest secret that [CheckSecret] accepts: the
// output length of the hash of HS256 (RFC 7518, section 3.2).
const MinSecretBytes = 32

// CheckSecret says why a shared secret must not be used outside development:
// it is Medusa's public default (docs/weak-spots.md#w35) or shorter than
// [MinSecretBytes]. The error does not repeat the secret. [New] does not call
// it, because only the configuration knows whether this is development.
func CheckSecret(secret string) error {
	switch n := len(secret); {
	case n == 0:
		return errors.New("no secret is set")
	case strings.EqualFold(strings.TrimSpace(secret), "supersecret"):
		return errors.New("the secret is the well-known default of Medusa")
	case n < MinSecretBytes:
		return fmt.Errorf("the secret has %d bytes, at least %d are needed", n, MinSecretBytes)
	}
	return nil
}

// HashSecret is the stored form of a secret with enough random bits, such as a
// session id or the token of a secret API key: one SHA-256 is enough (docs/weak-spots.md#w20).
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
