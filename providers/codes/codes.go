package codes

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/everlatch/everlatch/providers"
)

// The ids under which the built-in code providers are registered.
const (
	TokenID = providers.DefaultCodeProvider
	OTPID   = "otp"
)

// Options are those of both built-in code providers.
type Options struct {
	// TTLSeconds is how long a code is good; by default 900 for token (docs/contract.md#s5-2)
	// and 600 for otp, which is also its maximum.
	TTLSeconds *int `json:"ttl_seconds"`
}

const (
	defaultTokenTTL = 15 * time.Minute
	// A short code can be guessed with little luck, so it does not last.
	longestOTP = 10 * time.Minute
	tokenBytes = 32
	digits     = 6
)

// Token makes random texts of 43 characters for links (docs/contract.md#s10-5).
type Token struct{ ttl time.Duration }

var _ providers.CodeProvider = (*Token)(nil)

// NewToken returns the provider "token".
func NewToken(o Options) (*Token, error) {
	ttl, err := o.ttl(defaultTokenTTL)
	return &Token{ttl}, err
}

func (o Options) ttl(byDefault time.Duration) (time.Duration, error) {
	switch {
	case o.TTLSeconds == nil:
		return byDefault, nil
	case *o.TTLSeconds < 1:
		return 0, errors.New("Verification token TTL must be a positive integer") //nolint:staticcheck // the contract's words
	}
	return time.Duration(*o.TTLSeconds) * time.Second, nil
}

// Identifier implements [providers.CodeProvider].
func (*Token) Identifier() string { return TokenID }

// Rules implements [providers.CodeProvider].
func (p *Token) Rules() providers.CodeRules { return providers.CodeRules{TTL: p.ttl, Bearer: true} }

// NewCode implements [providers.CodeProvider].
func (*Token) NewCode(context.Context, providers.CodeRequest) (providers.Code, error) {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // ends the program rather than fail
	return providers.Code{Value: base64.RawURLEncoding.EncodeToString(raw)}, nil
}

// Check implements [providers.CodeProvider].
func (*Token) Check(_ context.Context, code providers.Code, typed string) (bool, error) {
	return same(code.Value, typed), nil
}

// OTP makes codes of six digits.
type OTP struct{ ttl time.Duration }

var _ providers.CodeProvider = (*OTP)(nil)

// NewOTP returns the provider "otp".
func NewOTP(o Options) (*OTP, error) {
	ttl, err := o.ttl(longestOTP)
	if err == nil && ttl > longestOTP {
		err = fmt.Errorf("ttl_seconds of six digits is at most %d", int(longestOTP.Seconds()))
	}
	return &OTP{ttl}, err
}

// Identifier implements [providers.CodeProvider].
func (*OTP) Identifier() string { return OTPID }

// Rules implements [providers.CodeProvider].
func (p *OTP) Rules() providers.CodeRules { return providers.CodeRules{TTL: p.ttl} }

// NewCode implements [providers.CodeProvider].
func (*OTP) NewCode(context.Context, providers.CodeRequest) (providers.Code, error) {
	return providers.Code{Value: Digits()}, nil
}

// Check implements [providers.CodeProvider]. Blanks and hyphens, which people type to
// group digits, do not count.
func (*OTP) Check(_ context.Context, code providers.Code, typed string) (bool, error) {
	return same(code.Value, strings.NewReplacer(" ", "", "-", "").Replace(typed)), nil
}

// Digits returns a random code of six digits.
func Digits() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic("codes: no random numbers: " + err.Error()) // unreachable since Go 1.24
	}
	return fmt.Sprintf("%0*d", digits, n)
}

func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
