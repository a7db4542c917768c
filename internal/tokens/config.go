package tokens

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// The defaults of [Config].
const (
	defaultAlgorithm = "HS256"
	defaultExpiresIn = 24 * time.Hour
	// defaultAbsoluteTTL is the longest time between two sign-ins that NIST SP
	// 800-63B-4, section 2.1.3, recommends.
	defaultAbsoluteTTL = 30 * 24 * time.Hour
)

// Config says how tokens are signed. The comment of a field says what its zero
// value means.
type Config struct {
	// Algorithm signs and is the only one that verifies (docs/weak-spots.md#w37): HS256 (the
	// default), HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256,
	// ES384, ES512 or EdDSA.
	Algorithm string

	// Secret is the key of the HS algorithms.
	Secret []byte
	// PreviousSecrets verify tokens that were issued before a rotation.
	PreviousSecrets [][]byte

	// PrivateKeyPEM is the key of the other algorithms, as text: PKCS#8, PKCS#1
	// or SEC 1.
	PrivateKeyPEM string
	// PublicKeyPEM may repeat the public half, which is then checked to belong
	// to the private key.
	PublicKeyPEM string
	// PreviousPublicKeys verify tokens that were issued before a rotation, and
	// stay in the JWKS.
	PreviousPublicKeys []PublicKey
	// KeyID is the kid of the current key; by default its thumbprint of
	// RFC 7638.
	KeyID string

	// Ring replaces all of these keys, see [Tokens.Use].
	Ring []Key

	// Issuer and Audience are part of every token. If set, a token must have
	// the issuer and at least one of the audiences.
	Issuer   string
	Audience []string

	// ExpiresIn is the lifetime of a token; 0 is 24 hours.
	ExpiresIn time.Duration
	// AbsoluteTTL is how long after a sign-in its last token expires, renewed or not;
	// 30 days when zero.
	AbsoluteTTL time.Duration
	// ClockTolerance is how far the clocks of issuer and verifier may differ.
	ClockTolerance time.Duration

	// AcceptUntyped accepts tokens without a purpose as access tokens, so that
	// tokens issued by Medusa work until they expire (docs/weak-spots.md#w36).
	AcceptUntyped bool
	// OwnActorOnly leaves the ids of other actor types out of tokens (docs/weak-spots.md#w38).
	OwnActorOnly bool
}

// PublicKey is a key that only verifies. PEM is PKIX, PKCS#1, or a certificate of
// an RSA or EC key;
// KeyID is its thumbprint of RFC 7638 when empty.
type PublicKey struct {
	PEM   string
	KeyID string
}

// Format implements [fmt.Formatter]: it prints the algorithm and no key.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "[token config %s]", c.withDefaults().Algorithm)
}

// LogValue implements [slog.LogValuer]: it logs the algorithm and no key.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// withDefaults returns c with its defaults.
func (c Config) withDefaults() Config {
	if c.Algorithm == "" {
		c.Algorithm = defaultAlgorithm
	}
	if c.ExpiresIn == 0 {
		c.ExpiresIn = defaultExpiresIn
	}
	if c.AbsoluteTTL == 0 {
		c.AbsoluteTTL = defaultAbsoluteTTL
	}
	return c
}

// withoutKeys returns c without keys, so that it can be stored: fmt calls no
// methods on unexported fields, so [Config.Format] would not protect the keys.
func (c Config) withoutKeys() Config {
	c.Secret, c.PreviousSecrets, c.PrivateKeyPEM, c.Ring = nil, nil, "", nil
	return c
}

func (c Config) checkTimes() error {
	var errs []error
	if c.ExpiresIn < time.Second {
		errs = append(errs, fmt.Errorf("token lifetime must be at least one second, got %s", c.ExpiresIn))
	}
	if c.AbsoluteTTL < time.Second {
		errs = append(errs, fmt.Errorf("absolute token lifetime must be at least one second, got %s", c.AbsoluteTTL))
	}
	if c.ClockTolerance < 0 {
		errs = append(errs, fmt.Errorf("clock tolerance must not be negative, got %s", c.ClockTolerance))
	}
	return errors.Join(errs...)
}
