package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// key is a signing key and its name.
type key struct {
	id        string
	algorithm jose.SignatureAlgorithm
	private   crypto.Signer
}

func (k key) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: string(k.algorithm), Use: "sig"}
}

// firstRSA is the first key of every provider that signs with RSA: generating
// one is slow.
var firstRSA = sync.OnceValues(newRSA)

func newRSA() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// newKey returns the n-th key of a provider.
func newKey(algorithm string, n int) (key, error) {
	k := key{id: "key-" + strconv.Itoa(n), algorithm: jose.SignatureAlgorithm(algorithm)}
	var err error
	switch {
	case algorithm == string(jose.EdDSA):
		_, k.private, err = ed25519.GenerateKey(rand.Reader)
	case strings.HasPrefix(algorithm, "ES"):
		curves := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}
		k.private, err = ecdsa.GenerateKey(curves[algorithm], rand.Reader)
	case n == 1:
		k.private, err = firstRSA()
	default:
		k.private, err = newRSA()
	}
	return k, err
}

// Rotate replaces the published key by a new one.
func (p *Provider) Rotate() { p.publish(func(*key) {}) }

// Replace publishes a new key under the ID of the current one, as some providers
// do.
func (p *Provider) Replace() {
	p.publish(func(next *key) { next.id = p.signers[len(p.signers)-1].id })
}

// publish replaces the published key by a new one; adapt holds the lock.
func (p *Provider) publish(adapt func(next *key)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next, err := newKey(p.options.Algorithm, len(p.signers)+1)
	if err != nil {
		p.tb.Errorf("a new key: %v", err)
		return
	}
	adapt(&next)
	p.signers = append(p.signers, next)
}

// key returns the n-th last key: 0 is the published one.
func (p *Provider) key(n int) key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.signers[max(0, len(p.signers)-1-n)]
}

// Sign returns a token with any payload, signed with the published key.
func (p *Provider) Sign(payload []byte) string {
	return p.sign(p.key(0), payload, nil)
}

func (p *Provider) sign(k key, payload []byte, o *jose.SignerOptions) string {
	return p.signBy(jose.SigningKey{Algorithm: k.algorithm, Key: jose.JSONWebKey{Key: k.private, KeyID: k.id}}, payload, o)
}

func (p *Provider) signBy(k jose.SigningKey, payload []byte, o *jose.SignerOptions) string {
	signer, err := jose.NewSigner(k, o)
	if err != nil {
		p.tb.Errorf("signing: %v", err)
		return ""
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		p.tb.Errorf("signing: %v", err)
		return ""
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		p.tb.Errorf("signing: %v", err)
	}
	return token
}

// strange returns a key that is not the provider's.
func (p *Provider) strange(algorithm jose.SignatureAlgorithm, id string) key {
	k, err := newKey(string(algorithm), 0)
	if err != nil {
		p.tb.Errorf("a strange key: %v", err)
	}
	k.id = id
	return k
}

// token signs claims, correctly or as a misbehaviour requires.
func (p *Provider) token(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		p.tb.Errorf("claims of %v: %v", claims["sub"], err)
		return ""
	}
	k := p.key(0)
	switch {
	case p.does(Malformed):
		return "neither.a.token"
	case p.does(AlgNone):
		return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(payload) + "."
	case p.does(HS256PublicKey):
		return p.signShared(k, payload)
	case p.does(ForgedSignature):
		return p.sign(p.strange(k.algorithm, k.id), payload, nil)
	case p.does(Tampered):
		parts := strings.Split(p.sign(k, payload, nil), ".")
		claims["sub"] = "mallory"
		payload, _ = json.Marshal(claims) //nolint:errchkjson // it was JSON above
		return parts[0] + "." + encode(payload) + "." + parts[2]
	case p.does(UnknownKey):
		return p.sign(p.strange(jose.ES256, "unknown"), payload, nil)
	case p.does(RetiredKey):
		return p.sign(p.key(1), payload, nil)
	case p.does(EmbeddedKey):
		return p.sign(p.strange(jose.ES256, ""), payload, &jose.SignerOptions{EmbedJWK: true})
	case p.does(NoKeyID):
		k.id = ""
	}
	return p.sign(k, payload, nil)
}

// signShared signs with the published key as if it were a shared secret.
func (p *Provider) signShared(k key, payload []byte) string {
	public, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		p.tb.Errorf("the public key: %v", err)
		return ""
	}
	return p.signBy(jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: public, KeyID: k.id}}, payload, nil)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	published := p.key(0).public()
	// Keys that a client must ignore.
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{
		map[string]any{"kty": "future", "kid": "of-a-kind-unknown", "use": "sig"},
		map[string]any{"kty": "oct", "kid": "shared", "k": "c2hhcmVkLXNlY3JldC1zaGFyZWQtc2VjcmV0LTMyYnk"},
		published,
	}})
}
