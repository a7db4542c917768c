package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

const (
	// minRSABits is the smallest RSA key that is trusted (RFC 7518, section
	// 3.3), and maxRSABits the largest: verifying with a huge one takes
	// seconds.
	minRSABits = 2048
	maxRSABits = 8192

	// maxKeys bounds a key set, because a token without a key ID is tried with all
	// of its keys.
	maxKeys = 100
)

var _ gooidc.KeySet = (*verification)(nil)

// verification is the [gooidc.KeySet] of one ID token. It remembers what
// go-oidc does not return: the payload of a token whose claims are refused, and
// the error itself, of which go-oidc keeps only the text.
type verification struct {
	p       *Provider
	payload []byte
	err     error
}

// VerifySignature implements [gooidc.KeySet].
func (v *verification) VerifySignature(ctx context.Context, idToken string) ([]byte, error) {
	v.payload, v.err = v.p.verifySignature(ctx, idToken)
	return v.payload, v.err
}

// fetchKeys reads the keys that the provider signs with. It ignores unusable
// keys, so that a new kind of key does no harm.
func (p *Provider) fetchKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	d, err := p.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	return p.fetchKeysOf(ctx, d)
}

func (p *Provider) fetchKeysOf(ctx context.Context, d document) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := p.getJSON(ctx, "keys", d.jwksURI, "", &set); err != nil {
		return nil, err
	}
	if len(set.Keys) > maxKeys {
		return nil, failed(fmt.Errorf("keys: the provider publishes more than %d", maxKeys))
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
// stands for P. It is "" for everything but a public key of a sound size, such as
// a shared secret or a private key that was published by mistake.
func family(key any) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits >= minRSABits && bits <= maxRSABits {
			return "RP"
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return "E"
	}
	return ""
}

// signer returns the payload of a token that one of keys has signed. known
// reports whether one of them has the key ID of the token.
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

// verifySignature returns the payload of an ID token that a key of the provider
// has signed. Keys are fetched again for an unknown key ID, and for a signature
// that does not fit its key: some providers replace a key and keep its ID.
func (p *Provider) verifySignature(ctx context.Context, idToken string) ([]byte, error) {
	token, err := jose.ParseSignedCompact(idToken, p.algorithms)
	if err != nil {
		return nil, failed(errMalformed)
	}
	keys, err := p.keys.get(ctx)
	if err != nil {
		return nil, err
	}
	payload, known := signer(token, keys.value)
	if payload == nil {
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
