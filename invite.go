package everlatch

import "time"

// Invite asks somebody to become an administrator (contract 1.3). It is live
// until it is accepted or revoked; one whose time is over can be sent again.
//
// Its token is nowhere in it: whoever accepts brings it, and a hash of the
// token's id is all that is kept (W7).
type Invite struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	// Accepted is true once somebody became an administrator by it.
	Accepted bool `json:"accepted"`
	// AcceptedBy is the administrator that came of it, "" until then.
	AcceptedBy string    `json:"accepted_by"`
	ExpiresAt  time.Time `json:"expires_at"` // whole seconds, as in the token
	// Roles are those that the new administrator is meant to get (contract 4.8).
	Roles    []string `json:"roles"` // never nil
	Metadata Metadata `json:"metadata"`
	// WorkflowID is that of the dance that holds the invite, "" for one that
	// came from elsewhere and has none yet.
	WorkflowID string     `json:"workflow_id"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	DeletedAt  *time.Time `json:"deleted_at"` // when it was accepted or revoked
}

// Pending reports whether somebody may still accept the invite at a time.
func (i Invite) Pending(now time.Time) bool {
	return !i.Accepted && i.DeletedAt == nil && now.Before(i.ExpiresAt)
}
