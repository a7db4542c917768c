package everlatch

import "time"

// Verification is an address of an identity that its owner has verified, or was asked
// to verify (docs/contract.md#s1-1, auth_verification).
type Verification struct {
	ID             string `json:"id"`
	AuthIdentityID string `json:"auth_identity_id"`
	// EntityID is the address as it was written first.
	EntityID string `json:"entity_id"`
	// EntityType says what EntityID is: [EntityEmail], "phone_number", or another word
	// that a subscriber of the event knows.
	EntityType string `json:"entity_type"`
	// CodeProvider is the id of the provider of the latest code.
	CodeProvider string `json:"code_provider"`
	// VerifiedAt is the zero time until the address is verified.
	VerifiedAt time.Time `json:"verified_at,omitzero"`
	// RequestedAt is when the latest code was requested, and ExpiresAt when it expires.
	RequestedAt time.Time `json:"requested_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	// Metadata is that of the first request.
	Metadata  Metadata  `json:"metadata"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// EntityEmail is the entity type of e-mail addresses. Everlatch mails codes for it;
// codes of other types are for subscribers.
const EntityEmail = "email"

// Verified reports whether the owner has verified the address.
func (v Verification) Verified() bool { return !v.VerifiedAt.IsZero() }
