package api_test

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// fakeSignIns does what [workflows.SignInNotice] does to the store, for tokens with the
// id "good".
type fakeSignIns struct {
	w       *world
	noticed []flows.NewDevice
	fail    error
}

func (f *fakeSignIns) NoticeSignIn(_ context.Context, d flows.NewDevice) error {
	f.noticed = append(f.noticed, d)
	return f.fail
}

func (f *fakeSignIns) DisownSignIn(ctx context.Context, signInID, tokenID string) error {
	if tokenID != "good" {
		return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid}
	}
	signIn, err := f.w.store.SignIn(ctx, signInID)
	if err != nil {
		return err
	}
	_, err = f.w.store.EndSignInOf(ctx, store.SignInEnd{
		SignInID: signIn.ID, AuthIdentityID: signIn.AuthIdentityID, Until: f.w.clock.Now().Add(1000), Reason: store.EndedByMail,
	})
	return err
}

// fakeControl does what the flows of administrators about identities do to the store.
type fakeControl struct {
	w    *world
	seen []flows.ControlRequest
}

func (f *fakeControl) do(r flows.ControlRequest, step func(activities.Identities, activities.ControlInput) (activities.Verdict, error)) error {
	f.seen = append(f.seen, r)
	out, err := step(activities.Identities{Store: f.w.store, Now: f.w.clock.Now}, activities.ControlInput{
		IdentityID: r.AuthIdentityID, By: r.By, Reason: r.Reason, EventID: ids.New(ids.Event, f.w.clock.Now()),
	})
	if err == nil && out.Refusal != nil {
		err = out.Refusal.Err()
	}
	return err
}

func (f *fakeControl) DisableIdentity(ctx context.Context, r flows.ControlRequest) error {
	return f.do(r, func(a activities.Identities, in activities.ControlInput) (activities.Verdict, error) {
		return a.DisableIdentity(ctx, in)
	})
}

func (f *fakeControl) EnableIdentity(ctx context.Context, r flows.ControlRequest) error {
	return f.do(r, func(a activities.Identities, in activities.ControlInput) (activities.Verdict, error) {
		return a.EnableIdentity(ctx, in)
	})
}

func (f *fakeControl) EndIdentitySessions(ctx context.Context, r flows.ControlRequest) error {
	return f.do(r, func(a activities.Identities, in activities.ControlInput) (activities.Verdict, error) {
		return a.EndSessions(ctx, in)
	})
}

func (f *fakeControl) DeleteUnlinkedIdentity(ctx context.Context, r flows.ControlRequest) error {
	return f.do(r, func(a activities.Identities, in activities.ControlInput) (activities.Verdict, error) {
		return a.DeleteUnlinked(ctx, in)
	})
}

func (f *fakeControl) EndIdentitySession(ctx context.Context, r flows.ControlRequest, signIn everlatch.SignIn, until time.Time) error {
	return f.do(r, func(a activities.Identities, in activities.ControlInput) (activities.Verdict, error) {
		return a.EndSession(ctx, activities.EndSessionInput{ControlInput: in, Until: until, SignIn: activities.NoticedSignIn{
			ID: signIn.ID, AuthIdentityID: signIn.AuthIdentityID, ActorType: signIn.ActorType, ActorID: signIn.ActorID,
		}})
	})
}
