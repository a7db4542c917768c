package emailpass

import (
	"crypto/sha1" //nolint:gosec // hashes that were imported
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-crypt/crypt/algorithm"
	"github.com/go-crypt/crypt/algorithm/argon2"
	"github.com/go-crypt/crypt/algorithm/bcrypt"
	"github.com/go-crypt/crypt/algorithm/md5crypt"
	"github.com/go-crypt/crypt/algorithm/pbkdf2"
	"github.com/go-crypt/crypt/algorithm/scrypt"
	"github.com/go-crypt/crypt/algorithm/shacrypt"

	"github.com/everlatch/everlatch/internal/argon2id"
)

// bcryptBytes is the part of a password that bcrypt reads, in bytes.
const bcryptBytes = 72

// format is one of the modular crypt formats. The library decodes a hash and
// prints it again in one canonical spelling, from which canonical reads the
// numbers: so the checked cost is the cost that the library will incur, however
// the stored text is written.
type format struct {
	name      string
	prefix    string
	decode    algorithm.DecodeFunc
	canonical *regexp.Regexp
	cost      func(n []int64, key []byte) cost
	maxBytes  int
	// mostBytes is the longest password that is hashed, where its length determines the
	// cost; a longer one is wrong.
	mostBytes int
	weak      bool
}

// formats lists the supported formats. bcrypt's "$2x$" and "$2$" are not among
// them: they come from implementations with known errors.
var formats = []format{
	{
		name: "argon2id", prefix: "$argon2id$", decode: argon2.DecodeVariant(argon2.VariantID),
		canonical: regexp.MustCompile(`^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$`), cost: argon2FormCost,
	},
	{
		name: "argon2i", prefix: "$argon2i$", decode: argon2.DecodeVariant(argon2.VariantI),
		canonical: regexp.MustCompile(`^\$argon2i\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$`), cost: argon2FormCost,
	},
	{
		name: "scrypt", prefix: "$scrypt$", decode: scrypt.DecodeVariant(scrypt.VariantScrypt),
		canonical: regexp.MustCompile(`^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$`),
		cost:      func(n []int64, _ []byte) cost { return scryptCost(n[0], n[1], n[2]) },
	},
	bcryptForm("$2a$"), bcryptForm("$2b$"), bcryptForm("$2y$"),
	pbkdf2Form("pbkdf2-sha1", "$pbkdf2$", pbkdf2.VariantSHA1, sha1.Size),
	pbkdf2Form("pbkdf2-sha224", "$pbkdf2-sha224$", pbkdf2.VariantSHA224, sha256.Size224),
	pbkdf2Form("pbkdf2-sha256", "$pbkdf2-sha256$", pbkdf2.VariantSHA256, sha256.Size),
	pbkdf2Form("pbkdf2-sha384", "$pbkdf2-sha384$", pbkdf2.VariantSHA384, sha512.Size384),
	pbkdf2Form("pbkdf2-sha512", "$pbkdf2-sha512$", pbkdf2.VariantSHA512, sha512.Size),
	{
		name: "md5-crypt", prefix: "$1$", decode: md5crypt.DecodeVariant(md5crypt.VariantStandard),
		canonical: regexp.MustCompile(`^\$1\$`), mostBytes: cryptBytes, weak: true,
		cost: func([]int64, []byte) cost { return shaCryptCost(md5CryptRounds, 1) },
	},
	shaCryptForm("sha256-crypt", "$5$", shacrypt.VariantSHA256, 1),
	shaCryptForm("sha512-crypt", "$6$", shacrypt.VariantSHA512, 2),
}

// crypt(3) hashes the whole password in every round.
const (
	cryptBytes     = 256
	md5CryptRounds = 1000
	shaCryptRounds = 5000 // without "rounds="
)

