package auth

import (
	"time"

	"github.com/everlatch/everlatch"
)

// FindConfig says what of the records is returned, and which of them
// (docs/contract.md#s2-1). Its zero value is all of all, in the order of the ids.
type FindConfig struct {
	// Select are the fields to return, by their names in JSON; the id is always one of
	// them. Nil returns all.
	Select []string `json:"select,omitempty"`
	// Relations are related records to return: provider_identities of an identity,
	// auth_identity of a provider identity.
	Relations []string `json:"relations,omitempty"`
	// Skip is how many records are left out, and Take how many are returned at most; 0 is
	// no limit.
	Skip int `json:"skip,omitempty"`
	Take int `json:"take,omitempty"`
	// Order is a field, such as "created_at", with "-" in front for descending order.
	Order string `json:"order,omitempty"`
}

// AuthIdentityFilter selects identities: all of its tests must hold, and its zero value
// selects all.
type AuthIdentityFilter struct { //nolint:revive // the contract's name
	ID Condition[string] `json:"id,omitzero"`
	// Links tests the id of the linked actor, by actor type. An identity without such an
	// actor passes no test; the zero condition is any actor.
	Links map[string]Condition[string] `json:"links,omitempty"`
	// AppMetadata tests the values of its own keys. Values are text, numbers and booleans,
	// and null is no value.
	AppMetadata map[string]Condition[any] `json:"app_metadata,omitempty"`
	// ProviderIdentities selects the identities with a provider identity that it selects.
	ProviderIdentities *ProviderIdentityFilter `json:"provider_identities,omitempty"`
	CreatedAt          Condition[time.Time]    `json:"created_at,omitzero"`
	UpdatedAt          Condition[time.Time]    `json:"updated_at,omitzero"`
	LastUsedAt         Condition[time.Time]    `json:"last_used_at,omitzero"`
	// And must all hold, of Or one, if there is any, and Not must not.
	And []AuthIdentityFilter `json:"$and,omitempty"`
	Or  []AuthIdentityFilter `json:"$or,omitempty"`
	Not *AuthIdentityFilter  `json:"$not,omitempty"`
}

// ProviderIdentityFilter selects provider identities: all of its tests must hold, and its
// zero value selects all.
type ProviderIdentityFilter struct {
	ID             Condition[string] `json:"id,omitzero"`
	AuthIdentityID Condition[string] `json:"auth_identity_id,omitzero"`
	Provider       Condition[string] `json:"provider,omitzero"`
	// EntityID is the identifier as it was entered, EntityKey its canonical form: an
	// e-mail address in lower case.
	EntityID     Condition[string]         `json:"entity_id,omitzero"`
	EntityKey    Condition[string]         `json:"entity_key,omitzero"`
	UserMetadata map[string]Condition[any] `json:"user_metadata,omitempty"`
	CreatedAt    Condition[time.Time]      `json:"created_at,omitzero"`
	UpdatedAt    Condition[time.Time]      `json:"updated_at,omitzero"`
	// And must all hold, of Or one, if there is any, and Not must not.
	And []ProviderIdentityFilter `json:"$and,omitempty"`
	Or  []ProviderIdentityFilter `json:"$or,omitempty"`
	Not *ProviderIdentityFilter  `json:"$not,omitempty"`
}

// FactorFilter selects second factors: all of its tests must hold, and its zero value
// selects all.
type FactorFilter struct {
	ID             Condition[string] `json:"id,omitzero"`
	AuthIdentityID Condition[string] `json:"auth_identity_id,omitzero"`
	Provider       Condition[string] `json:"provider,omitzero"`
	// Status is pending, enabled or disabled.
	Status    Condition[everlatch.FactorStatus] `json:"status,omitzero"`
	CreatedAt Condition[time.Time]              `json:"created_at,omitzero"`
	UpdatedAt Condition[time.Time]              `json:"updated_at,omitzero"`
	// And must all hold, of Or one, if there is any, and Not must not.
	And []FactorFilter `json:"$and,omitempty"`
	Or  []FactorFilter `json:"$or,omitempty"`
	Not *FactorFilter  `json:"$not,omitempty"`
}

// VerificationFilter selects verified and requested addresses: all of its tests must
// hold, and its zero value selects all.
type VerificationFilter struct {
	ID             Condition[string] `json:"id,omitzero"`
	AuthIdentityID Condition[string] `json:"auth_identity_id,omitzero"`
	// EntityID is the address as it was written first, EntityKey its canonical form: an
	// e-mail address in lower case.
	EntityID     Condition[string]         `json:"entity_id,omitzero"`
	EntityKey    Condition[string]         `json:"entity_key,omitzero"`
	EntityType   Condition[string]         `json:"entity_type,omitzero"`
	CodeProvider Condition[string]         `json:"code_provider,omitzero"`
	Metadata     map[string]Condition[any] `json:"metadata,omitempty"`
	// VerifiedAt and ExpiresAt of a code; an address that is not verified has no
	// VerifiedAt, and passes no test of it.
	VerifiedAt  Condition[time.Time] `json:"verified_at,omitzero"`
	RequestedAt Condition[time.Time] `json:"requested_at,omitzero"`
	ExpiresAt   Condition[time.Time] `json:"expires_at,omitzero"`
	CreatedAt   Condition[time.Time] `json:"created_at,omitzero"`
	UpdatedAt   Condition[time.Time] `json:"updated_at,omitzero"`
	// And must all hold, of Or one, if there is any, and Not must not.
	And []VerificationFilter `json:"$and,omitempty"`
	Or  []VerificationFilter `json:"$or,omitempty"`
	Not *VerificationFilter  `json:"$not,omitempty"`
}
