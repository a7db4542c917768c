package tokens

import (
	"crypto/sha256"
	"encoding/hex"
)

// HashSecret returns the stored form of a secret with enough random bits, such
// as a session id or the token of a secret API key: one SHA-256 is enough
// (docs/weak-spots.md#w20).
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
