package tokens

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// minRSABits is the smallest size that NIST SP 800-131A accepts.
const minRSABits = 2048

// keySet holds the keys of a configuration. Secret keys are only in closures,
// so that printing a struct cannot reveal them.
type keySet struct {
	signers []signingKey // the latest first
	verify  func(text string, signature []byte) bool
	public  []namedKey // none for shared secrets
}

// signingKey signs what is issued from a time on.
type signingKey struct {
	from   time.Time
	header string // the encoded first segment of its tokens
	sign   func(text string) ([]byte, error)
}

// signer returns the key of a token that is issued at a time.
func (k *keySet) signer(at time.Time) signingKey {
	for _, s := range k.signers {
		if !s.from.After(at) {
			return s
		}
	}
	return k.signers[len(k.signers)-1]
}

// header is that of most tokens.
func (k *keySet) header() string { return k.signers[0].header }

type namedKey struct {
	id  string
	key crypto.PublicKey
}

// keyKind parses and checks the keys of an algorithm.
type keyKind struct {
	private func(pem []byte) (crypto.Signer, error)
	public  func(pem []byte) (crypto.PublicKey, error)
	check   func(crypto.PublicKey) error
}

var (
	rsaKeys = keyKind{
		private: signing(jwt.ParseRSAPrivateKeyFromPEM), public: verifying(jwt.ParseRSAPublicKeyFromPEM), check: isRSA,
	}
	edKeys = keyKind{
		private: signing(jwt.ParseEdPrivateKeyFromPEM), public: verifying(jwt.ParseEdPublicKeyFromPEM), check: isEd25519,
	}
)

func ecKeys(curve string) keyKind {
	return keyKind{
		private: signing(jwt.ParseECPrivateKeyFromPEM), public: verifying(jwt.ParseECPublicKeyFromPEM), check: isCurve(curve),
	}
}

// kinds maps the algorithms with a key pair to their kind of key.
var kinds = map[string]keyKind{
	"RS256": rsaKeys, "RS384": rsaKeys, "RS512": rsaKeys,
	"PS256": rsaKeys, "PS384": rsaKeys, "PS512": rsaKeys,
	"ES256": ecKeys("P-256"), "ES384": ecKeys("P-384"), "ES512": ecKeys("P-521"),
	"EdDSA": edKeys,
}

// shared lists the algorithms with a shared secret.
var shared = []string{"HS256", "HS384", "HS512"}

func loadKeys(cfg Config) (keySet, error) {
	if len(cfg.Ring) > 0 {
		return ringKeys(cfg)
	}
	if slices.Contains(shared, cfg.Algorithm) {
		return sharedKeys(cfg)
	}
	kind, known := kinds[cfg.Algorithm]
	if !known {
		return keySet{}, fmt.Errorf("unknown token algorithm %q", cfg.Algorithm)
	}
	return keyPairs(cfg, kind)
}

func sharedKeys(cfg Config) (keySet, error) {
	var errs []error
	if len(cfg.Secret) == 0 {
		errs = append(errs, fmt.Errorf("%s needs a secret", cfg.Algorithm))
	}
	if cfg.PrivateKeyPEM != "" || cfg.PublicKeyPEM != "" || len(cfg.PreviousPublicKeys) > 0 {
		errs = append(errs, fmt.Errorf("%s works with a secret, but a private or public key is configured: set the algorithm of that key", cfg.Algorithm))
	}
	all := append([][]byte{cfg.Secret}, cfg.PreviousSecrets...)
	keys := make([]any, 0, len(all))
	for i, secret := range all {
		if i > 0 && len(secret) == 0 {
			errs = append(errs, fmt.Errorf("previous secret %d is empty", i))
		}
		// A public key is not a secret: anyone who has it could sign tokens (docs/weak-spots.md#w37).
		if bytes.Contains(secret, []byte("-----BEGIN ")) {
			errs = append(errs, fmt.Errorf("the secret of %s is a PEM key: set the algorithm of that key", cfg.Algorithm))
		}
		keys = append(keys, bytes.Clone(secret))
	}
	if err := errors.Join(errs...); err != nil {
		return keySet{}, err
	}
	current, err := newSigner(cfg, keys[0], "", time.Time{})
	return keySet{signers: []signingKey{current}, verify: verifier(cfg, keys)}, err
}

func keyPairs(cfg Config, kind keyKind) (keySet, error) {
	var errs []error
	if len(cfg.Secret) > 0 || len(cfg.PreviousSecrets) > 0 {
		errs = append(errs, fmt.Errorf("%s works with a key pair, but a secret is configured", cfg.Algorithm))
	}
	private, current, err := currentKey(cfg, kind)
	errs = append(errs, err)
	public := []namedKey{current}
	for i, previous := range cfg.PreviousPublicKeys {
		key, err := readPublic(previous, kind)
		if err != nil {
			errs = append(errs, fmt.Errorf("previous public key %d: %w", i+1, err))
		}
		public = append(public, key)
	}
	if err := errors.Join(errs...); err != nil {
		return keySet{}, err
	}
	keys := make([]any, 0, len(public))
	for _, k := range public {
		keys = append(keys, k.key)
	}
	signing, err := newSigner(cfg, private, current.id, time.Time{})
	return keySet{signers: []signingKey{signing}, verify: verifier(cfg, keys), public: public}, err
}

