package activities

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

// ControlInput is what an administrator does to an identity.
type ControlInput struct {
	IdentityID string `json:"identity_id"`
	// By is the administrator, and Reason what they gave.
	By      everlatch.ActorRef `json:"by"`
	Reason  string             `json:"reason,omitempty"`
	EventID string             `json:"event_id"`
	GroupID string             `json:"group_id"`
}

// event tells of what was done; as is the name of the field that says who did it.
func (in ControlInput) event(name, as string) everlatch.Event {
	event := everlatch.Event{ID: in.EventID, Name: name, GroupID: in.GroupID, AuthIdentityID: in.IdentityID}
	return accounts.ControlEvent(event, as, in.By, in.Reason)
}

// DisableIdentity refuses every way in to an identity, and ends what was issued for it.
// One that is disabled already stays so, without an event.
func (a *Identities) DisableIdentity(ctx context.Context, in ControlInput) (out Verdict, err error) {
	_, err = a.Store.DisableIdentity(ctx, in.IdentityID, in.event(everlatch.EventIdentityDisabled, "disabled_by"))
	return verdict(err)
}

// EnableIdentity lets the user of a disabled identity sign in again.
func (a *Identities) EnableIdentity(ctx context.Context, in ControlInput) (out Verdict, err error) {
	_, err = a.Store.EnableIdentity(ctx, in.IdentityID, in.event(everlatch.EventIdentityEnabled, "enabled_by"))
	return verdict(err)
}

// EndSessions ends all tokens and sessions of an identity.
func (a *Identities) EndSessions(ctx context.Context, in ControlInput) (out Verdict, err error) {
	return verdict(a.Store.EndSessions(ctx, in.IdentityID, in.event(everlatch.EventSessionsEnded, "ended_by")))
}

// EndSessionInput is the argument of [Identities.EndSession].
type EndSessionInput struct {
	ControlInput

	SignIn NoticedSignIn `json:"sign_in"`
	// Until is when the last of its tokens expires at the latest.
	Until time.Time `json:"until"`
}

// EndSession ends one sign-in of an identity. One that has ended already is no fault.
func (a *Identities) EndSession(ctx context.Context, in EndSessionInput) (out Verdict, err error) {
	_, err = a.Store.EndSignInOf(ctx, store.SignInEnd{
		SignInID: in.SignIn.ID, AuthIdentityID: in.IdentityID, ActorType: in.SignIn.ActorType, ActorID: in.SignIn.ActorID,
		Until: in.Until, Reason: store.EndedByAdmin, EventID: in.EventID, GroupID: in.GroupID, By: in.By, Note: in.Reason,
	})
	return verdict(err)
}

// DeleteUnlinked deletes an identity that has no actor.
func (a *Identities) DeleteUnlinked(ctx context.Context, in ControlInput) (out Verdict, err error) {
	event := in.event(everlatch.EventIdentityDeleted, "deleted_by")
	event.Data["id"] = in.IdentityID
	delete(event.Data, "auth_identity_id")
	return verdict(a.Store.DeleteUnlinkedIdentity(ctx, in.IdentityID, event))
}

func verdict(err error) (out Verdict, fault error) {
	if err != nil {
		out.Refusal, err = refusal(err)
	}
	return out, err
}
