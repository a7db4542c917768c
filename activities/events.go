package activities

import (
	"context"

	"github.com/everlatch/everlatch/store"
)

// Events settles what a dance has recorded about itself.
type Events struct{ Store *store.Store }

// GroupInput names a dance by its workflow id.
type GroupInput struct {
	GroupID string `json:"group_id"`
}

// ReleaseEvents hands the events of a dance to subscribers. It is the last step
// of every dance that succeeds (contract section 6).
func (a *Events) ReleaseEvents(ctx context.Context, in GroupInput) (None, error) {
	return None{}, a.Store.ReleaseEvents(ctx, in.GroupID)
}

// DropEvents forgets the events of a dance that was undone.
func (a *Events) DropEvents(ctx context.Context, in GroupInput) (None, error) {
	return None{}, a.Store.DropEvents(ctx, in.GroupID)
}
