package tokens

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// minRSABits is what NIST SP 800-131A still calls acceptable.
const minRSABits = 2048

// keySet is what a configuration signs and verifies with. Secret keys are in
// closures only, where no printing of structs can reach them.
type keySet struct {
	sign   func(text string) ([]byte, error)
	verify func(text string, signature []byte) bool
	keyID  string     // "" for shared secrets
	public []namedKey // current first; none for shared secrets
}

type namedKey struct {
	id  string
	key crypto.PublicKey
}

// keyKind says which keys belong to an algorithm: "HS" a shared secret, "RS"
// RSA, "ES256" the curve P-256 and so on.
var keyKind = map[string]func(crypto.PublicKey) error{
	"HS256": nil, "HS384": nil, "HS512": nil,
	"RS256": isRSA, "RS384": isRSA, "RS512": isRSA,
	"PS256": isRSA, "PS384": isRSA, "PS512": isRSA,
	"ES256": isCurve("P-256"), "ES384": isCurve("P-384"), "ES512": isCurve("P-521"),
	"EdDSA": isEd25519,
}

func loadKeys(cfg Config) (keySet, error) {
	check, known := keyKind[cfg.Algorithm]
	if !known {
		return keySet{}, fmt.Errorf("unknown token algorithm %q", cfg.Algorithm)
	}
	if check == nil {
		return sharedKeys(cfg)
	}
	return keyPairs(cfg, check)
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
		// A public key is no secret: whoever reads it could sign tokens (docs/weak-spots.md#w37).
		if bytes.Contains(secret, []byte("-----BEGIN ")) {
			errs = append(errs, fmt.Errorf("the secret of %s is a PEM key: set the algorithm of that key", cfg.Algorithm))
		}
		keys = append(keys, bytes.Clone(secret))
	}
	if err := errors.Join(errs...); err != nil {
		return keySet{}, err
	}
	return keySet{sign: signer(cfg, keys[0]), verify: verifier(cfg, keys)}, nil
}

func keyPairs(cfg Config, check func(crypto.PublicKey) error) (keySet, error) {
	var errs []error
	if len(cfg.Secret) > 0 || len(cfg.PreviousSecrets) > 0 {
		errs = append(errs, fmt.Errorf("%s works with a key pair, but a secret is configured", cfg.Algorithm))
	}
	private, current, err := currentKey(cfg, check)
	errs = append(errs, err)
	public := []namedKey{current}
	for i, previous := range cfg.PreviousPublicKeys {
		key, err := readPublic(previous, check)
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
	return keySet{sign: signer(cfg, private), verify: verifier(cfg, keys), keyID: current.id, public: public}, nil
}

func currentKey(cfg Config, check func(crypto.PublicKey) error) (crypto.Signer, namedKey, error) {
	private, err := parsePrivate(cfg.PrivateKeyPEM)
	if err != nil {
		return nil, namedKey{}, err
	}
	if err := check(private.Public()); err != nil {
		return nil, namedKey{}, fmt.Errorf("%s: %w", cfg.Algorithm, err)
	}
	current, err := name(private.Public(), cfg.KeyID)
	if err != nil || cfg.PublicKeyPEM == "" {
		return private, current, err
	}
	given, err := readPublic(PublicKey{PEM: cfg.PublicKeyPEM}, check)
	if err != nil {
		return nil, namedKey{}, fmt.Errorf("public key: %w", err)
	}
	if same, ok := given.key.(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(private.Public()) {
		return nil, namedKey{}, errors.New("the public key does not belong to the private key")
	}
	return private, current, nil
}

func readPublic(given PublicKey, check func(crypto.PublicKey) error) (namedKey, error) {
	key, err := parsePublic(given.PEM)
	if err != nil {
		return namedKey{}, err
	}
	if err := check(key); err != nil {
		return namedKey{}, err
	}
	return name(key, given.KeyID)
}

func signer(cfg Config, key any) func(text string) ([]byte, error) {
	method := jwt.GetSigningMethod(cfg.Algorithm)
	return func(text string) ([]byte, error) { return method.Sign(text, key) }
}

// verifier tries every key: a kid is a hint of whoever made the token and
// chooses nothing here.
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

// parsePrivate reads a private key. The errors of x509 are dropped: they may
// quote what they could not read.
func parsePrivate(text string) (crypto.Signer, error) {
	if text == "" {
		return nil, errors.New("no private key is configured")
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the private key is not PEM")
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return nil, errors.New("the private key is neither PKCS#8 nor PKCS#1 nor SEC 1, or it is encrypted")
}

func parsePublic(text string) (crypto.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the public key is not PEM")
	}
	if key, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
		return key, nil
	}
	if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
		return cert.PublicKey, nil
	}
	return nil, errors.New("the public key is neither PKIX nor PKCS#1 nor a certificate")
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
