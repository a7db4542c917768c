package emailpass

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// Medusa stores the 96-byte header that the program scrypt(1) writes before an
// encrypted file, in base64 (docs/contract.md#s3-3): a magic, the parameters, a salt, a
// checksum of all that, and an HMAC of all that under the second half of the
// derived key.
const (
	medusaFormat  = "medusa-scrypt"
	medusaMagic   = "scrypt\x00"
	medusaEncoded = 128
	medusaSigned  = 64 // bytes under the HMAC
	medusaSalted  = 48 // bytes under the checksum
	medusaDerived = 64
)

// medusaDefault is what Medusa uses without hashConfig.
var medusaDefault = struct{ logN, r, p byte }{15, 8, 1}

var errMedusa = errors.New("the stored medusa-scrypt hash is damaged")

// isMedusa recognizes the container: its first six bytes are eight characters
// of base64.
func isMedusa(stored string) bool { return strings.HasPrefix(stored, "c2NyeXB0") }

func parseMedusa(stored string) (hash, error) {
	if len(stored) != medusaEncoded {
		return hash{}, errMedusa
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(stored)
	if err != nil || !bytes.HasPrefix(raw, []byte(medusaMagic)) {
		return hash{}, errMedusa
	}
	sum := sha256.Sum256(raw[:medusaSalted])
	if !bytes.Equal(sum[:16], raw[medusaSalted:medusaSigned]) {
		return hash{}, errMedusa
	}
	logN, r, p := int(raw[7]), binary.BigEndian.Uint32(raw[8:]), binary.BigEndian.Uint32(raw[12:])
	return hash{
		format: medusaFormat, params: medusaFormat,
		cost: scryptCost(int64(logN), int64(r), int64(p)),
		match: func(password []byte) bool {
			derived, err := scrypt.Key(password, raw[16:medusaSalted], 1<<logN, int(r), int(p), medusaDerived)
			if err != nil {
				return false // parameters that scrypt does not define
			}
			mac := hmac.New(sha256.New, derived[32:])
			_, _ = mac.Write(raw[:medusaSigned])
			return hmac.Equal(mac.Sum(nil), raw[medusaSigned:])
		},
	}, nil
}

// medusaDummy returns a hash that no password matches and that costs as much as
// Medusa's default.
func medusaDummy() (hash, error) {
	raw := make([]byte, 0, 96)
	raw = append(raw, medusaMagic...)
	raw = append(raw, medusaDefault.logN, 0, 0, 0, medusaDefault.r, 0, 0, 0, medusaDefault.p)
	random := make([]byte, 64)
	_, _ = rand.Read(random) // never fails: it ends the program instead
	raw = append(raw, random[:32]...)
	sum := sha256.Sum256(raw)
	raw = append(raw, sum[:16]...)
	raw = append(raw, random[32:]...)
	return parseHash(base64.StdEncoding.EncodeToString(raw))
}
