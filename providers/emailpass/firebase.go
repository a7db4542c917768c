package emailpass

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"golang.org/x/crypto/scrypt"
)

// Firebase hashes with a scrypt of its own (github.com/firebase/scrypt): the derived key
// encrypts the project's signer key, and the ciphertext is the hash. Firebase prints no
// text form; this is the one of Supabase.
const firebaseFormat = "firebase-scrypt"

var (
	errFirebase  = errors.New("the stored firebase-scrypt hash is damaged")
	firebaseForm = regexp.MustCompile(`^\$fbscrypt\$v=1,n=(\d{1,3}),r=(\d{1,9}),p=(\d{1,9})(?:,ss=([^,$]*))?,sk=([^,$]+)\$([^$]+)\$([^$]+)$`)
)

// firebaseKey is the part of the derived key that AES-256 takes.
const firebaseKey = 32

// FirebaseHash returns the text form in which a hash of Firebase is stored: the salt and
// hash of a user, and the password hash parameters of their project.
func FirebaseHash(memoryCost, rounds int, separator, signerKey, salt, hashed []byte) string {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("$fbscrypt$v=1,n=%d,r=%d,p=1,ss=%s,sk=%s$%s$%s", memoryCost, rounds, b64(separator), b64(signerKey), b64(salt), b64(hashed))
}

func parseFirebase(stored string) (hash, error) {
	parts := firebaseForm.FindStringSubmatch(stored)
	if parts == nil {
		return hash{}, errFirebase
	}
	var n [3]int
	var raw [4][]byte
	for i := range n {
		n[i], _ = strconv.Atoi(parts[i+1]) // at most nine digits
	}
	for i := range raw {
		decoded, err := base64.StdEncoding.DecodeString(parts[i+4])
		if err != nil {
			return hash{}, errFirebase
		}
		raw[i] = decoded
	}
	separator, signerKey, salt, key := raw[0], raw[1], raw[2], raw[3]
	if len(key) < minKey || len(key) != len(signerKey) {
		return hash{}, errFirebase
	}
	logN, r, p := n[0], n[1], n[2]
	return hash{
		format: firebaseFormat, params: firebaseParams(logN, r, p), cost: scryptCost(int64(logN), int64(r), int64(p)),
		match: func(password []byte) bool {
			derived, err := scrypt.Key(password, append(slices.Clip(salt), separator...), 1<<logN, r, p, firebaseKey)
			if err != nil {
				return false // parameters that scrypt does not define
			}
			block, err := aes.NewCipher(derived)
			if err != nil {
				return false // never: the key has 32 bytes
			}
			sealed := make([]byte, len(signerKey))
			cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(sealed, signerKey) //nolint:gosec // the key is used once; Firebase's hash is so
			return subtle.ConstantTimeCompare(sealed, key) == 1
		},
	}, nil
}

func firebaseParams(logN, r, p int) string {
	return fmt.Sprintf("$fbscrypt$v=1,n=%d,r=%d,p=%d$", logN, r, p)
}

// firebaseDummy returns a hash with given parameters that no password matches.
func firebaseDummy(params string) (hash, error) {
	var logN, r, p int
	if _, err := fmt.Sscanf(params, "$fbscrypt$v=1,n=%d,r=%d,p=%d$", &logN, &r, &p); err != nil || p != 1 {
		return hash{}, errUnknownFormat
	}
	random := make([]byte, 128)
	_, _ = rand.Read(random) // never fails: it ends the program instead
	return parseHash(FirebaseHash(logN, r, random[:1], random[:64], random[1:11], random[64:]))
}
