package activities

import (
	"context"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// Events settles what a flow has recorded about itself.
type Events struct{ Store *store.Store }

// GroupInput names a flow by its workflow id.
type GroupInput struct {
	GroupID string `json:"group_id"`
}

// ReleaseEvents hands the events of a flow to subscribers. It is the last step
// of every flow that succeeds (docs/contract.md#s6).
func (a *Events) ReleaseEvents(ctx context.Context, in GroupInput) (None, error) {
	return None{}, a.Store.ReleaseEvents(ctx, in.GroupID)
}

// DropEvents forgets the events of a flow that was undone.
func (a *Events) DropEvents(ctx context.Context, in GroupInput) (None, error) {
	return None{}, a.Store.DropEvents(ctx, in.GroupID)
}

// RecordEvent records an event of a flow, which waits until the flow has
// succeeded. The id makes it one event however often the step runs.
func (a *Events) RecordEvent(ctx context.Context, in everlatch.Event) (None, error) {
	return None{}, a.Store.RecordPending(ctx, in)
}
