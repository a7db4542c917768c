package tokens

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// JWKS returns the public keys that verify this configuration's tokens as a
// JSON Web Key Set (RFC 7517), the current key first, and false when tokens
// are signed with a shared secret, which has no public half.
func (t *Tokens) JWKS() ([]byte, bool) {
	public := t.keys.Load().public
	if len(public) == 0 {
		return nil, false
	}
	set := jose.JSONWebKeySet{}
	for _, k := range public {
		set.Keys = append(set.Keys, jose.JSONWebKey{
			Key: k.key, KeyID: k.id, Algorithm: t.cfg.Algorithm, Use: "sig",
		})
	}
	text, err := json.Marshal(set)
	if err != nil {
		return nil, false // New has encoded every key once, for its thumbprint
	}
	return text, true
}

// name sets the kid of a public key: the configured one, or the thumbprint of
// RFC 7638, which is the same wherever it is computed.
func name(key crypto.PublicKey, id string) (namedKey, error) {
	jwk := jose.JSONWebKey{Key: key}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return namedKey{}, fmt.Errorf("thumbprint of a public key: %w", err)
	}
	if id == "" {
		id = base64.RawURLEncoding.EncodeToString(sum)
	}
	return namedKey{id: id, key: key}, nil
}
