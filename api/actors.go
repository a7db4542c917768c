package api

import (
	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/wire"
)

// createActor gives the signed-in identity an actor, as createCustomer gives it
// a customer.
func (s *Server) createActor(t *actorType, c echo.Context) error {
	body := wire.Of(c).Body
	if !t.has(hookField) {
		var err error
		if body.Object, err = withoutHookData(body.Object); err != nil {
			return err
		}
	}
	if _, err := t.create.CheckBody(body); err != nil {
		return err
	}
	sel, err := s.selected(c, t.shape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if claims.ActorID != "" {
		return errHasActor(t.Name)
	}
	data, err := t.parse(lookups(c), body.Object)
	if err != nil {
		return err
	}
	if err := s.requireVerified(c, claims.Principal()); err != nil {
		return err
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	record, err := s.deps.Flows.CreateActorAccount(c.Request().Context(), flows.ActorAccountRequest{
		AuthIdentityID: claims.AuthIdentityID, Type: t.ActorType, Data: data, IdempotencyKey: key,
	})
	if err != nil {
		return err
	}
	return writeWrapped(c, t.Name, t.table, &record, sel)
}

func (s *Server) readOwnActor(t *actorType, c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	return s.writeActor(t, c, claims.ActorID)
}

func (s *Server) readActor(t *actorType, c echo.Context) error {
	return s.writeActor(t, c, c.Param("id"))
}

func (s *Server) writeActor(t *actorType, c echo.Context, id string) error {
	sel, err := s.selected(c, t.shape)
	if err != nil {
		return err
	}
	record, err := t.Store.Find(lookups(c), id)
	if err != nil {
		return err
	}
	return writeWrapped(c, t.Name, t.table, &record, sel)
}

func (s *Server) updateOwnActor(t *actorType, c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	return s.changeActor(t, c, t.change, claims.ActorID)
}

func (s *Server) updateActor(t *actorType, c echo.Context) error {
	return s.changeActor(t, c, t.administer, c.Param("id"))
}

// changeActor runs a flow, because the record may be in a custom store.
func (s *Server) changeActor(t *actorType, c echo.Context, form *query.Form, id string) error {
	change, err := form.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	sel, err := s.selected(c, t.shape)
	if err != nil {
		return err
	}
	record, err := s.deps.Flows.UpdateActor(c.Request().Context(), t.Name, id, change)
	if err != nil {
		return err
	}
	return writeWrapped(c, t.Name, t.table, &record, sel)
}

func (s *Server) removeOwnActor(t *actorType, c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	return s.endActor(t, c, claims.ActorID)
}

// removeActor counts an unknown actor as removed, as for customers and users.
func (s *Server) removeActor(t *actorType, c echo.Context) error {
	if err := s.demandOver(c, t.Name, c.Param("id")); err != nil {
		return err
	}
	return s.endActor(t, c, c.Param("id"))
}

func (s *Server) endActor(t *actorType, c echo.Context, id string) error {
	if err := s.deps.Flows.RemoveActorAccount(c.Request().Context(), t.Name, id); err != nil {
		return err
	}
	return writeDeleted(c, t.Name, id)
}

const actorPage = 50

func (s *Server) listActors(t *actorType, c echo.Context) error {
	p, err := s.listed(c, t.shape, t.filters, actorPage)
	if err != nil {
		return err
	}
	q, err := query.Actors(t.ActorType, p)
	if err != nil {
		return err
	}
	var records []everlatch.ActorRecord
	records, count, err := t.Store.List(lookups(c), q)
	if err != nil {
		return err
	}
	return writeList(c, t.Plural, t.table, p, records, count)
}
