package emailpass

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/everlatch/everlatch/internal/argon2id"
)

// hash is a parsed password hash whose cost is within the limits.
type hash struct {
	// format is "argon2id", "bcrypt", "medusa-scrypt" or another one of
	// docs/guides/move-from-other-systems.md#password-hashes.
	format string
	cost   cost
	// params is everything that determines the cost, as text: the beginning of the
	// stored hash in the formats that have one, "" in the fast ones.
	params string
	// weak says that the format does not slow an attacker down who has the database.
	weak bool
	// prefix is everything before salt and key in the PHC form of argon2id, ""
	// for other formats: two hashes with the same prefix cost the same.
	prefix string
	// maxBytes is the part of a password that counts; 0 for all of it.
	maxBytes int
	// match computes the hash and compares.
	match func(password []byte) bool
}

// Sizes of new hashes (RFC 9106, section 3.1).
const (
	saltBytes = 16
	keyBytes  = 32
)

// maxStored is far longer than any real hash; longer texts are not parsed.
const maxStored = 512

// minKey is the shortest accepted key: one byte would match every 256th
// password.
const minKey = 16

var errUnknownFormat = errors.New("the stored password hash has an unknown format")

func parseHash(stored string) (hash, error) {
	if len(stored) > maxStored {
		return hash{}, errUnknownFormat
	}
	h, err := parserOf(stored)(stored)
	if err != nil {
		return hash{}, err
	}
	if err := h.cost.check(); err != nil {
		return hash{}, fmt.Errorf("the stored %s hash %w", h.format, err)
	}
	return h, nil
}

// parserOf returns what parses the format of a hash.
func parserOf(stored string) func(string) (hash, error) {
	switch {
	case isMedusa(stored):
		return parseMedusa
	case strings.HasPrefix(stored, "{"):
		return parseLDAP
	case strings.HasPrefix(stored, "$fbscrypt$"):
		return parseFirebase
	case strings.HasPrefix(stored, "$hmac-"):
		return parseHMAC
	case strings.HasPrefix(stored, "$md5$"), strings.HasPrefix(stored, "$sha"):
		return parseDigest
	default:
		return parseForeign
	}
}

// Stored is what a stored hash is, without anything of the password.
type Stored struct {
	// Format names it, such as bcrypt.
	Format string
	// Parameters are what determines its cost, such as $2b$10$, for
	// [Options.ImportedHashes]; "" for a fast format.
	Parameters string
	// Weak says that the format does not slow an attacker down who has the database.
	Weak bool
}

// Describe returns what a stored hash is, or the error of [CheckStored].
func Describe(stored string) (Stored, error) {
	h, err := parseHash(stored)
	return Stored{Format: h.format, Parameters: h.params, Weak: h.weak}, err
}

// CheckStored returns why a hash could never be verified: its format is unknown, it is
// damaged, or it would cost too much. The error does not quote it.
func CheckStored(stored string) error {
	_, err := parseHash(stored)
	return err
}

// prefix is the PHC form of the parameters.
func (a Argon2) prefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, a.MemoryKiB, a.Time, a.Parallelism)
}

// hash returns a new PHC string for a password.
func (a Argon2) hash(password []byte) string {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails: it ends the program instead
	return a.encode(salt, argon2id.Key(password, salt, a.Time, a.MemoryKiB, a.Parallelism, keyBytes))
}

// dummy returns a hash that no password matches and that costs as much as a new
// one.
func (a Argon2) dummy() (hash, error) {
	random := make([]byte, saltBytes+keyBytes)
	_, _ = rand.Read(random)
	return parseHash(a.encode(random[:saltBytes], random[saltBytes:]))
}

func (a Argon2) encode(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return a.prefix() + b64.EncodeToString(salt) + "$" + b64.EncodeToString(key)
}
