package tokens

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Key is one of several that sign and verify tokens. Exactly one of Secret, PrivateKeyPEM
// and PublicKeyPEM is set; the last only verifies.
type Key struct {
	Secret        []byte
	PrivateKeyPEM string
	PublicKeyPEM  string
	// KeyID is the kid of a key pair, its thumbprint of RFC 7638 when empty.
	KeyID string
	// Signs says that the key signs tokens that are issued at From or later, until the From
	// of another key. Others verify.
	Signs bool
	From  time.Time
}

// Format implements [fmt.Formatter]: a key prints nothing of itself.
func (k Key) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "[token key]") }

// Use replaces the keys. It reports what [New] reports about them, and then changes nothing.
func (t *Tokens) Use(ring []Key) error {
	cfg := t.cfg
	cfg.Ring = ring
	if len(ring) == 0 {
		return errors.New("a ring of tokens needs a key")
	}
	keys, err := loadKeys(cfg)
	if err != nil {
		return err
	}
	t.keys.Store(&keys)
	return nil
}

// OnUnknown sets what is asked for newer keys when none has signed a token. It returns
// whether there may be some, and must be quick to say no. It is set before the first token is
// verified.
func (t *Tokens) OnUnknown(renew func() bool) { t.renew = renew }

func ringKeys(cfg Config) (out keySet, err error) {
	kind, pairs := kinds[cfg.Algorithm]
	if !pairs && !slices.Contains(shared, cfg.Algorithm) {
		return out, fmt.Errorf("unknown token algorithm %q", cfg.Algorithm)
	}
	var verifying []any
	for _, k := range cfg.Ring {
		key, public, err := k.load(kind, pairs)
		if err != nil {
			return out, err
		}
		if pairs {
			out.public = append(out.public, public)
			verifying = append(verifying, public.key)
		} else {
			verifying = append(verifying, key)
		}
		if !k.Signs || key == nil {
			continue
		}
		signer, err := newSigner(cfg, key, public.id, k.From)
		if err != nil {
			return out, err
		}
		out.signers = append(out.signers, signer)
	}
	if len(out.signers) == 0 {
		return out, errors.New("no key of the ring signs tokens")
	}
	slices.SortStableFunc(out.signers, func(a, b signingKey) int { return b.from.Compare(a.from) })
	out.verify = verifier(cfg, verifying)
	return out, nil
}

// load returns the key that signs, nil for none, and the public half of a pair.
func (k Key) load(kind keyKind, pairs bool) (key any, public namedKey, err error) {
	switch {
	case !pairs && len(k.Secret) == 0:
		return nil, public, errors.New("a key of the ring has no secret")
	case !pairs:
		return k.Secret, public, nil
	case k.PublicKeyPEM != "":
		public, err = readPublic(PublicKey{PEM: k.PublicKeyPEM, KeyID: k.KeyID}, kind)
		return nil, public, err
	}
	private, err := kind.readPrivate(k.PrivateKeyPEM)
	if err != nil {
		return nil, public, err
	}
	if err := kind.check(private.Public()); err != nil {
		return nil, public, err
	}
	public, err = name(private.Public(), k.KeyID)
	return private, public, err
}

// ID returns the kid of the key pair, or of a public key. It says nothing about the private one.
func (k Key) ID(algorithm string) (string, error) {
	kind, pairs := kinds[algorithm]
	if !pairs {
		return "", nil
	}
	_, public, err := k.load(kind, true)
	return public.id, err
}

// rsaBits is the size of RSA keys that are generated.
const rsaBits = 3072

// secretBytes is the size of secrets that are generated: as long as the longest hash.
const secretBytes = 64

// NewKey generates a key for an algorithm.
func NewKey(algorithm string) (Key, error) {
	var private crypto.PrivateKey
	var err error
	switch {
	case slices.Contains(shared, algorithm):
		secret := make([]byte, secretBytes)
		_, _ = rand.Read(secret) // never fails
		return Key{Secret: secret}, nil
	case strings.HasPrefix(algorithm, "RS"), strings.HasPrefix(algorithm, "PS"):
		private, err = rsa.GenerateKey(rand.Reader, rsaBits)
	case curves[algorithm] != nil:
		private, err = ecdsa.GenerateKey(curves[algorithm], rand.Reader)
	case algorithm == "EdDSA":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("unknown token algorithm %q", algorithm)
	}
	if err != nil {
		return Key{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, errors.New("encode a private key") // the cause is about key material
	}
	return Key{PrivateKeyPEM: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}, nil
}

var curves = map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}

// IsPair says that an algorithm signs with a private key and verifies with a public one.
func IsPair(algorithm string) bool {
	_, pairs := kinds[algorithm]
	return pairs
}
