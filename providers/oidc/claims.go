package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/everlatch/everlatch/providers"
)

// errMalformed replaces the errors of parsers, which quote parts of the token.
var errMalformed = errors.New("the ID token is malformed, or signed by an algorithm that is not allowed")

// claims are those of a verified ID token. Names are compared exactly, which
// decoding into a struct would not do.
type claims map[string]json.RawMessage

// text returns a claim that is a string, and "" for every other.
func (c claims) text(name string) string {
	var s string
	if json.Unmarshal(c[name], &s) != nil {
		return ""
	}
	return s
}

// has reports whether a claim has a value; null is none.
func (c claims) has(name string) bool {
	raw, told := c[name]
	return told && string(raw) != "null"
}

// is reports whether a claim is true, as a JSON value or as the string "true",
// which several providers send.
func (c claims) is(name string) bool {
	value := string(c[name])
	return value == "true" || value == `"true"`
}

// seconds returns a time, and false if the claim is none.
func (c claims) seconds(name string) (at float64, ok bool, err error) {
	raw, ok := c[name]
	if !ok {
		return 0, false, nil
	}
	var s *float64
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return 0, false, fmt.Errorf("the claim %s of the ID token is not a time", name)
	}
	return *s, true, nil
}

// verify returns the claims of an ID token for this client and sign-in (OpenID
// Connect Core, section 3.1.3.7). go-oidc checks the algorithm, the issuer, the
// audience and the expiry.
func (p *Provider) verify(ctx context.Context, idToken string, c providers.Callback) (claims, error) {
	signed := &verification{p: p}
	token, err := gooidc.NewVerifier(p.options.Issuer, signed, &gooidc.Config{
		ClientID: p.options.ClientID, SupportedSigningAlgs: p.options.Algorithms, Now: p.expiryTime,
		SkipIssuerCheck: len(p.options.Tenants) > 0, // checkTenant compares it
	}).Verify(ctx, idToken)
	switch {
	case signed.err != nil:
		return nil, signed.err
	case signed.payload == nil:
		return nil, failed(errMalformed)
	case err != nil:
		return nil, failed(notVerified(err, signed.payload))
	}
	var all claims
	if err := token.Claims(&all); err != nil {
		return nil, failed(errors.New("the claims of the ID token are not a JSON object"))
	}
	if err := p.checkClaims(all, token.Audience, c); err != nil {
		return nil, failed(err)
	}
	return all, nil
}

// expiryTime is the time at which a token must still be valid. A token that
// expired within the tolerance passes; one that expired exactly at its end does
// not (RFC 7519, section 4.1.4), although go-oidc would accept it.
func (p *Provider) expiryTime() time.Time {
	return p.options.Now().Add(time.Nanosecond - p.options.ClockTolerance)
}

// notVerified explains why go-oidc refuses the claims of a token that the provider
// has signed.
func notVerified(err error, payload []byte) error {
	var all claims
	if json.Unmarshal(payload, &all) == nil {
		var number json.Number
		if raw := all["sub"]; len(raw) > 0 && raw[0] != '"' && json.Unmarshal(raw, &number) == nil && number != "" {
			return errors.New("the claim sub of the ID token is a number; OpenID Connect requires a string")
		}
	}
	if _, ok := errors.AsType[*gooidc.TokenExpiredError](err); ok {
		return errors.New("the ID token has expired, or does not say when it does")
	}
	return fmt.Errorf("the ID token is refused: %s", redact(err.Error()))
}

// checkClaims checks what go-oidc leaves to its caller: the authorized party, the
// nonce, and the times at which the token was issued and becomes valid.
func (p *Provider) checkClaims(c claims, audience []string, callback providers.Callback) error {
	if _, named := c["azp"]; (named || len(audience) > 1) && c.text("azp") != p.options.ClientID {
		return errors.New("the ID token was issued to another client")
	}
	if err := errors.Join(p.checkTenant(c), p.checkTimes(c)); err != nil {
		return err
	}
	// A sign-in without a nonce must not match a token without one.
	if callback.Nonce == "" || subtle.ConstantTimeCompare([]byte(c.text("nonce")), []byte(callback.Nonce)) != 1 {
		return errors.New("the ID token is of another sign-in: its nonce differs")
	}
	return nil
}

// checkTimes refuses tokens from the future. go-oidc ignores iat, and accepts
// an nbf that is five minutes ahead.
func (p *Provider) checkTimes(c claims) error {
	iat, issued, err1 := c.seconds("iat")
	nbf, bounded, err2 := c.seconds("nbf")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	latest := float64(p.options.Now().Add(p.options.ClockTolerance).UnixMilli()) / 1000
	switch {
	case !issued:
		return errors.New("the ID token does not say when it was issued")
	case iat > latest, bounded && nbf > latest:
		return errors.New("the ID token is of the future")
	}
	return nil
}
