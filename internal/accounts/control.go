package accounts

import (
	"maps"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
)

// ControlEvent completes the event of what an administrator did to an identity. as is the
// name of the field that says who did it, such as "disabled_by".
func ControlEvent(e everlatch.Event, as string, by everlatch.ActorRef, reason string) everlatch.Event {
	e.Data = everlatch.Metadata{
		"auth_identity_id": e.AuthIdentityID, "reason": reason,
		as: everlatch.Metadata{"actor_type": by.ActorType, "actor_id": by.ActorID},
	}
	return e
}

// ToldOf returns the actor type of the account whose owner is told by mail what an
// administrator did to an identity, "" for an identity without an account.
func ToldOf(identity everlatch.AuthIdentity) string {
	if len(identity.Links) == 0 {
		return ""
	}
	return slices.Max(slices.Collect(maps.Keys(identity.Links)))
}

// NewEventID returns the id of an event that happens now.
func NewEventID(now time.Time) string { return ids.New(ids.Event, now) }
