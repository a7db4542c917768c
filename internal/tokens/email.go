package tokens

import (
	"fmt"
	"time"
)

// Email is the content of a token for an e-mail change: whose change it is, but
// no address. The flow EmailChange knows which ids are valid; the token alone
// changes nothing.
type Email struct {
	// Purpose is [PurposeEmail] or [PurposeEmailUndo].
	Purpose            Purpose
	ActorType, ActorID string
	ID                 string
	IssuedAt           time.Time
	ExpiresAt          time.Time
}

type emailClaims struct {
	ActorType string `json:"actor_type"`
	ActorID   string `json:"actor_id"`
	linkClaims
}

// IssueEmail issues a token. Times are truncated to seconds.
func (t *Tokens) IssueEmail(e Email) (string, error) {
	if !e.Purpose.aboutEmail() {
		return "", fmt.Errorf("%q is no purpose of a token about an e-mail address", e.Purpose)
	}
	return t.encode(emailClaims{
		ActorType: e.ActorType, ActorID: e.ActorID, linkClaims: t.linkClaims(e.Purpose, e.ID, e.IssuedAt, e.ExpiresAt),
	}, e.IssuedAt)
}

func (p Purpose) aboutEmail() bool { return p == PurposeEmail || p == PurposeEmailUndo }

// VerifyEmail returns the content of a token of one purpose. It fails like
// [Tokens.Verify].
func (t *Tokens) VerifyEmail(raw string, purpose Purpose) (Email, error) {
	c, err := decode[emailClaims](t, raw)
	if err != nil {
		return Email{}, err
	}
	if c.Purpose != purpose || !purpose.aboutEmail() || c.ID == "" || c.ActorType == "" || c.ActorID == "" {
		return Email{}, refuse(errPurpose)
	}
	issuedAt, expiresAt := c.times()
	return Email{
		Purpose: c.Purpose, ActorType: c.ActorType, ActorID: c.ActorID, ID: c.ID,
		IssuedAt: issuedAt, ExpiresAt: expiresAt,
	}, nil
}
