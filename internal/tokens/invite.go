package tokens

import "time"

// Invite is the content of an invite's token (docs/contract.md#s4-6). The
// dashboard reads it in the browser to show whom the invite is for. The stored
// invite has the only valid TokenID and decides whether the token is valid.
type Invite struct {
	ID        string // of the invite
	Email     string
	TokenID   string
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// inviteClaims is the payload in the contract's order.
type inviteClaims struct {
	InviteID string `json:"id"`
	Email    string `json:"email"`
	linkClaims
}

// IssueInvite issues the token of an invite. Times are truncated to seconds.
func (t *Tokens) IssueInvite(i Invite) (string, error) {
	return t.encode(inviteClaims{
		InviteID: i.ID, Email: i.Email,
		linkClaims: t.linkClaims(PurposeInvite, i.TokenID, i.IssuedAt, i.ExpiresAt),
	}, i.IssuedAt)
}

// VerifyInvite returns the content of an invite's token. It fails like
// [Tokens.Verify]. Invites of Medusa have no purpose, and pass only with
// [Config.AcceptUntyped] (docs/weak-spots.md#w36).
func (t *Tokens) VerifyInvite(raw string) (Invite, error) {
	c, err := decode[inviteClaims](t, raw)
	if err != nil {
		return Invite{}, err
	}
	typed := c.Purpose == PurposeInvite || c.Purpose == "" && t.cfg.AcceptUntyped
	if !typed || c.InviteID == "" || c.Email == "" || c.ID == "" {
		return Invite{}, refuse(errPurpose)
	}
	issuedAt, expiresAt := c.times()
	return Invite{
		ID: c.InviteID, Email: c.Email, TokenID: c.ID,
		IssuedAt: issuedAt, ExpiresAt: expiresAt,
	}, nil
}
