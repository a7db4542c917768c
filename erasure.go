package everlatch

import (
	"context"
	"time"
)

// Erasure is an account that is gone, as those are told who keep something about
// the person elsewhere.
type Erasure struct {
	// ActorType is [ActorCustomer] or [ActorUser].
	ActorType string `json:"actor_type"`
	ActorID   string `json:"actor_id"`
	// Email is the account's, "" where it had none.
	Email string `json:"email,omitempty"`
	// AuthIdentityIDs are the identities that could sign in to it. Those that
	// serve another actor too are still there.
	AuthIdentityIDs []string `json:"auth_identity_ids,omitempty"`
	// RemovedAt is when the account ended.
	RemovedAt time.Time `json:"removed_at"`
}

// Eraser removes what another system keeps about a person. It confirms with nil
// that nothing is left there; any error has it called again, later and later,
// until it confirms. So it must be safe to call twice, also after it succeeded
// unheard, and a person whom the other system does not know is no error.
//
// Its error becomes part of a history: it shall hold no secret.
type Eraser func(ctx context.Context, e Erasure) error
