package tokens

import "time"

// Reset is the content of a token for a new password (docs/contract.md#s4-3,
// update). The flow PasswordReset knows the only valid ID; the token alone
// changes nothing.
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

// IssueReset issues the token of a password reset. Times are truncated to
// seconds.
func (t *Tokens) IssueReset(r Reset) (string, error) {
	return t.issueFor(PurposeReset, r)
}

func (t *Tokens) issueFor(purpose Purpose, r Reset) (string, error) {
	return t.encode(resetClaims{
		EntityID: r.EntityID, Provider: r.Provider, ActorType: r.ActorType,
		linkClaims: t.linkClaims(purpose, r.ID, r.IssuedAt, r.ExpiresAt),
	}, r.IssuedAt)
}

// VerifyReset returns the content of a password reset's token. It fails like
// [Tokens.Verify].
func (t *Tokens) VerifyReset(raw string) (Reset, error) { return t.verifyFor(PurposeReset, raw) }

func (t *Tokens) verifyFor(purpose Purpose, raw string) (Reset, error) {
	c, err := decode[resetClaims](t, raw)
	if err != nil {
		return Reset{}, err
	}
	if c.Purpose != purpose || c.ID == "" || c.EntityID == "" || c.Provider == "" || c.ActorType == "" {
		return Reset{}, refuse(errPurpose)
	}
	issuedAt, expiresAt := c.times()
	return Reset{
		EntityID: c.EntityID, Provider: c.Provider, ActorType: c.ActorType, ID: c.ID,
		IssuedAt: issuedAt, ExpiresAt: expiresAt,
	}, nil
}
