package tokens

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/everlatch/everlatch"
)

// ErrExpired is the private cause of the error of [Tokens.Verify] for a token that
// has expired.
var ErrExpired = errors.New("the token has expired")

// Why else a token was refused, for logs and counters. Clients never see it.
var (
	errMalformed   = errors.New("the token is not a token")
	errSignature   = errors.New("the token is signed by another key or algorithm")
	errNotYetValid = errors.New("the token is not valid yet")
	errIssuer      = errors.New("the token has another issuer or audience")
	errIncomplete  = errors.New("the token lacks an expiry, issuer or audience")
	errPurpose     = errors.New("the token is for another purpose")
)

// newValidator configures the checks that apply to the claims of every token.
func newValidator(cfg Config, now func() time.Time) *jwt.Validator {
	options := []jwt.ParserOption{
		jwt.WithTimeFunc(now),
		jwt.WithLeeway(cfg.ClockTolerance),
		jwt.WithExpirationRequired(),
	}
	if cfg.Issuer != "" {
		options = append(options, jwt.WithIssuer(cfg.Issuer))
	}
	if len(cfg.Audience) > 0 {
		options = append(options, jwt.WithAudience(cfg.Audience...))
	}
	return jwt.NewValidator(options...)
}

// Verify returns the claims of a token that this configuration signed, that is
// valid now and that was issued for purpose. Every refusal is the same
// [everlatch.CodeUnauthorized] error to the caller; its private cause says why.
//
// Verify checks the signature before it decodes the claims; the library's own
// parser does it the other way round. Every request with a bearer token passes
// through here, and a client that cannot sign should not reach a JSON decoder.
func (t *Tokens) Verify(raw string, purpose Purpose) (Claims, error) {
	payload, err := t.open(raw)
	if err != nil {
		return Claims{}, refuse(err)
	}
	return t.claimsOf(raw, payload, purpose)
}

// claimsOf checks the claims of a token that one of the keys signed.
func (t *Tokens) claimsOf(raw string, payload []byte, purpose Purpose) (Claims, error) {
	claims, err := checked[Claims](t, payload)
	if err != nil {
		return Claims{}, err
	}
	if !t.serves(claims, purpose) {
		return Claims{}, refuse(errPurpose)
	}
	claims.SignInID = cmp.Or(claims.SignInID, claims.ID)
	if claims.SignInID == "" { // a token of another issuer
		claims.SignInID = HashSecret(raw)
	}
	if claims.AppMetadata == nil {
		claims.AppMetadata = everlatch.Metadata{}
	}
	if claims.UserMetadata == nil {
		claims.UserMetadata = everlatch.Metadata{}
	}
	return claims, nil
}

// decode verifies a token and decodes its claims. The caller checks the purpose.
func decode[C interface{ registered() jwt.RegisteredClaims }](t *Tokens, raw string) (C, error) {
	payload, err := t.open(raw)
	if err != nil {
		var none C
		return none, refuse(err)
	}
	return checked[C](t, payload)
}

// checked decodes the claims of a payload and checks what applies to every token.
func checked[C interface{ registered() jwt.RegisteredClaims }](t *Tokens, payload []byte) (C, error) {
	var claims C
	if json.Unmarshal(payload, &claims) != nil {
		return claims, refuse(errMalformed)
	}
	if err := t.validator.Validate(claims.registered()); err != nil {
		return claims, refuse(reason(err))
	}
	return claims, nil
}

// segments decodes the parts of a token. Strict decoding refuses alternative
// encodings of the same bytes.
var segments = base64.RawURLEncoding.Strict()

// open returns the payload of a token that one of the keys signed.
func (t *Tokens) open(raw string) ([]byte, error) {
	end := strings.LastIndexByte(raw, '.')
	if len(raw) > maxBytes || end < 0 {
		return nil, errMalformed
	}
	header, payload, ok := strings.Cut(raw[:end], ".")
	if !ok {
		return nil, errMalformed
	}
	signature, err := segments.DecodeString(raw[end+1:])
	if err != nil {
		return nil, errMalformed
	}
	if err := t.checkHeader(header); err != nil {
		return nil, err
	}
	if !t.verify(raw[:end], signature) {
		return nil, errSignature
	}
	claims, err := segments.DecodeString(payload)
	if err != nil {
		return nil, errMalformed
	}
	return claims, nil
}

// verify looks for newer keys before it gives up: this process may have been stopped when
// they were added.
func (t *Tokens) verify(text string, signature []byte) bool {
	return t.keys.Load().verify(text, signature) ||
		t.renew != nil && t.renew() && t.keys.Load().verify(text, signature)
}

// checkHeader refuses every algorithm but the configured one (docs/weak-spots.md#w37), and
// extensions that a verifier must understand (RFC 7515, section 4.1.11). The
// header that this configuration writes needs no decoding.
func (t *Tokens) checkHeader(encoded string) error {
	if encoded == t.keys.Load().header() {
		return nil
	}
	text, err := segments.DecodeString(encoded)
	if err != nil {
		return errMalformed
	}
	var header struct {
		Algorithm string          `json:"alg"`
		Critical  json.RawMessage `json:"crit"`
	}
	if json.Unmarshal(text, &header) != nil {
		return errMalformed
	}
	if header.Algorithm != t.cfg.Algorithm || header.Critical != nil {
		return errSignature
	}
	return nil
}

// serves reports whether a token may be used for purpose. Untyped tokens can
// only be access tokens, and only when they name an identity and an actor type:
// the invites of Medusa are untyped too and name neither.
func (t *Tokens) serves(c Claims, purpose Purpose) bool {
	if c.Purpose == "" && t.cfg.AcceptUntyped {
		c.Purpose = PurposeAccess
	}
	if c.Purpose != purpose {
		return false
	}
	return purpose != PurposeAccess || (c.AuthIdentityID != "" && c.ActorType != "")
}

// reason replaces the library's error by one of this package, because its texts
// quote parts of the token.
func reason(err error) error {
	for _, known := range []struct{ theirs, ours error }{
		{jwt.ErrTokenExpired, ErrExpired},
		{jwt.ErrTokenNotValidYet, errNotYetValid},
		{jwt.ErrTokenInvalidIssuer, errIssuer},
		{jwt.ErrTokenInvalidAudience, errIssuer},
		{jwt.ErrTokenRequiredClaimMissing, errIncomplete},
	} {
		if errors.Is(err, known.theirs) {
			return known.ours
		}
	}
	return errMalformed
}

func refuse(cause error) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Unauthorized", Err: cause}
}
