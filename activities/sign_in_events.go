package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// signInAttempt is what the event of a sign-in, or of a refused one, tells.
type signInAttempt struct {
	// eventID is the same for each attempt of the step, so that it records one event.
	// Without one it is made of the run, which then signs in once.
	eventID             string
	actorType, provider string
	// identityID and actorID are "" for unknown users.
	identityID, actorID string
	// direct says why there was no workflow, "" where there was one.
	direct string
}

// record records a sign-in where that is wanted, for unknown users too: it must not be
// told from the time of an answer who is known (docs/weak-spots.md#w19). What a caller
// typed is not kept, for it may be a password in the wrong field.
func (s signInAttempt) record(ctx context.Context, to *store.Store, wanted bool, name string) error {
	if !wanted {
		return nil
	}
	data := everlatch.Metadata{"actor_type": s.actorType, "provider": s.provider}
	if s.identityID != "" {
		data["auth_identity_id"], data["actor_id"] = s.identityID, s.actorID
	}
	if s.direct != "" {
		data["direct"] = s.direct
	}
	id := s.eventID
	if id == "" {
		id = ids.Event + activity.GetInfo(ctx).WorkflowExecution.RunID
	}
	return to.RecordEvent(ctx, everlatch.Event{ID: id, Name: name, AuthIdentityID: s.identityID, Data: data})
}
