package emailpass

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-crypt/crypt/algorithm"
	"github.com/go-crypt/crypt/algorithm/argon2"
	"github.com/go-crypt/crypt/algorithm/bcrypt"
	"github.com/go-crypt/crypt/algorithm/pbkdf2"
	"github.com/go-crypt/crypt/algorithm/scrypt"
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
	{
		name: "pbkdf2-sha256", prefix: "$pbkdf2-sha256$", decode: pbkdf2.DecodeVariant(pbkdf2.VariantSHA256),
		canonical: regexp.MustCompile(`^\$pbkdf2-sha256\$(\d+)\$`), cost: pbkdf2FormCost(sha256.Size),
	},
	{
		name: "pbkdf2-sha512", prefix: "$pbkdf2-sha512$", decode: pbkdf2.DecodeVariant(pbkdf2.VariantSHA512),
		canonical: regexp.MustCompile(`^\$pbkdf2-sha512\$(\d+)\$`), cost: pbkdf2FormCost(sha512.Size),
	},
}

func bcryptForm(prefix string) format {
	return format{
		name: "bcrypt", prefix: prefix, decode: bcrypt.DecodeVariant(bcrypt.VariantStandard), maxBytes: bcryptBytes,
		canonical: regexp.MustCompile(`^\$2b\$(\d+)\$`),
		cost:      func(n []int64, _ []byte) cost { return bcryptCost(n[0]) },
	}
}

func argon2FormCost(n []int64, _ []byte) cost { return argon2Cost(n[0], n[1], n[2]) }

// pbkdf2FormCost counts in rounds of SHA-256: those of a hash of twice the size
// count twice.
func pbkdf2FormCost(size int) func([]int64, []byte) cost {
	return func(n []int64, key []byte) cost {
		blocks := (len(key) + size - 1) / size
		return pbkdf2Cost(n[0], int64(blocks*size/sha256.Size))
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
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return hash{}, damaged
		}
		numbers = append(numbers, n)
	}
	h := hash{format: f.name, cost: f.cost(numbers, digest.Key()), maxBytes: f.maxBytes, match: digest.MatchBytes}
	if f.name == "argon2id" && len(digest.Salt()) == saltBytes && len(digest.Key()) == keyBytes {
		h.prefix = parts[0]
	}
	return h, nil
}
