package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// minRSABits is the size below which a key of RSA is not believed (RFC 7518,
// section 3.3).
const minRSABits = 2048

// fetchKeys reads the keys that the provider signs with. Those that cannot be
// used are left out, so that a new kind of key does no harm.
func (p *Provider) fetchKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	d, err := p.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := p.getJSON(ctx, "keys", d.JWKSURI, "", &set); err != nil {
		return nil, err
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && key.Use != "enc" && family(key.Key) != "" {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, failed(errors.New("keys: the provider publishes none that can be used"))
	}
	return keys, nil
}

// family returns the first letter of the algorithms that a key is for: R also
// stands for P. It is "" for what is not a public key, which a shared secret or
// a private key that was published by mistake is not.
func family(key any) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= minRSABits {
			return "RP"
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return "E"
	}
	return ""
}

// signer returns the payload of a token that one of keys has signed. known says
// that there is a key by the name in the token, so that looking for newer ones
// is in vain.
func signer(token *jose.JSONWebSignature, keys []jose.JSONWebKey) (payload []byte, known bool) {
	header := token.Signatures[0].Protected
	for _, key := range keys {
		if header.KeyID != "" && header.KeyID != key.KeyID {
			continue
		}
		if key.Algorithm != "" && key.Algorithm != header.Algorithm || !strings.Contains(family(key.Key), header.Algorithm[:1]) {
			continue
		}
		if payload, err := token.Verify(key.Key); err == nil {
			return payload, true
		}
		known = known || header.KeyID != ""
	}
	return nil, known
}

// verify returns the payload of an ID token after checking its signature.
func (p *Provider) verify(ctx context.Context, idToken string) ([]byte, error) {
	token, err := jose.ParseSignedCompact(idToken, p.algorithms)
	if err != nil {
		// The cause would quote parts of the token.
		return nil, failed(errors.New("the ID token is malformed, or signed by an algorithm that is not allowed"))
	}
	keys, err := p.keys.get(ctx)
	if err != nil {
		return nil, err
	}
	payload, known := signer(token, keys.value)
	if payload == nil && !known {
		if keys, err = p.keys.newer(ctx, keys); err != nil {
			return nil, err
		}
		payload, known = signer(token, keys.value)
	}
	switch {
	case payload != nil:
		return payload, nil
	case known:
		return nil, failed(errors.New("the signature of the ID token is wrong"))
	}
	return nil, failed(errors.New("the ID token is signed by a key that the provider does not publish"))
}
