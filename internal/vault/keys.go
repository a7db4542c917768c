package vault

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// keyID is the form of an id: it is stored unencrypted beside the sealed value,
// and the text form of a ring uses ':' and ','.
var keyID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// ParseKeys reads the text form of a ring, "id:base64,id2:base64", whose first
// key is the current one. Standard and URL-safe base64 are accepted, with or
// without padding, and blanks around the parts. All problems are reported at
// once and name the position or the id of a key, never its material.
func ParseKeys(text string) ([]Key, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("no encryption key is given, expected id:base64")
	}
	var keys []Key
	var errs []error
	for i, part := range strings.Split(text, ",") {
		id, encoded, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok {
			// The part may be a key without its id, so it is not quoted.
			errs = append(errs, fmt.Errorf("encryption key %d is not of the form id:base64", i+1))
			continue
		}
		secret, err := decodeKey(encoded)
		if err != nil {
			errs = append(errs, fmt.Errorf("encryption key %d is not valid base64", i+1))
			continue
		}
		keys = append(keys, Key{ID: strings.TrimSpace(id), Secret: NewSecret(secret)})
	}
	if len(errs) == 0 {
		errs = append(errs, checkKeys(keys))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return keys, nil
}

func decodeKey(encoded string) ([]byte, error) {
	encoded = strings.TrimRight(strings.TrimSpace(encoded), "=")
	encoded = strings.NewReplacer("-", "+", "_", "/").Replace(encoded)
	return base64.RawStdEncoding.DecodeString(encoded)
}

func checkKeys(keys []Key) error {
	if len(keys) == 0 {
		return errors.New("a key ring needs at least one key")
	}
	var errs []error
	seen := map[string]bool{}
	for i, k := range keys {
		if !keyID.MatchString(k.ID) {
			// The id may be a misplaced key, so it is not quoted.
			errs = append(errs, fmt.Errorf("the id of encryption key %d must be 1 to 64 of A-Z a-z 0-9 _ . -", i+1))
			continue
		}
		if seen[k.ID] {
			errs = append(errs, fmt.Errorf("encryption key id %q is used twice", k.ID))
		}
		seen[k.ID] = true
		if n := len(k.Secret.Reveal()); n != KeyBytes {
			errs = append(errs, fmt.Errorf("encryption key %q has %d bytes, expected %d", k.ID, n, KeyBytes))
		}
	}
	return errors.Join(errs...)
}

// NewKey returns a secret of [KeyBytes] random bytes.
func NewKey() Secret {
	key := make([]byte, KeyBytes)
	_, _ = rand.Read(key) // never fails: it ends the program instead
	return NewSecret(key)
}
