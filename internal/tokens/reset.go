package tokens

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// Reset is the content of a token for a new password (docs/contract.md#s4-3,
// update). The flow PasswordReset knows the one valid ID; the token alone changes
// nothing.
type Reset struct {
	EntityID  string
	Provider  string
	ActorType string
	ID        string
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// resetClaims is the payload in the contract's order.
type resetClaims struct {
	EntityID  string `json:"entity_id"`
	Provider  string `json:"provider"`
	ActorType string `json:"actor_type"`
	linkClaims
}

// IssueReset makes the token of a password reset. Times count in whole seconds.
func (t *Tokens) IssueReset(r Reset) (string, error) {
	payload, err := json.Marshal(resetClaims{
		EntityID: r.EntityID, Provider: r.Provider, ActorType: r.ActorType,
		linkClaims: t.linkClaims(PurposeReset, r.ID, r.IssuedAt, r.ExpiresAt),
	})
	if err != nil {
		return "", fmt.Errorf("encode the claims of a token: %w", err)
	}
	return t.seal(payload)
}

// VerifyReset returns the content of a password reset's token. It fails like
// [Tokens.Verify].
func (t *Tokens) VerifyReset(raw string) (Reset, error) {
	payload, err := t.open(raw)
	if err != nil {
		return Reset{}, refuse(err)
	}
	var c resetClaims
	if json.Unmarshal(payload, &c) != nil {
		return Reset{}, refuse(ErrMalformed)
	}
	if err := t.validator.Validate(&c); err != nil {
		return Reset{}, refuse(reason(err))
	}
	if c.Purpose != PurposeReset || c.ID == "" || c.EntityID == "" || c.Provider == "" || c.ActorType == "" {
		return Reset{}, refuse(ErrPurpose)
	}
	return Reset{
		EntityID: c.EntityID, Provider: c.Provider, ActorType: c.ActorType, ID: c.ID,
		IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(c.ExpiresAt, 0).UTC(),
	}, nil
}

// seal signs a payload and puts the token together.
func (t *Tokens) seal(payload []byte) (string, error) {
	text := t.header + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := t.keys.sign(text)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	token := text + "." + base64.RawURLEncoding.EncodeToString(signature)
	if len(token) > MaxBytes {
		return "", fmt.Errorf("a token of %d bytes is longer than the limit of %d: the metadata of the identity are too large", len(token), MaxBytes)
	}
	return token, nil
}
