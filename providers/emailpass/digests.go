package emailpass

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // hashes that were imported; they are replaced at the next sign-in
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	stdhash "hash"
	"regexp"
	"strings"
)

// digests are the hash functions of the fast formats. They protect no password well: an
// attacker with the database tries billions a second. An import reports them, and the next
// sign-in replaces them.
var digests = map[string]func() stdhash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
}

var errDigest = errors.New("the stored hash of a digest is damaged")

// The formats of Ory Kratos, whose documentation publishes them: a digest of a template in
// which salt and password stand ("pf"), a digest of the password alone, and an HMAC.
var (
	digestForm = regexp.MustCompile(`^\$(md5|sha1|sha224|sha256|sha384|sha512)\$(?:pf=([^$]+)\$([^$]*)\$)?([^$]+)$`)
	hmacForm   = regexp.MustCompile(`^\$hmac-(md5|sha1|sha224|sha256|sha384|sha512)\$([^$]+)\$([^$]+)$`)
	// ldapForm is RFC 2307, section 5.3, with the salted schemes of OpenLDAP.
	ldapForm = regexp.MustCompile(`^\{(?i:(S?)(MD5|SHA|SHA224|SHA256|SHA384|SHA512))\}(.+)$`)
)

const (
	saltMark     = "{SALT}"
	passwordMark = "{PASSWORD}"
)

// parseDigest parses a digest of a template. One without the password in it would match
// every password.
func parseDigest(stored string) (hash, error) {
	parts := digestForm.FindStringSubmatch(stored)
	if parts == nil {
		return hash{}, errDigest
	}
	template, salt := passwordMark, []byte(nil)
	if parts[2] != "" {
		form, err := base64.StdEncoding.DecodeString(parts[2])
		if err != nil || strings.Count(string(form), passwordMark) != 1 {
			return hash{}, errDigest
		}
		template = string(form)
		if salt, err = base64.StdEncoding.DecodeString(parts[3]); err != nil {
			return hash{}, errDigest
		}
	}
	key, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil {
		return hash{}, errDigest
	}
	before, after, _ := strings.Cut(template, passwordMark)
	fill := func(text string) []byte { return bytes.ReplaceAll([]byte(text), []byte(saltMark), salt) }
	return fast(parts[1], key, digests[parts[1]], fill(before), fill(after))
}

// parseHMAC parses an HMAC of the password. Kratos keeps it in hexadecimal.
func parseHMAC(stored string) (hash, error) {
	parts := hmacForm.FindStringSubmatch(stored)
	if parts == nil {
		return hash{}, errDigest
	}
	mac, err := base64.StdEncoding.DecodeString(parts[2])
	key, keyErr := base64.StdEncoding.DecodeString(parts[3])
	if err != nil || keyErr != nil {
		return hash{}, errDigest
	}
	digest := func() stdhash.Hash { return hmac.New(digests[parts[1]], key) }
	if decoded, err := hex.DecodeString(string(mac)); err == nil && len(decoded) == digest().Size() {
		mac = decoded
	}
	return fast("hmac-"+parts[1], mac, digest, nil, nil)
}

// parseLDAP parses a userPassword: a digest, followed by the salt in the salted schemes.
func parseLDAP(stored string) (hash, error) {
	parts := ldapForm.FindStringSubmatch(stored)
	if parts == nil {
		return hash{}, errUnknownFormat
	}
	name := strings.ToLower(parts[2])
	if name == "sha" {
		name = "sha1"
	}
	raw, err := base64.StdEncoding.DecodeString(parts[3])
	size, salted := digests[name]().Size(), parts[1] != ""
	if err != nil || len(raw) < size || (len(raw) > size) != salted {
		return hash{}, errDigest
	}
	return fast("ldap-"+strings.ToLower(parts[1]+parts[2]), raw[:size], digests[name], nil, raw[size:])
}

// fast is a hash that computes one digest of the password between two texts.
func fast(format string, key []byte, digest func() stdhash.Hash, before, after []byte) (hash, error) {
	if len(key) != digest().Size() {
		return hash{}, errDigest
	}
	return hash{
		format: format, weak: true, cost: cost{parallelism: 1, work: 1, maxWork: maxRounds},
		match: func(password []byte) bool {
			d := digest()
			_, _ = d.Write(before)
			_, _ = d.Write(password)
			_, _ = d.Write(after)
			return subtle.ConstantTimeCompare(d.Sum(nil), key) == 1
		},
	}, nil
}
