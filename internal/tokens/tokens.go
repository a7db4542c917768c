package tokens

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/everlatch/everlatch"
)

// maxBytes is the maximum length of a token that is issued or parsed, so that a
// client cannot make the server decode megabytes before the signature check.
const maxBytes = 16 << 10

// Tokens issues and verifies tokens. It is safe for concurrent use and shows
// no key material when printed.
type Tokens struct {
	cfg       Config // without its keys
	keys      atomic.Pointer[keySet]
	renew     func() bool // nil, or see OnUnknown
	validator *jwt.Validator
}

// New checks the whole configuration and reports all its problems at once. It
// accepts weak secrets; the configuration refuses them.
func New(cfg Config, now func() time.Time) (*Tokens, error) {
	cfg = cfg.withDefaults()
	keys, err := loadKeys(cfg)
	if err := errors.Join(cfg.checkTimes(), err); err != nil {
		return nil, err
	}
	t := &Tokens{cfg: cfg.withoutKeys(), validator: newValidator(cfg, now)}
	t.keys.Store(&keys)
	return t, nil
}

// Issue returns an access token for p that is valid from issuedAt and has id as
// its jti. With the HS, RS and EdDSA algorithms equal input gives an equal
// token, so a repeated call returns the same token; PS and ES signatures are
// random. It expires at the latest [Config.AbsoluteTTL] after the sign-in. It
// fails if the metadata of p cannot be encoded, or if the token
// would be longer than 16 KiB.
func (t *Tokens) Issue(p everlatch.Principal, issuedAt time.Time, id string) (string, Claims, error) {
	claims := t.claims(p, issuedAt, id)
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", Claims{}, errors.New("encode the claims of a token: the metadata are not JSON")
	}
	token, err := t.seal(payload, issuedAt)
	if err != nil {
		return "", Claims{}, err
	}
	claims.SignInID = cmp.Or(claims.SignInID, claims.ID)
	return token, claims, nil
}

// AbsoluteEnd returns when the last token of a sign-in ends, however often it is
// renewed.
func (t *Tokens) AbsoluteEnd(signedInAt time.Time) time.Time {
	return signedInAt.Add(t.cfg.AbsoluteTTL)
}

// Format implements [fmt.Formatter]: it prints the algorithm and no key.
func (t *Tokens) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "[tokens %s]", t.cfg.Algorithm) }

// LogValue implements [slog.LogValuer]: it logs the algorithm and no key.
func (t *Tokens) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(t)) }

func (t *Tokens) claims(p everlatch.Principal, issuedAt time.Time, id string) Claims {
	claims := Claims{
		ActorID:           p.ActorID,
		ActorType:         p.ActorType,
		AuthIdentityID:    p.AuthIdentityID,
		AuthProvider:      p.AuthProvider,
		MFAEnabled:        p.MFAEnabled,
		AppMetadata:       p.AppMetadata(t.cfg.OwnActorOnly),
		UserMetadata:      p.UserMetadata,
		Purpose:           PurposeAccess,
		CredentialVersion: p.CredentialVersion,
		IssuedAt:          issuedAt.Unix(),
		ExpiresAt:         issuedAt.Add(t.cfg.ExpiresIn).Unix(),
		ID:                id,
		Issuer:            t.cfg.Issuer,
		Audience:          t.cfg.Audience,
	}
	if claims.UserMetadata == nil {
		claims.UserMetadata = everlatch.Metadata{}
	}
	if p.SignInID != id {
		claims.SignInID = p.SignInID
	}
	if !p.AuthenticatedAt.IsZero() {
		claims.AuthTime = p.AuthenticatedAt.Unix()
		claims.ExpiresAt = min(claims.ExpiresAt, t.AbsoluteEnd(p.AuthenticatedAt).Unix())
	}
	if !p.MFACompletedAt.IsZero() {
		at := p.MFACompletedAt.UTC().Format(isoMillis)
		claims.MFACompletedAt = &at
	}
	return claims.WithMethods(p.AMR)
}

// encode signs claims of a token that is issued at a time.
func (t *Tokens) encode(claims any, issuedAt time.Time) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode the claims of a token: %w", err)
	}
	return t.seal(payload, issuedAt)
}

// seal signs a payload and assembles the token. A token that is issued again gets the key
// that it had: which key signs follows from the time of issue.
func (t *Tokens) seal(payload []byte, issuedAt time.Time) (string, error) {
	key := t.keys.Load().signer(issuedAt)
	text := key.header + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := key.sign(text)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	token := text + "." + base64.RawURLEncoding.EncodeToString(signature)
	if len(token) > maxBytes {
		return "", fmt.Errorf("a token of %d bytes is longer than the limit of %d: the metadata of the identity are too large", len(token), maxBytes)
	}
	return token, nil
}

// encodeHeader returns the first segment of a token. Symmetric keys have no
// kid, which would only identify the installation.
func encodeHeader(algorithm, keyID string) (string, error) {
	header, err := json.Marshal(struct {
		Algorithm string `json:"alg"`
		Type      string `json:"typ"`
		KeyID     string `json:"kid,omitempty"`
	}{algorithm, "JWT", keyID})
	if err != nil {
		return "", fmt.Errorf("encode the header of a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(header), nil
}
