package everlatch

import "time"

// Invite asks a person to become an administrator (docs/contract.md#s1-3). It is live
// until it is accepted or revoked; an expired one can be sent again.
//
// It doesn't hold its token: only a hash of the token's id is stored (docs/weak-spots.md#w7).
type Invite struct {
	ID string `json:"id"`
	InviteOffer

	// Accepted is true once it created an administrator.
	Accepted bool `json:"accepted"`
	// AcceptedBy is that administrator, "" until then.
	AcceptedBy string    `json:"accepted_by"`
	ExpiresAt  time.Time `json:"expires_at"` // whole seconds, as in the token
	// WorkflowID is that of the invite's flow, "" for an imported invite that has
	// none yet.
	WorkflowID string     `json:"workflow_id"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	DeletedAt  *time.Time `json:"deleted_at"` // when it was accepted or revoked
}

// InviteOffer is who is invited to what. An administrator asks for it, and the
// invite keeps it.
type InviteOffer struct {
	Email string `json:"email"`
	// Roles are ids of those that the new administrator gets (docs/contract.md#s4-8).
	// A stored invite has a list, empty for none.
	Roles    []string `json:"roles"`
	Metadata Metadata `json:"metadata"`
	// ForFirstUser says that the invite makes the first administrator of an
	// installation: with any e-mail, because Email is [FirstUserEmail], and only while
	// there is none. It isn't mailed.
	ForFirstUser bool `json:"for_first_user,omitempty"`
}

// FirstUserEmail is the e-mail of an invite that makes the first administrator, who
// chooses another one.
const FirstUserEmail = "admin@example.com"

// InviteProof entitles its bearer to accept an invite: the id of its token, the
// invited address, which must be verified as the bearer's, or both. A proof with
// neither proves nothing.
type InviteProof struct {
	InviteID string `json:"invite_id"`
	TokenID  string `json:"token_id,omitempty"`
	Email    string `json:"email,omitempty"`
}

// Pending reports whether the invite can still be accepted at a time.
func (i Invite) Pending(now time.Time) bool {
	return !i.Accepted && i.DeletedAt == nil && now.Before(i.ExpiresAt)
}
