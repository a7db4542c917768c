package nexusservice

import (
	"crypto"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/nexus-rpc/sdk-go/nexus"

	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/nexusauth"
)

// Purpose is what the ring of this package is derived for.
const Purpose = "nexus"

// keyOf returns the key whose public half has this kid, nil without one.
func keyOf(ring *vault.KeyRing, kid string) *ecdsa.PrivateKey {
	for _, key := range ring.KeyPairs() {
		if keyID(key) == kid {
			return key
		}
	}
	return nil
}

// keyID is the thumbprint of RFC 7638: it names the key whatever encryption.keys calls it.
func keyID(key *ecdsa.PrivateKey) string {
	jwk := jose.JSONWebKey{Key: &key.PublicKey}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		panic("nexusservice: a key of P-256 has a thumbprint: " + err.Error()) // unreachable
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// PublicKeys returns the public keys as a JSON Web Key Set, the current one first.
func PublicKeys(ring *vault.KeyRing) ([]byte, error) {
	set := jose.JSONWebKeySet{}
	for _, key := range ring.KeyPairs() {
		set.Keys = append(set.Keys, jose.JSONWebKey{
			Key: &key.PublicKey, KeyID: keyID(key), Algorithm: string(nexusauth.KeyAlgorithm), Use: "enc",
		})
	}
	return json.Marshal(set)
}

const (
	// tolerance is how far ahead the clock of a caller may be.
	tolerance         = time.Minute
	minID, maxID      = 16, 128
	whatTheHistoryHas = "Nothing was done. What the input holds is in the history of the caller now, so replace a password that is in it."
)

func badRequest(text string) error {
	return nexus.NewHandlerErrorf(nexus.HandlerErrorTypeBadRequest, "%s", text)
}

// open returns what a sealed input holds, if it is for the operation and good now.
func open(ring *vault.KeyRing, sealed, operation string, now time.Time) (e nexusauth.Envelope, err error) {
	switch {
	case sealed == "":
		return e, badRequest(`The input of an operation is sealed, {"sealed": "…"}, and this one is not. ` + whatTheHistoryHas)
	case len(sealed) > nexusauth.MaxSealed:
		return e, badRequest("The sealed input is too long.")
	}
	object, err := jose.ParseEncryptedCompact(
		strings.TrimSpace(sealed), []jose.KeyAlgorithm{nexusauth.KeyAlgorithm}, []jose.ContentEncryption{nexusauth.ContentEncryption})
	if err != nil {
		return e, badRequest("The sealed input is not a JWE in compact form with ECDH-ES and A256GCM. " + whatTheHistoryHas)
	}
	key := keyOf(ring, object.Header.KeyID)
	if key == nil {
		return e, badRequest("The input is sealed to a key that the service doesn't have. Fetch its keys and seal it again.")
	}
	text, err := object.Decrypt(key)
	if err != nil {
		return e, badRequest("The sealed input can't be opened: it was changed, or sealed in another way.")
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return e, badRequest("The sealed input is not an envelope.")
	}
	return e, check(e, operation, now)
}

func check(e nexusauth.Envelope, operation string, now time.Time) error {
	issued, expires := time.Unix(e.IssuedAt, 0), time.Unix(e.ExpiresAt, 0)
	switch {
	case e.Operation != operation:
		return badRequest("The input is sealed for another operation.")
	case len(e.ID) < minID || len(e.ID) > maxID:
		return badRequest("The id of an envelope has 16 to 128 characters.")
	case issued.After(now.Add(tolerance)):
		return badRequest("The input is sealed in the future. Check the clock.")
	case expires.Sub(issued) > nexusauth.LongestValidFor || !expires.After(issued):
		return badRequest("An envelope is valid for at most an hour.")
	case !now.Before(expires):
		return badRequest("The sealed input has expired. Ask the user again, and seal it again.")
	case len(e.Input) == 0 || string(e.Input) == "null":
		return badRequest("The envelope has no input.")
	}
	return nil
}