func currentKey(cfg Config, kind keyKind) (crypto.Signer, namedKey, error) {
	private, err := kind.readPrivate(cfg.PrivateKeyPEM)
	if err != nil {
		return nil, namedKey{}, err
	}
	if err := kind.check(private.Public()); err != nil {
		return nil, namedKey{}, fmt.Errorf("%s: %w", cfg.Algorithm, err)
	}
	current, err := name(private.Public(), cfg.KeyID)
	if err != nil || cfg.PublicKeyPEM == "" {
		return private, current, err
	}
	given, err := readPublic(PublicKey{PEM: cfg.PublicKeyPEM}, kind)
	if err != nil {
		return nil, namedKey{}, fmt.Errorf("public key: %w", err)
	}
	if same, ok := given.key.(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(private.Public()) {
		return nil, namedKey{}, errors.New("the public key does not belong to the private key")
	}
	return private, current, nil
}

func readPublic(given PublicKey, kind keyKind) (namedKey, error) {
	key, err := kind.readPublic(given.PEM)
	if err != nil {
		return namedKey{}, err
	}
	if err := kind.check(key); err != nil {
		return namedKey{}, err
	}
	return name(key, given.KeyID)
}

func newSigner(cfg Config, key any, keyID string, from time.Time) (signingKey, error) {
	header, err := encodeHeader(cfg.Algorithm, keyID)
	method := jwt.GetSigningMethod(cfg.Algorithm)
	return signingKey{from, header, func(text string) ([]byte, error) { return method.Sign(text, key) }}, err
}

// verifier tries every key: the kid is set by the issuer of the token, which is
// not trusted yet, so it does not select a key.
func verifier(cfg Config, keys []any) func(text string, signature []byte) bool {
	method := jwt.GetSigningMethod(cfg.Algorithm)
	return func(text string, signature []byte) bool {
		for _, key := range keys {
			if method.Verify(text, signature, key) == nil {
				return true
			}
		}
		return false
	}
}

// signing and verifying adapt the parsers of golang-jwt, which return different
// types, so that one table can hold them.
func signing[K any](parse func([]byte) (K, error)) func([]byte) (crypto.Signer, error) {
	return func(pem []byte) (crypto.Signer, error) {
		key, err := parse(pem)
		signer, _ := any(key).(crypto.Signer)
		return signer, err
	}
}

func verifying[K any](parse func([]byte) (K, error)) func([]byte) (crypto.PublicKey, error) {
	return func(pem []byte) (crypto.PublicKey, error) { return parse(pem) }
}

func (k keyKind) readPrivate(text string) (crypto.Signer, error) {
	if text == "" {
		return nil, errors.New("no private key is configured")
	}
	key, err := k.private([]byte(text))
	if err != nil {
		return nil, k.unreadable("private", "neither PKCS#8 nor PKCS#1 nor SEC 1, or it is encrypted", err)
	}
	return key, nil
}

func (k keyKind) readPublic(text string) (crypto.PublicKey, error) {
	key, err := k.public([]byte(text))
	if err != nil {
		return nil, k.unreadable("public", "neither PKIX nor PKCS#1 nor a certificate", err)
	}
	return key, nil
}

// unreadable says why a key cannot be read. It drops the errors of x509, which
// may quote key material.
func (k keyKind) unreadable(half, formats string, err error) error {
	for _, other := range []error{
		jwt.ErrNotRSAPrivateKey, jwt.ErrNotRSAPublicKey, jwt.ErrNotECPrivateKey, jwt.ErrNotECPublicKey,
		jwt.ErrNotEdPrivateKey, jwt.ErrNotEdPublicKey,
	} {
		if errors.Is(err, other) {
			return k.check(nil) // a key of another kind: the message names the required one
		}
	}
	if errors.Is(err, jwt.ErrKeyMustBePEMEncoded) {
		return fmt.Errorf("the %s key is not PEM", half)
	}
	return fmt.Errorf("the %s key is %s", half, formats)
}

func isRSA(key crypto.PublicKey) error {
	k, ok := key.(*rsa.PublicKey)
	if !ok {
		return errors.New("an RSA key is needed")
	}
	if bits := k.N.BitLen(); bits < minRSABits {
		return fmt.Errorf("the RSA key has %d bits, at least %d are needed", bits, minRSABits)
	}
	return nil
}

func isCurve(curve string) func(crypto.PublicKey) error {
	return func(key crypto.PublicKey) error {
		if k, ok := key.(*ecdsa.PublicKey); !ok || k.Curve.Params().Name != curve {
			return fmt.Errorf("an EC key on the curve %s is needed", curve)
		}
		return nil
	}
}

func isEd25519(key crypto.PublicKey) error {
	if _, ok := key.(ed25519.PublicKey); !ok {
		return errors.New("an Ed25519 key is needed")
	}
	return nil
}
