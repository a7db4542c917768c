package api_test

import (
	"context"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// fakeEmails does what [workflows.EmailChange] does to the store, for tokens with
// the id "good". The logins change by those that an administrator's change moves.
type fakeEmails struct {
	w         *world
	requested []flows.EmailRequest
	confirmed []everlatch.ActorRef
	undone    []everlatch.ActorRef
	to, from  string // of the last change
	pendings  int    // how often it was asked what is pending
}

func (f *fakeEmails) RequestEmailChange(_ context.Context, r flows.EmailRequest) error {
	f.requested = append(f.requested, r)
	return f.w.flows.fail
}

// PendingEmail is the latest that was asked for. Addresses of the store are taken.
func (f *fakeEmails) PendingEmail(ctx context.Context, actor everlatch.ActorRef) (out workflows.PendingEmail, err error) {
	f.pendings++
	for _, r := range f.requested {
		if r.Actor == actor {
			out = workflows.PendingEmail{AuthIdentityID: r.AuthIdentityID, Email: r.Email}
		}
	}
	if out.Email != "" {
		_, err := f.w.store.FindCredential(ctx, "emailpass", out.Email)
		out.Taken = err == nil
	}
	return out, f.w.flows.fail
}

func (f *fakeEmails) ConfirmEmailChange(ctx context.Context, actor everlatch.ActorRef, tokenID string) (string, error) {
	f.confirmed = append(f.confirmed, actor)
	return f.change(ctx, actor, tokenID, f.from, f.to, "")
}

func (f *fakeEmails) UndoEmailChange(ctx context.Context, actor everlatch.ActorRef, tokenID string) (string, error) {
	f.undone = append(f.undone, actor)
	return f.change(ctx, actor, tokenID, f.to, f.from, "email_change_undone")
}

func (f *fakeEmails) change(ctx context.Context, actor everlatch.ActorRef, tokenID, from, to, reason string) (string, error) {
	if f.w.flows.fail != nil {
		return "", f.w.flows.fail
	}
	if tokenID != "good" {
		return "", &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Invalid token"}
	}
	return to, f.w.store.ChangeEmail(ctx, store.EmailChange{
		ActorType: actor.ActorType, ActorID: actor.ActorID, From: from, To: to, EndSessions: reason,
		Events: []everlatch.Event{{ID: "evt_" + to, Name: everlatch.EventEmailChanged}},
	})
}
