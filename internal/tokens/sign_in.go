package tokens

import "time"

// SignIn is the content of a token that ends a sign-in which its recipient did not
// make. The flow SignInNotice knows the only valid ID; the token alone ends nothing.
type SignIn struct {
	SignInID  string
	ActorType string
	ID        string
	IssuedAt  time.Time
	ExpiresAt time.Time
}

type signInClaims struct {
	SignInID  string `json:"sign_in_id"`
	ActorType string `json:"actor_type"`
	linkClaims
}

// IssueSignIn issues a token. Times are truncated to seconds.
func (t *Tokens) IssueSignIn(s SignIn) (string, error) {
	return t.encode(signInClaims{
		SignInID: s.SignInID, ActorType: s.ActorType, linkClaims: t.linkClaims(PurposeDisown, s.ID, s.IssuedAt, s.ExpiresAt),
	}, s.IssuedAt)
}

// VerifySignIn returns the content of a token. It fails like [Tokens.Verify].
func (t *Tokens) VerifySignIn(raw string) (SignIn, error) {
	c, err := decode[signInClaims](t, raw)
	if err != nil {
		return SignIn{}, err
	}
	if c.Purpose != PurposeDisown || c.ID == "" || c.SignInID == "" || c.ActorType == "" {
		return SignIn{}, refuse(errPurpose)
	}
	issuedAt, expiresAt := c.times()
	return SignIn{SignInID: c.SignInID, ActorType: c.ActorType, ID: c.ID, IssuedAt: issuedAt, ExpiresAt: expiresAt}, nil
}
