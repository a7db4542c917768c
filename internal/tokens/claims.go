package tokens

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/everlatch/everlatch"
)

// Purpose is what a token may be used for (docs/weak-spots.md#w36).
type Purpose string

// The purposes.
const (
	// PurposeAccess is a token that signs its bearer in.
	PurposeAccess Purpose = "access"
	// PurposeReset is a token that changes a password.
	PurposeReset Purpose = "reset"
	// PurposeRegistration is a token that confirms a registration.
	PurposeRegistration Purpose = "registration"
	// PurposeInvite is a token that accepts an invitation.
	PurposeInvite Purpose = "invite"
	// PurposeEmail is a token that proves a new e-mail address.
	PurposeEmail Purpose = "email"
	// PurposeEmailUndo is a token that undoes a change of the e-mail address.
	PurposeEmailUndo Purpose = "email_undo"
	// PurposeDisown is a token that ends a sign-in that its recipient did not make.
	PurposeDisown Purpose = "disown"
)

// Claims is the payload of a token, in the names and the order of the contract
// (docs/contract.md#s4-2) and with purpose, credential_version and auth_time added. Times are seconds since
// 1970.
type Claims struct {
	ActorID        string             `json:"actor_id"` // "" = no actor yet
	ActorType      string             `json:"actor_type"`
	AuthIdentityID string             `json:"auth_identity_id"`
	AuthProvider   string             `json:"auth_provider,omitempty"`
	MFAEnabled     bool               `json:"mfa_enabled"`
	MFACompletedAt *string            `json:"mfa_challenge_completed_at"` // RFC 3339, UTC
	AppMetadata    everlatch.Metadata `json:"app_metadata"`               // never nil
	UserMetadata   everlatch.Metadata `json:"user_metadata"`              // never nil
	// AMR are the methods by which the user proved who they are (RFC 8176), and ACR says
	// how sure that is: [ACROne] or [ACRTwo]. Both are absent where it isn't known.
	AMR     []string `json:"amr,omitempty"`
	ACR     string   `json:"acr,omitempty"`
	Purpose Purpose  `json:"purpose,omitempty"`
	// CredentialVersion is the identity's when the token was issued.
	CredentialVersion int64 `json:"credential_version"`
	// AuthTime is when the user signed in (OpenID Connect Core, section 2). A
	// refreshed token keeps it.
	AuthTime  int64    `json:"auth_time,omitempty"`
	IssuedAt  int64    `json:"iat"`
	ExpiresAt int64    `json:"exp"`
	NotBefore int64    `json:"nbf,omitempty"`
	ID        string   `json:"jti,omitempty"`
	Issuer    string   `json:"iss,omitempty"`
	Audience  Audience `json:"aud,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	// SignInID is the sign-in that the token was issued for (sid in OpenID Connect
	// Front-Channel Logout, section 3). [Tokens.Verify] never leaves it empty: the
	// first token of a sign-in has only its jti.
	SignInID string `json:"sid,omitempty"`
}

// The values of acr, which are named after the levels of NIST SP 800-63B.
const (
	ACROne = "aal1" // one factor
	ACRTwo = "aal2" // a second factor was completed
)

// WithMethods returns the claims with amr, and with acr by it and
// mfa_challenge_completed_at.
func (c Claims) WithMethods(amr []string) Claims {
	c.AMR, c.ACR = amr, ""
	switch {
	case len(amr) == 0:
	case c.MFACompletedAt != nil:
		c.ACR = ACRTwo
	default:
		c.ACR = ACROne
	}
	return c
}

// isoMillis is how the contract's clients write a time.
const isoMillis = "2006-01-02T15:04:05.000Z"

// Principal returns the principal of the token. Its links are the ids in
// app_metadata, which with [Config.OwnActorOnly] is only the token's own actor.
// An unreadable mfa_challenge_completed_at counts as absent.
func (c Claims) Principal() everlatch.Principal {
	p := everlatch.Principal{
		AuthIdentityID:    c.AuthIdentityID,
		AuthProvider:      c.AuthProvider,
		ActorType:         c.ActorType,
		ActorID:           c.ActorID,
		CredentialVersion: c.CredentialVersion,
		UserMetadata:      c.UserMetadata,
		MFAEnabled:        c.MFAEnabled,
		SignInID:          c.SignInID,
		AMR:               c.AMR,
	}
	if c.AuthTime != 0 {
		p.AuthenticatedAt = time.Unix(c.AuthTime, 0).UTC()
	}
	for key, value := range c.AppMetadata {
		actorType, isLink := strings.CutSuffix(key, everlatch.ActorKey(""))
		if id, ok := value.(string); ok && isLink && actorType != "" {
			if p.Links == nil {
				p.Links = make(map[string]string, len(c.AppMetadata))
			}
			p.Links[actorType] = id
		}
	}
	if c.MFACompletedAt != nil {
		if at, err := time.Parse(time.RFC3339, *c.MFACompletedAt); err == nil {
			p.MFACompletedAt = at.UTC()
		}
	}
	return p
}

// unknownAge is the age at issue that a token has which does not say when its user
// signed in, as Medusa's: too old for anything that asks for a recent sign-in.
const unknownAge = 24 * time.Hour

// SignedInAt returns when the user signed in, as far as the token tells.
func (c Claims) SignedInAt() time.Time {
	if c.AuthTime == 0 {
		return time.Unix(c.IssuedAt, 0).UTC().Add(-unknownAge)
	}
	return time.Unix(c.AuthTime, 0).UTC()
}

func (c Claims) registered() jwt.RegisteredClaims {
	return jwt.RegisteredClaims{
		ExpiresAt: numericDate(c.ExpiresAt), IssuedAt: numericDate(c.IssuedAt), NotBefore: numericDate(c.NotBefore),
		Issuer: c.Issuer, Subject: c.Subject, Audience: jwt.ClaimStrings(c.Audience),
	}
}

func numericDate(seconds int64) *jwt.NumericDate {
	if seconds == 0 {
		return nil // absent
	}
	return &jwt.NumericDate{Time: time.Unix(seconds, 0)}
}

// Audience is the aud claim: a string when there is one, else an array, as
// Medusa's tokens have it (RFC 7519, section 4.1.3).
type Audience []string

// MarshalJSON implements [json.Marshaler].
func (a Audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// UnmarshalJSON implements [json.Unmarshaler] and accepts both forms.
func (a *Audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil && string(data) != "null" {
		*a = Audience{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return err
	}
	*a = many
	return nil
}
