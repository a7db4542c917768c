package tokens

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// linkClaims are the common claims of tokens in mailed links, in the contract's
// order.
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

func (c linkClaims) registered() jwt.RegisteredClaims {
	return jwt.RegisteredClaims{
		ExpiresAt: numericDate(c.ExpiresAt), IssuedAt: numericDate(c.IssuedAt),
		Issuer: c.Issuer, Audience: jwt.ClaimStrings(c.Audience),
	}
}

// times returns when the token was issued and when it expires.
func (c linkClaims) times() (issuedAt, expiresAt time.Time) {
	return time.Unix(c.IssuedAt, 0).UTC(), time.Unix(c.ExpiresAt, 0).UTC()
}
