package convert

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
)

var (
	errHash      = errors.New("its hash is damaged")
	errAlgorithm = errors.New("its hash is of an algorithm that is not supported")
)

// digestSizes are the sizes of digests in bytes, of those with which PBKDF2 is supported.
var digestSizes = map[string]int{"sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}

// pbkdf2Hash is the stored form of PBKDF2, which is passlib's. A key that is longer than the
// digest is cut to it: PBKDF2 computes each part by itself, at the whole cost.
func pbkdf2Hash(digest string, rounds int64, salt, key []byte) (string, error) {
	size, known := digestSizes[digest]
	if !known {
		return "", errAlgorithm
	}
	name := "pbkdf2-" + digest
	if digest == "sha1" {
		name = "pbkdf2"
	}
	b64 := func(raw []byte) string {
		return strings.ReplaceAll(base64.RawStdEncoding.EncodeToString(raw), "+", ".")
	}
	return fmt.Sprintf("$%s$%d$%s$%s", name, rounds, b64(salt), b64(key[:min(len(key), size)])), nil
}

// scryptHash is the stored form of scrypt, for a cost that is a power of two.
func scryptHash(cost, blockSize, parallelism int64, salt, key []byte) (string, error) {
	if cost < 2 || cost&(cost-1) != 0 {
		return "", errHash
	}
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", bits.TrailingZeros64(uint64(cost)), blockSize, parallelism, b64(salt), b64(key)), nil
}

// digestHash is the stored form of a digest of salt and password, or of them turned round.
func digestHash(digest string, salt, key []byte, suffix bool) string {
	template := "{SALT}{PASSWORD}"
	if suffix {
		template = "{PASSWORD}{SALT}"
	}
	b64 := base64.StdEncoding.EncodeToString
	return "$" + digest + "$pf=" + b64([]byte(template)) + "$" + b64(salt) + "$" + b64(key)
}

func hmacHash(digest string, key, mac []byte) string {
	b64 := base64.StdEncoding.EncodeToString
	return "$hmac-" + digest + "$" + b64(mac) + "$" + b64(key)
}

// argon2Hash is the PHC form of argon2, version 1.3.
func argon2Hash(variant string, memory, passes, parallelism int64, salt, key []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2%s$v=19$m=%d,t=%d,p=%d$%s$%s", variant, memory, passes, parallelism, b64(salt), b64(key))
}

// The forms of hashes that systems spell in their own way.
var (
	phcPBKDF2    = regexp.MustCompile(`^\$pbkdf2-(sha1|sha224|sha256|sha384|sha512)\$(?:i=(\d{1,10}))?(?:,?l=\d+)?\$?([^$]+)\$([^$]+)$`)
	kratosScrypt = regexp.MustCompile(`^\$scrypt\$ln=(\d{3,10}),r=(\d{1,10}),p=(\d{1,10})\$([^$]+)\$([^$]+)$`)
	fireScrypt   = regexp.MustCompile(`^\$firescrypt\$ln=(\d{1,3}),r=(\d{1,9}),p=1\$([^$]*)\$([^$]+)\$([^$]*)\$([^$]+)$`)
	passlib      = regexp.MustCompile(`^\$pbkdf2(?:-sha\d+)?\$\d+\$`)
	crypts       = strings.NewReplacer("$md5-crypt$", "$1$", "$sha256-crypt$", "$5$", "$sha512-crypt$", "$6$")
)

// defaultPHCRounds is what Auth0 takes where a hash in PHC form says nothing.
const defaultPHCRounds = 100_000

// storedForm brings a hash as text into the form in which it is stored. Forms that it does
// not know stay as they are.
func storedForm(hash string) (string, error) {
	hash = strings.TrimSpace(hash)
	for _, scheme := range []string{"{CRYPT}", "{crypt}", "{BCRYPT}"} {
		hash = strings.TrimPrefix(hash, scheme) // crypt(3) in a userPassword
	}
	if passlib.MatchString(hash) {
		return hash, nil
	}
	if parts := phcPBKDF2.FindStringSubmatch(hash); parts != nil {
		rounds := int64(defaultPHCRounds)
		if parts[2] != "" {
			rounds, _ = strconv.ParseInt(parts[2], 10, 64) // at most ten digits
		}
		salt, key, err := twoOf(parts[3], parts[4])
		if err != nil {
			return "", err
		}
		return pbkdf2Hash(parts[1], rounds, salt, key)
	}
	if parts := kratosScrypt.FindStringSubmatch(hash); parts != nil {
		n := numbers(parts[1:4])
		salt, key, err := twoOf(parts[4], parts[5])
		if err != nil {
			return "", err
		}
		return scryptHash(n[0], n[1], n[2], salt, key)
	}
	if parts := fireScrypt.FindStringSubmatch(hash); parts != nil {
		return fmt.Sprintf("$fbscrypt$v=1,n=%s,r=%s,p=1,ss=%s,sk=%s$%s$%s", parts[1], parts[2], parts[5], parts[6], parts[3], parts[4]), nil
	}
	for _, prefix := range []string{"$md5-crypt$", "$sha256-crypt$", "$sha512-crypt$"} {
		if strings.HasPrefix(hash, prefix) {
			return crypts.Replace(hash), nil
		}
	}
	return hash, nil
}

func numbers(texts []string) []int64 {
	out := make([]int64, len(texts))
	for i, t := range texts {
		out[i], _ = strconv.ParseInt(t, 10, 64) // few digits
	}
	return out
}

func twoOf(a, b string) (x, y []byte, err error) {
	if x, err = anyBase64(a); err != nil {
		return nil, nil, err
	}
	y, err = anyBase64(b)
	return x, y, err
}

// anyBase64 decodes base64 in its usual and its URL form, padded or not.
func anyBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(strings.TrimSpace(text), "="))
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errHash // the cause quotes it
	}
	return raw, nil
}
