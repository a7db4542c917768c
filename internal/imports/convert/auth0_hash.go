package convert

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
)

// auth0CustomHash is custom_password_hash of the schema of bulk imports.
type auth0CustomHash struct {
	Algorithm string `json:"algorithm"`
	Hash      struct {
		encoded
		Digest string  `json:"digest"`
		Key    encoded `json:"key"`
	} `json:"hash"`
	Salt struct {
		encoded
		Position string `json:"position"`
	} `json:"salt"`
	Password struct {
		Encoding string `json:"encoding"`
	} `json:"password"`
	KeyLength       int64 `json:"keylen"`
	Cost            int64 `json:"cost"`
	BlockSize       int64 `json:"blockSize"`
	Parallelization int64 `json:"parallelization"`
}

// encoded is a text in one of three encodings.
type encoded struct {
	Value    string `json:"value"`
	Encoding string `json:"encoding"`
}

func (e encoded) bytes() ([]byte, error) {
	switch e.Encoding {
	case "", "utf8":
		return []byte(e.Value), nil
	case "base64":
		return anyBase64(e.Value)
	case "hex":
		raw, err := hex.DecodeString(e.Value)
		if err != nil {
			return nil, errHash // the cause quotes it
		}
		return raw, nil
	default:
		return nil, errHash
	}
}

var errSaltedBcrypt = errors.New("its hash is bcrypt with a salt before it, which is not supported")

// stored is the form in which the hash is stored here.
func (h auth0CustomHash) stored() (string, error) {
	if e := h.Password.Encoding; e != "" && e != "utf8" && e != "ascii" {
		return "", fmt.Errorf("its hash is of a password in %s, and only utf8 is supported", e)
	}
	value, err := h.Hash.bytes()
	salt, saltErr := h.Salt.bytes()
	if err := errors.Join(err, saltErr); err != nil {
		return "", errHash
	}
	switch h.Algorithm {
	case "bcrypt":
		if len(salt) > 0 {
			return "", errSaltedBcrypt
		}
		return string(value), nil
	case "argon2", "ldap", "pbkdf2":
		return storedForm(string(value))
	case "md5", "sha1", "sha256", "sha512":
		return digestHash(h.Algorithm, salt, value, h.Salt.Position == "suffix"), nil
	case "hmac":
		key, err := h.Hash.Key.bytes()
		if err != nil {
			return "", err
		}
		if digestSizes[h.Hash.Digest] == 0 && h.Hash.Digest != "md5" {
			return "", errAlgorithm
		}
		return hmacHash(h.Hash.Digest, key, value), nil
	case "scrypt":
		return scryptHash(cmp.Or(h.Cost, 16384), cmp.Or(h.BlockSize, 8), cmp.Or(h.Parallelization, 1), salt, value)
	default:
		return "", errAlgorithm
	}
}
