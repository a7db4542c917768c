package everlatch

import "time"

// Event is something that became true. It is recorded in the transaction that
// makes it true, belongs to the dance that did it (GroupID), and is released
// to subscribers only when that whole dance has succeeded (contract section 7).
type Event struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// GroupID is the workflow id of the dance.
	GroupID string `json:"group_id"`
	// AuthIdentityID orders events of one identity; "" where there is none.
	AuthIdentityID string     `json:"auth_identity_id,omitempty"`
	Data           Metadata   `json:"data"`
	CreatedAt      time.Time  `json:"created_at"`
	ReleasedAt     *time.Time `json:"released_at,omitempty"`
}

// Event names: the contract's where it has one, new ones in the same form.
const (
	EventCustomerCreated    = "customer.created"
	EventCustomerUpdated    = "customer.updated"
	EventCustomerDeleted    = "customer.deleted"
	EventUserCreated        = "user.created"
	EventUserUpdated        = "user.updated"
	EventUserDeleted        = "user.deleted"
	EventIdentityRegistered = "auth.identity_registered"
	EventIdentityDeleted    = "auth.identity_deleted"
	// EventOrphanRemoved is an identity that never got an actor (W4).
	EventOrphanRemoved = "auth.orphan_removed"
	EventActorLinked   = "auth.actor_linked"
	EventActorUnlinked = "auth.actor_unlinked"
)