func shaCryptForm(name, prefix string, v shacrypt.Variant, weight int64) format {
	return format{
		name: name, prefix: prefix, decode: shacrypt.DecodeVariant(v), mostBytes: cryptBytes,
		canonical: regexp.MustCompile(`^` + regexp.QuoteMeta(prefix) + `(?:rounds=(\d+)\$)?`),
		cost: func(n []int64, _ []byte) cost {
			if len(n) == 0 {
				return shaCryptCost(shaCryptRounds, weight)
			}
			return shaCryptCost(n[0], weight)
		},
	}
}

func pbkdf2Form(name, prefix string, v pbkdf2.Variant, size int) format {
	return format{
		name: name, prefix: prefix, decode: pbkdf2.DecodeVariant(v),
		canonical: regexp.MustCompile(`^` + regexp.QuoteMeta(prefix) + `(\d+)\$`), cost: pbkdf2FormCost(size),
	}
}

func bcryptForm(prefix string) format {
	return format{
		name: "bcrypt", prefix: prefix, decode: bcrypt.DecodeVariant(bcrypt.VariantStandard), maxBytes: bcryptBytes,
		canonical: regexp.MustCompile(`^\$2b\$(\d+)\$`),
		cost:      func(n []int64, _ []byte) cost { return bcryptCost(n[0]) },
	}
}

func argon2FormCost(n []int64, _ []byte) cost { return argon2Cost(n[0], n[1], n[2]) }

// pbkdf2FormCost counts in rounds of SHA-256: those of SHA-384 and SHA-512 count twice.
func pbkdf2FormCost(size int) func([]int64, []byte) cost {
	weight := 1
	if size > sha256.Size {
		weight = 2
	}
	return func(n []int64, key []byte) cost {
		blocks := (len(key) + size - 1) / size
		return pbkdf2Cost(n[0], int64(blocks*weight))
	}
}

// parseForeign parses the modular crypt formats. It drops the library's errors,
// which quote the hash.
func parseForeign(stored string) (hash, error) {
	for _, f := range formats {
		if strings.HasPrefix(stored, f.prefix) {
			return f.parse(stored)
		}
	}
	return hash{}, errUnknownFormat
}

func (f format) parse(stored string) (hash, error) {
	damaged := fmt.Errorf("the stored %s hash is damaged", f.name)
	digest, err := f.decode(stored)
	if err != nil || len(digest.Key()) < minKey {
		return hash{}, damaged
	}
	parts := f.canonical.FindStringSubmatch(digest.Encode())
	if parts == nil {
		return hash{}, damaged // a negative parameter
	}
	numbers := make([]int64, 0, len(parts)-1)
	for _, text := range parts[1:] {
		if text == "" {
			continue // left out, which means a default
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return hash{}, damaged
		}
		numbers = append(numbers, n)
	}
	h := hash{
		format: f.name, cost: f.cost(numbers, digest.Key()), params: parts[0], weak: f.weak, maxBytes: f.maxBytes,
		match: func(password []byte) bool {
			return (f.mostBytes == 0 || len(password) <= f.mostBytes) && digest.MatchBytes(password)
		},
	}
	if f.name == "argon2id" {
		h.match = matchArgon2id(digest, numbers)
		if len(digest.Salt()) == saltBytes && len(digest.Key()) == keyBytes {
			h.prefix = parts[0]
		}
	}
	return h, nil
}

// matchArgon2id compares as the library does, in memory that is kept from hash to hash.
// parameters are memory, time and parallelism, which the library has checked.
func matchArgon2id(digest algorithm.Digest, parameters []int64) func(password []byte) bool {
	//nolint:gosec // the limits of the library and of cost.check are far lower
	memory, time, lanes := uint32(parameters[0]), uint32(parameters[1]), uint8(parameters[2])
	salt, key := digest.Salt(), digest.Key()
	return func(password []byte) bool {
		computed := argon2id.Key(password, salt, time, memory, lanes, uint32(len(key))) //nolint:gosec // at most maxStored
		return subtle.ConstantTimeCompare(computed, key) == 1
	}
}
