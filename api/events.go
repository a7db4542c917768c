package api

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// eventTable is an event as administrators see it. Secrets in its data show as
// references to the vault.
var eventTable = render.Table[everlatch.Event]{
	render.Text("id", func(e *everlatch.Event) string { return e.ID }),
	render.Text("name", func(e *everlatch.Event) string { return e.Name }),
	render.Text("source", func(e *everlatch.Event) string { return e.Source }),
	render.Text("group_id", func(e *everlatch.Event) string { return e.GroupID }),
	render.Text("auth_identity_id", func(e *everlatch.Event) string { return e.AuthIdentityID }),
	render.Metadata("data", func(e *everlatch.Event) everlatch.Metadata { return e.Data }),
	render.Time("created_at", func(e *everlatch.Event) time.Time { return e.CreatedAt }),
	render.NullableTime("released_at", func(e *everlatch.Event) *time.Time { return e.ReleasedAt }),
}

var deliveryTable = render.Table[everlatch.Delivery]{
	render.Text("event_id", func(d *everlatch.Delivery) string { return d.EventID }),
	render.Text("event", func(d *everlatch.Delivery) string { return d.Event }),
	render.Text("subscriber", func(d *everlatch.Delivery) string { return d.Subscriber }),
	render.Text("status", func(d *everlatch.Delivery) string { return d.Status }),
	{Name: "generation", Write: func(b []byte, d *everlatch.Delivery) []byte { return wire.AppendInt(b, int(d.Generation)) }},
	render.Text("error", func(d *everlatch.Delivery) string { return d.Error }),
	render.Time("created_at", func(d *everlatch.Delivery) time.Time { return d.CreatedAt }),
	render.Time("updated_at", func(d *everlatch.Delivery) time.Time { return d.UpdatedAt }),
}

var (
	eventShape    = render.ShapeOf(eventTable)
	deliveryShape = render.ShapeOf(deliveryTable)
)

const eventPage = 50

var (
	publishFields = query.Schema{
		{Name: "id", Kind: query.Text},
		{Name: "name", Kind: query.Text, Required: true},
		{Name: "data", Kind: query.Record},
		{Name: "auth_identity_id", Kind: query.Text},
	}
	eventFilters = query.Schema{
		{Name: "name", Kind: query.Text},
		{Name: "auth_identity_id", Kind: query.Text},
		{Name: "source", Kind: query.Text},
	}
	deliveryFilters = query.Schema{
		{Name: "event_id", Kind: query.Text},
		{Name: "event", Kind: query.Text},
		{Name: "auth_identity_id", Kind: query.Text},
		{Name: "subscriber", Kind: query.Text},
		{Name: "status", Kind: query.Choice, Choices: []string{
			everlatch.DeliveryWaiting, everlatch.DeliveryStarted, everlatch.DeliveryDelivered, everlatch.DeliveryDead,
		}},
	}
	againFields = query.Schema{{Name: "subscriber", Kind: query.Text}}
)

var (
	eventNameForm = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)
	eventIDForm   = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)
)

// publishEvent accepts an event from another system. It needs a secret API key,
// which names the source. The same id again changes nothing and returns the
// first event; with other content it is 422.
func (s *Server) publishEvent(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if claims.ActorType != everlatch.ActorAPIKey {
		return errPublisher
	}
	in, err := publishFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	e := everlatch.Event{Name: *in.Text("name"), Source: claims.ActorID, Data: in.Record("data")}
	if e.Data == nil {
		e.Data = everlatch.Metadata{}
	}
	if identity := in.Text("auth_identity_id"); identity != nil {
		e.AuthIdentityID = *identity
	}
	if !eventNameForm.MatchString(e.Name) {
		return errEventName
	}
	if e.ID, err = outsideID(in.Text("id"), s); err != nil {
		return err
	}
	stored, fresh, err := s.deps.Store.PublishEvent(lookups(c), e)
	if err != nil {
		return err
	}
	if !fresh && !sameEvent(stored, e) {
		return errEventTaken(e.ID)
	}
	return s.writeEvent(c, stored)
}

// outsideID keeps the ids of other systems apart from our own.
func outsideID(given *string, s *Server) (string, error) {
	if given == nil {
		return ids.New(ids.Event, s.deps.Now()), nil
	}
	if !eventIDForm.MatchString(*given) || strings.HasPrefix(*given, ids.Event) {
		return "", errEventID
	}
	return *given, nil
}

func sameEvent(a, b everlatch.Event) bool {
	dataA, errA := json.Marshal(a.Data)
	dataB, errB := json.Marshal(b.Data)
	return errA == nil && errB == nil && string(dataA) == string(dataB) &&
		a.Name == b.Name && a.Source == b.Source && a.AuthIdentityID == b.AuthIdentityID
}

func (s *Server) listEvents(c echo.Context) error {
	p, err := s.listed(c, eventShape, eventFilters, eventPage)
	if err != nil {
		return err
	}
	events, count, err := s.deps.Store.Events(lookups(c), store.EventFilter{
		Name: p.Filters.Plain("name"), AuthIdentityID: p.Filters.Plain("auth_identity_id"), Source: p.Filters.Plain("source"),
	}, p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "events", eventTable, p, events, count)
}

// readEvent shows an event with its deliveries.
func (s *Server) readEvent(c echo.Context) error {
	e, err := s.deps.Store.Event(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	return s.writeEvent(c, e)
}

func (s *Server) writeEvent(c echo.Context, e everlatch.Event) error {
	deliveries, _, err := s.deps.Store.Deliveries(lookups(c), store.DeliveryFilter{EventID: e.ID}, store.Page{})
	if err != nil {
		return err
	}
	b := eventTable.Append([]byte(`{"event":`), &e, eventShape.Defaults())
	b = deliveryTable.AppendAll(append(b, `,"deliveries":`...), deliveries, deliveryShape.Defaults())
	return writeJSON(c, append(b, '}'))
}

func (s *Server) listDeliveries(c echo.Context) error {
	p, err := s.listed(c, deliveryShape, deliveryFilters, eventPage)
	if err != nil {
		return err
	}
	deliveries, count, err := s.deps.Store.Deliveries(lookups(c), store.DeliveryFilter{
		EventID: p.Filters.Plain("event_id"), Event: p.Filters.Plain("event"),
		Subscriber: p.Filters.Plain("subscriber"), Status: p.Filters.Plain("status"), AuthIdentityID: p.Filters.Plain("auth_identity_id"),
	}, p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "deliveries", deliveryTable, p, deliveries, count)
}

// releaseEvent retries the dead letters of an event.
func (s *Server) releaseEvent(c echo.Context) error {
	return s.tellAgain(c, func(id, subscriber string) error {
		_, err := s.deps.Store.ReleaseDead(lookups(c), id, subscriber)
		return err
	})
}

// replayEvent delivers an event to all its subscribers again.
func (s *Server) replayEvent(c echo.Context) error {
	return s.tellAgain(c, func(id, subscriber string) error {
		return s.deps.Store.ReplayEvent(lookups(c), id, subscriber)
	})
}

func (s *Server) tellAgain(c echo.Context, do func(id, subscriber string) error) error {
	in, err := againFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	e, err := s.deps.Store.Event(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	subscriber := ""
	if given := in.Text("subscriber"); given != nil {
		subscriber = *given
	}
	if err := do(e.ID, subscriber); err != nil {
		return err
	}
	return s.writeEvent(c, e)
}
