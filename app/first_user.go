package app

import (
	"context"
	"errors"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
)

// InviteFirstUser returns an invite that makes the first administrator of the
// installation, a super admin where roles are in use. ok is false when there is an
// administrator already. Every call gives the invite a new token and so voids those that
// earlier calls returned. by is the actor that is noted as the one who invites.
func (a *App) InviteFirstUser(ctx context.Context, by everlatch.ActorRef) (invite flows.IssuedInvite, ok bool, err error) {
	_, users, err := a.store.Users(ctx, store.UserFilter{Page: store.Page{Limit: 1}})
	if err != nil {
		return invite, false, err
	}
	pending, err := a.store.FirstUserInvite(ctx)
	known := err == nil
	if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
		return invite, false, err
	}
	switch {
	case users > 0 && known:
		return invite, false, a.flows.RevokeInvite(ctx, pending)
	case users > 0:
		return invite, false, nil
	case known:
		invite, err = a.flows.ResendInvite(ctx, pending, by)
		return invite, err == nil, err
	}
	offer := everlatch.InviteOffer{Email: everlatch.FirstUserEmail, ForFirstUser: true}
	if a.cfg.RBAC.Enabled {
		offer.Roles = []string{everlatch.RoleSuperAdmin}
	}
	invite, err = a.flows.CreateInvite(ctx, flows.InviteRequest{InviteOffer: offer, By: by})
	return invite, err == nil, err
}
