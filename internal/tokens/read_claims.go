package tokens

import (
	"math"

	"github.com/everlatch/everlatch"
)

// readClaims decodes claims that are written as [Tokens.Issue] writes nearly all: an object
// of known names, without spaces, whose texts need no escapes. It reports false for others,
// which are left to encoding/json, and never decodes what that would decode differently.
// Every request with a token passes through here, and encoding/json takes five times as long.
func readClaims(payload []byte) (c Claims, ok bool) {
	r := claimsReader{rest: payload}
	r.object(func(name []byte) {
		switch string(name) {
		case "actor_id":
			c.ActorID = r.text()
		case "actor_type":
			c.ActorType = r.text()
		case "auth_identity_id":
			c.AuthIdentityID = r.text()
		case "auth_provider":
			c.AuthProvider = r.text()
		case "mfa_enabled":
			c.MFAEnabled = r.boolean()
		case "mfa_challenge_completed_at":
			c.MFACompletedAt = nil
			if !r.skip("null") {
				at := r.text()
				c.MFACompletedAt = &at
			}
		case "app_metadata":
			c.AppMetadata = r.texts(c.AppMetadata)
		case "user_metadata":
			c.UserMetadata = r.texts(c.UserMetadata)
		case "amr":
			c.AMR = r.list()
		case "acr":
			c.ACR = r.text()
		case "purpose":
			c.Purpose = Purpose(r.text())
		case "credential_version":
			c.CredentialVersion = r.number()
		case "auth_time":
			c.AuthTime = r.number()
		case "iat":
			c.IssuedAt = r.number()
		case "exp":
			c.ExpiresAt = r.number()
		case "nbf":
			c.NotBefore = r.number()
		case "jti":
			c.ID = r.text()
		case "iss":
			c.Issuer = r.text()
		case "aud":
			c.Audience = Audience{r.text()}
		case "sub":
			c.Subject = r.text()
		case "sid":
			c.SignInID = r.text()
		default:
			r.failed = true
		}
	})
	return c, !r.failed && len(r.rest) == 0
}

// claimsReader reads JSON from left to right. Once it has failed, what it returns means
// nothing.
type claimsReader struct {
	rest   []byte
	failed bool
}

// skip steps over a text if it is what comes next.
func (r *claimsReader) skip(text string) bool {
	if len(r.rest) < len(text) || string(r.rest[:len(text)]) != text {
		return false
	}
	r.rest = r.rest[len(text):]
	return true
}

func (r *claimsReader) demand(text string) {
	if !r.skip(text) {
		r.failed = true
	}
}

// object calls member with each name, to read its value.
func (r *claimsReader) object(member func(name []byte)) {
	r.demand("{")
	if r.skip("}") {
		return
	}
	for !r.failed {
		name := r.plain()
		r.demand(":")
		member(name)
		if !r.skip(",") {
			r.demand("}")
			return
		}
	}
}

// texts reads an object of texts into a map, which is made where there is none.
func (r *claimsReader) texts(into everlatch.Metadata) everlatch.Metadata {
	if into == nil {
		into = everlatch.Metadata{}
	}
	r.object(func(name []byte) { into[string(name)] = r.text() })
	return into
}

func (r *claimsReader) list() []string {
	out := []string{}
	r.demand("[")
	if r.skip("]") {
		return out
	}
	for !r.failed {
		out = append(out, r.text())
		if !r.skip(",") {
			r.demand("]")
			break
		}
	}
	return out
}

func (r *claimsReader) text() string { return string(r.plain()) }

// plain reads a text of ASCII. What needs an escape, or is another character, is not plain.
func (r *claimsReader) plain() []byte {
	r.demand(`"`)
	for i, b := range r.rest {
		if b == '"' {
			text := r.rest[:i]
			r.rest = r.rest[i+1:]
			return text
		}
		if b < ' ' || b == '\\' || b >= 0x7f {
			break
		}
	}
	r.failed = true
	return nil
}

// number reads a whole number without a sign.
func (r *claimsReader) number() (n int64) {
	digits := 0
	for ; digits < len(r.rest) && '0' <= r.rest[digits] && r.rest[digits] <= '9'; digits++ {
		if n > math.MaxInt64/10-1 {
			r.failed = true
			return 0
		}
		n = n*10 + int64(r.rest[digits]-'0')
	}
	if digits == 0 || digits > 1 && r.rest[0] == '0' {
		r.failed = true
	}
	r.rest = r.rest[digits:]
	return n
}

func (r *claimsReader) boolean() bool {
	if r.skip("true") {
		return true
	}
	r.demand("false")
	return false
}
