package api_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
)

// fakeInvites does what [workflows.Invitation] does to the store.
type fakeInvites struct {
	w        *world
	invited  []flows.InviteRequest
	by       []everlatch.ActorRef
	accepted []flows.InviteAcceptance
	// answers are those to acceptances, by what they asked.
	answers map[string]everlatch.User
}

func (f *fakeInvites) issued(i everlatch.Invite, tokenID string) (flows.IssuedInvite, error) {
	raw, err := f.w.tokens.IssueInvite(tokens.Invite{
		ID: i.ID, Email: i.Email, TokenID: tokenID, IssuedAt: f.w.clock.Now(), ExpiresAt: i.ExpiresAt,
	})
	return flows.IssuedInvite{Invite: i, Token: vault.NewSecret([]byte(raw))}, err
}

func (f *fakeInvites) CreateInvite(ctx context.Context, r flows.InviteRequest) (flows.IssuedInvite, error) {
	f.invited = append(f.invited, r)
	if f.w.flows.fail != nil {
		return flows.IssuedInvite{}, f.w.flows.fail
	}
	jti := uuid.NewString()
	created, err := f.w.store.CreateInvite(ctx, everlatch.Invite{
		ID: ids.New(ids.Invite, f.w.clock.Now()), InviteOffer: r.InviteOffer,
		ExpiresAt: f.w.clock.Now().Add(flows.DefaultInviteTTL), WorkflowID: "invitation/1",
	}, jti, everlatch.Event{})
	if err != nil {
		return flows.IssuedInvite{}, err
	}
	return f.issued(created, jti)
}

func (f *fakeInvites) ResendInvite(ctx context.Context, i everlatch.Invite, by everlatch.ActorRef) (flows.IssuedInvite, error) {
	f.by = append(f.by, by)
	if f.w.flows.fail != nil {
		return flows.IssuedInvite{}, f.w.flows.fail
	}
	jti := uuid.NewString()
	resent, err := f.w.store.ResendInvite(ctx, i.ID, jti, f.w.clock.Now().Add(flows.DefaultInviteTTL), everlatch.Event{})
	if err != nil {
		return flows.IssuedInvite{}, err
	}
	return f.issued(resent, jti)
}

func (f *fakeInvites) RevokeInvite(ctx context.Context, i everlatch.Invite) error {
	if f.w.flows.fail != nil {
		return f.w.flows.fail
	}
	return f.w.store.RevokeInvite(ctx, i.ID, everlatch.Event{})
}

func (f *fakeInvites) AcceptInvite(ctx context.Context, a flows.InviteAcceptance) (everlatch.User, error) {
	f.accepted = append(f.accepted, a)
	if f.w.flows.fail != nil {
		return everlatch.User{}, f.w.flows.fail
	}
	request := fmt.Sprint(a.TokenID, a.AuthIdentityID, a.Email, *cmp.Or(a.FirstName, new("")), *cmp.Or(a.LastName, new("")))
	if user, known := f.answers[request]; known {
		return user, nil
	}
	if a.Invite.Accepted {
		return everlatch.User{}, everlatch.ErrNotFound
	}
	email := a.Email
	if email == "" {
		email = a.Invite.Email
	}
	user, err := f.w.store.CreateUser(ctx, everlatch.User{
		ID: ids.New(ids.User, f.w.clock.Now()), Email: email, FirstName: a.FirstName, LastName: a.LastName,
	}, everlatch.Event{}, a.Invite.Roles...)
	if err != nil {
		return user, err
	}
	link := store.Link{IdentityID: a.AuthIdentityID, ActorType: "user", ActorID: user.ID, GroupID: "g"}
	proof := everlatch.InviteProof{InviteID: a.Invite.ID, TokenID: a.TokenID, Email: a.VerifiedEmail}
	f.answers = map[string]everlatch.User{request: user}
	return user, errors.Join(f.w.store.LinkActor(ctx, link), f.w.store.AcceptInvite(ctx, proof, user.ID, everlatch.Event{}))
}
