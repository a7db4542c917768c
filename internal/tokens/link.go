package tokens

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// linkClaims are what the tokens in links of mails have in common, in the
// contract's order. The pointer methods implement [jwt.Claims].
type linkClaims struct {
	Purpose   Purpose  `json:"purpose,omitempty"`
	IssuedAt  int64    `json:"iat"`
	ExpiresAt int64    `json:"exp"`
	Audience  Audience `json:"aud,omitempty"`
	Issuer    string   `json:"iss,omitempty"`
	ID        string   `json:"jti"`
}

func (t *Tokens) linkClaims(purpose Purpose, id string, issuedAt, expiresAt time.Time) linkClaims {
	return linkClaims{
		Purpose: purpose, IssuedAt: issuedAt.Unix(), ExpiresAt: expiresAt.Unix(),
		Audience: t.cfg.Audience, Issuer: t.cfg.Issuer, ID: id,
	}
}

// GetExpirationTime implements [jwt.Claims].
func (c *linkClaims) GetExpirationTime() (*jwt.NumericDate, error) {
	return numericDate(c.ExpiresAt), nil
}

// GetIssuedAt implements [jwt.Claims].
func (c *linkClaims) GetIssuedAt() (*jwt.NumericDate, error) { return numericDate(c.IssuedAt), nil }

// GetNotBefore implements [jwt.Claims].
func (c *linkClaims) GetNotBefore() (*jwt.NumericDate, error) {
	return nil, nil //nolint:nilnil // the library's way of saying absent
}

// GetIssuer implements [jwt.Claims].
func (c *linkClaims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject implements [jwt.Claims].
func (c *linkClaims) GetSubject() (string, error) { return "", nil }

// GetAudience implements [jwt.Claims].
func (c *linkClaims) GetAudience() (jwt.ClaimStrings, error) {
	return jwt.ClaimStrings(c.Audience), nil
}
