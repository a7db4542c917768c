package activities

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// Identities links, unlinks and removes identities.
type Identities struct {
	Store *store.Store
	// Types are the custom actor types, by name.
	Types map[string]everlatch.ActorType
	Now   func() time.Time
	// Hooks are those of the program. Removals, which schedules and events start too,
	// read them here.
	Hooks HookSet
}

// LinkInput names a link between an identity and an actor.
type LinkInput struct {
	IdentityID string `json:"identity_id"`
	ActorType  string `json:"actor_type"`
	ActorID    string `json:"actor_id"`
	GroupID    string `json:"group_id"`
}

// LinkActor links an actor to an identity. It is refused when the identity is
// gone, disabled, or has another actor of that type.
func (a *Identities) LinkActor(ctx context.Context, in LinkInput) (out Verdict, err error) {
	if _, err = enabled(ctx, a.Store, in.IdentityID); err != nil {
		return verdict(err)
	}
	if err = a.Store.LinkActor(ctx, store.Link(in)); err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}

// DiscardLink undoes [Identities.LinkActor]: it removes exactly this link.
func (a *Identities) DiscardLink(ctx context.Context, in LinkInput) (None, error) {
	in.GroupID = "" // what never was makes no event
	return None{}, a.Store.UnlinkActor(ctx, store.Link(in))
}

// RestoreLink undoes [Identities.UnlinkActor].
func (a *Identities) RestoreLink(ctx context.Context, in LinkInput) (None, error) {
	in.GroupID = ""
	return None{}, a.Store.LinkActor(ctx, store.Link(in))
}

// UnlinkActor removes exactly this link, and ends what was issued for it
// (docs/weak-spots.md#w1, #w2, #w14). A link that is not there is no fault.
func (a *Identities) UnlinkActor(ctx context.Context, in LinkInput) (None, error) {
	return None{}, a.Store.UnlinkActor(ctx, store.Link(in))
}

// LinkedIdentity is an identity of an actor. Shared says that it also serves
// an actor of another type.
type LinkedIdentity struct {
	ID     string `json:"id"`
	Shared bool   `json:"shared"`
}

// FindIdentitiesOutput lists every identity of the actor (docs/weak-spots.md#w9).
type FindIdentitiesOutput struct {
	Identities []LinkedIdentity `json:"identities"`
	// Hooks are those of the removal of an account.
	Hooks HookSet `json:"hooks,omitempty"`
}

// FindIdentities lists the identities of an actor; none is no fault (docs/weak-spots.md#w10).
func (a *Identities) FindIdentities(
	ctx context.Context, in everlatch.ActorRef,
) (out FindIdentitiesOutput, err error) {
	out.Hooks = a.Hooks.At(everlatch.HookBeforeAccountRemoved, everlatch.HookAfterAccountRemoved)
	found, err := a.Store.IdentitiesOf(ctx, in.ActorType, in.ActorID)
	for _, i := range found {
		out.Identities = append(out.Identities, LinkedIdentity{ID: i.ID, Shared: len(i.Links) > 1})
	}
	return out, err
}

// FindLinkInput names the link of an identity to an actor type.
type FindLinkInput struct {
	IdentityID string `json:"identity_id"`
	ActorType  string `json:"actor_type"`
}

// FindLinkOutput holds the linked actor, "" for none, or a refusal when the
// identity does not exist.
type FindLinkOutput struct {
	Verdict

	ActorID string `json:"actor_id"`
}

// FindLink returns the actor of a type that an identity is linked to.
func (a *Identities) FindLink(ctx context.Context, in FindLinkInput) (out FindLinkOutput, err error) {
	identity, err := a.Store.Identity(ctx, in.IdentityID)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	out.ActorID = identity.ActorID(in.ActorType)
	return out, nil
}

// IdentityInput names an identity within a flow.
type IdentityInput struct {
	IdentityID string `json:"identity_id"`
	GroupID    string `json:"group_id"`
}

// RemoveIdentity hides an identity and ends its sessions and tokens. Nothing
// of it is lost, so that [Identities.RestoreIdentity] brings all back (docs/weak-spots.md#w11).
func (a *Identities) RemoveIdentity(ctx context.Context, in IdentityInput) (None, error) {
	return None{}, a.Store.RemoveIdentity(ctx, in.IdentityID, in.GroupID)
}

// RestoreIdentity undoes [Identities.RemoveIdentity] of this flow; what an
// earlier one removed stays removed.
func (a *Identities) RestoreIdentity(ctx context.Context, in IdentityInput) (None, error) {
	return None{}, a.Store.RestoreIdentity(ctx, in.IdentityID, in.GroupID)
}

// PurgeIdentity deletes a removed identity for good, with all that hangs on it.
func (a *Identities) PurgeIdentity(ctx context.Context, in IdentityInput) (None, error) {
	return None{}, a.Store.PurgeIdentity(ctx, in.IdentityID, in.GroupID)
}
