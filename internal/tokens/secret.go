package tokens

import (
	"crypto/sha256"
	"encoding/hex"
)

// HashSecret is what the store keeps of a secret with enough random bits, a
// session id or the token of a secret API key: one SHA-256 is enough for it (docs/weak-spots.md#w20).
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
