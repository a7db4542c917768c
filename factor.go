package everlatch

import "time"

// FactorStatus is the state of a [Factor] (docs/contract.md#s10-1).
type FactorStatus string

// The states: pending, then enabled, then disabled. A disabled factor never returns.
const (
	FactorPending  FactorStatus = "pending"
	FactorEnabled  FactorStatus = "enabled"
	FactorDisabled FactorStatus = "disabled"
)

// MethodRecoveryCode is the method of a challenge that is passed with one of the
// identity's recovery codes (docs/contract.md#s10-4).
const MethodRecoveryCode = "recovery_code"

// Factor is a second factor of an identity (docs/contract.md#s1-1, auth_mfa_factor).
type Factor struct {
	ID             string `json:"id"`
	AuthIdentityID string `json:"auth_identity_id"`
	// Provider is the method: "totp", or the id of another factor provider.
	Provider string       `json:"provider"`
	Status   FactorStatus `json:"status"`
	// Metadata is the caller's, and label.
	Metadata Metadata `json:"metadata"`
	// Handle tells several factors of one provider apart, such as passkeys; "" where an
	// identity has one at most.
	Handle     string    `json:"handle,omitempty"`
	EnabledAt  time.Time `json:"enabled_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}
