package everlatch

import (
	"context"
	"time"
)

// Erasure describes a removed account to an [Eraser].
type Erasure struct {
	// ActorType is [ActorCustomer] or [ActorUser].
	ActorType string `json:"actor_type"`
	ActorID   string `json:"actor_id"`
	// Email is the account's address, "" if it had none.
	Email string `json:"email,omitempty"`
	// AuthIdentityIDs are the identities that could sign in to it. Those that
	// also have another actor still exist.
	AuthIdentityIDs []string `json:"auth_identity_ids,omitempty"`
	// RemovedAt is when the account was removed.
	RemovedAt time.Time `json:"removed_at"`
}

// Eraser removes what another system stores about the user of a removed account.
// It confirms with nil that nothing is left there; after an error it is called
// again, at growing intervals, until it confirms. So it must be safe to call twice,
// even after a success that was never recorded, and a user whom the other system
// doesn't know is no error.
//
// Its error becomes part of a workflow history and must not contain secrets.
type Eraser func(ctx context.Context, e Erasure) error
