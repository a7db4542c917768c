package api

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

// ownAddress refuses an address that is not the identity's and is not about to be
// (docs/weak-spots.md#w61). It returns where the code is mailed to, "" for nowhere, and
// counts that mail.
func (s *Server) ownAddress(c echo.Context, address flows.VerifiedAddress) (recipient string, err error) {
	identity, err := s.deps.Store.Identity(lookups(c), address.AuthIdentityID)
	if err != nil {
		return "", err
	}
	own, err := s.accounts.OwnAddresses(lookups(c), identity)
	if err != nil {
		return "", err
	}
	for actorType, id := range identity.Links {
		more, err := s.addressesOfActor(c, actorType, id)
		if err != nil {
			return "", err
		}
		own = append(own, more...)
	}
	for _, text := range own {
		if store.SameEmail(text, address.EntityID) {
			if address.EntityType == everlatch.EntityEmail {
				recipient = accounts.MailAddress(identity.Providers, address.EntityID)
			}
			return recipient, s.limitMail(c, address.EntityID)
		}
	}
	if address.EntityType != everlatch.EntityEmail {
		return "", errAddressForeign
	}
	if recipient, err = s.comingAddress(c, identity, address.EntityID); err != nil {
		return "", err
	}
	return recipient, s.limitMail(c, address.EntityID)
}

// comingAddress refuses an address that the identity has neither asked to change to nor an
// invite for. It returns where mails to it go. That is nowhere when another account has it,
// which the answer does not tell.
func (s *Server) comingAddress(c echo.Context, identity everlatch.AuthIdentity, email string) (recipient string, err error) {
	if token := c.Request().Header.Get(headerInviteToken); token != "" {
		_, invite, err := s.provenInvite(c, token)
		if err != nil {
			return "", err
		}
		if store.SameEmail(invite.Email, email) {
			return email, nil
		}
	}
	for _, actorType := range []string{everlatch.ActorCustomer, everlatch.ActorUser} {
		id := identity.ActorID(actorType)
		if id == "" {
			continue
		}
		pending, err := s.deps.Flows.PendingEmail(c.Request().Context(), everlatch.ActorRef{ActorType: actorType, ActorID: id})
		if err != nil {
			return "", err
		}
		if pending.AuthIdentityID == identity.ID && store.SameEmail(pending.Email, email) {
			if pending.Taken {
				return "", nil
			}
			return email, nil
		}
	}
	return "", errAddressForeign
}

// addressesOfActor are the addresses in the record of a custom actor.
func (s *Server) addressesOfActor(c echo.Context, actorType, id string) ([]string, error) {
	t, custom := s.actors[actorType]
	if !custom {
		return nil, nil
	}
	record, err := t.Store.Find(lookups(c), id)
	if errors.Is(err, everlatch.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range t.Fields {
		text, _ := record.Data[f.Name].(string)
		if text != "" && (f.Kind == everlatch.FieldEmail || f.Name == "phone" || f.Name == "phone_number") {
			out = append(out, text)
		}
	}
	return out, nil
}
