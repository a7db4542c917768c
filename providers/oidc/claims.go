package oidc

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/everlatch/everlatch/providers"
)

// claims are those of a verified ID token. Names are compared exactly, which
// decoding into a struct would not do.
type claims map[string]json.RawMessage

// text returns a claim that is a text, and "" for every other.
func (c claims) text(name string) string {
	var s string
	if json.Unmarshal(c[name], &s) != nil {
		return ""
	}
	return s
}

// has says whether a claim is told: one of null is not.
func (c claims) has(name string) bool {
	raw, told := c[name]
	return told && string(raw) != "null"
}

// is says whether a claim is the JSON value true.
func (c claims) is(name string) bool {
	var b bool
	return json.Unmarshal(c[name], &b) == nil && b
}

// seconds returns a time, and false when there is none.
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

// audience returns for whom the token is.
func (c claims) audience() []string {
	if one := c.text("aud"); one != "" {
		return []string{one}
	}
	var several []string
	if json.Unmarshal(c["aud"], &several) != nil {
		return nil
	}
	return several
}

// checkClaims holds the rules of OpenID Connect Core, section 3.1.3.7.
func (p *Provider) checkClaims(c claims, callback providers.Callback) error {
	if !p.isIssuer(c.text("iss")) {
		return fmt.Errorf("the ID token is of issuer %.200q", c.text("iss"))
	}
	audience := c.audience()
	if !slices.Contains(audience, p.options.ClientID) {
		return errors.New("the ID token is for another client")
	}
	if _, named := c["azp"]; (named || len(audience) > 1) && c.text("azp") != p.options.ClientID {
		return errors.New("the ID token was issued to another client")
	}
	if err := p.checkTimes(c); err != nil {
		return err
	}
	// A sign-in without a nonce must not match a token without one.
	if callback.Nonce == "" || subtle.ConstantTimeCompare([]byte(c.text("nonce")), []byte(callback.Nonce)) != 1 {
		return errors.New("the ID token is of another sign-in: its nonce differs")
	}
	return nil
}

func (p *Provider) checkTimes(c claims) error {
	exp, hasEnd, err1 := c.seconds("exp")
	iat, hasStart, err2 := c.seconds("iat")
	nbf, bounded, err3 := c.seconds("nbf")
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	now := float64(p.options.Now().UnixMilli()) / 1000
	tolerance := float64(p.options.ClockTolerance) / float64(time.Second)
	switch {
	case !hasEnd || !hasStart:
		return errors.New("the ID token does not say how long it is valid")
	case now >= exp+tolerance:
		return errors.New("the ID token has expired")
	case iat > now+tolerance, bounded && nbf > now+tolerance:
		return errors.New("the ID token is of the future")
	}
	return nil
}
