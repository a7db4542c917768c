package api

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// eventTable is an event as administrators see it. Secrets in its data show as
// references to the vault.
var eventTable = table[everlatch.Event]{
	textColumn("id", func(e *everlatch.Event) string { return e.ID }),
	textColumn("name", func(e *everlatch.Event) string { return e.Name }),
	textColumn("source", func(e *everlatch.Event) string { return e.Source }),
	textColumn("group_id", func(e *everlatch.Event) string { return e.GroupID }),
	textColumn("auth_identity_id", func(e *everlatch.Event) string { return e.AuthIdentityID }),
	metadataColumn("data", func(e *everlatch.Event) everlatch.Metadata { return e.Data }),
	timeColumn("created_at", func(e *everlatch.Event) time.Time { return e.CreatedAt }),
	nullableTimeColumn("released_at", func(e *everlatch.Event) *time.Time { return e.ReleasedAt }),
}

var deliveryTable = table[everlatch.Delivery]{
	textColumn("event_id", func(d *everlatch.Delivery) string { return d.EventID }),
	textColumn("event", func(d *everlatch.Delivery) string { return d.Event }),
	textColumn("subscriber", func(d *everlatch.Delivery) string { return d.Subscriber }),
	textColumn("status", func(d *everlatch.Delivery) string { return d.Status }),
	{name: "generation", write: func(b []byte, d *everlatch.Delivery) []byte { return appendInt(b, int(d.Generation)) }},
	textColumn("error", func(d *everlatch.Delivery) string { return d.Error }),
	timeColumn("created_at", func(d *everlatch.Delivery) time.Time { return d.CreatedAt }),
	timeColumn("updated_at", func(d *everlatch.Delivery) time.Time { return d.UpdatedAt }),
}

var (
	eventShape    = shapeOf(eventTable)
	deliveryShape = shapeOf(deliveryTable)
)

const eventPage = 50

var (
	publishFields = schema{
		{name: "id", kind: kindText},
		{name: "name", kind: kindText, required: true},
		{name: "data", kind: kindRecord},
		{name: "auth_identity_id", kind: kindText},
	}
	eventFilters = schema{
		{name: "name", kind: kindText},
		{name: "auth_identity_id", kind: kindText},
		{name: "source", kind: kindText},
	}
	deliveryFilters = schema{
		{name: "event_id", kind: kindText},
		{name: "event", kind: kindText},
		{name: "subscriber", kind: kindText},
		{name: "status", kind: kindChoice, choices: []string{
			everlatch.DeliveryWaiting, everlatch.DeliveryStarted, everlatch.DeliveryDelivered, everlatch.DeliveryDead,
		}},
	}
	againFields = schema{{name: "subscriber", kind: kindText}}
)

var (
	eventNameForm = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)
	eventIDForm   = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)
)

// publishEvent takes an event from outside. Only a secret API key may: it says
// who speaks. The same id again changes nothing and gets the first event back;
// with other content it is 422.
func (s *Server) publishEvent(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if claims.ActorType != everlatch.ActorAPIKey {
		return &everlatch.Error{Code: everlatch.CodeForbidden, Message: "Events are published with a secret API key."}
	}
	in, err := publishFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	e := everlatch.Event{Name: *in.text("name"), Source: claims.ActorID, Data: in.record("data")}
	if e.Data == nil {
		e.Data = everlatch.Metadata{}
	}
	if identity := in.text("auth_identity_id"); identity != nil {
		e.AuthIdentityID = *identity
	}
	if !eventNameForm.MatchString(e.Name) {
		return invalidData("Event names consist of lower case words, digits, _ and -, joined by dots.")
	}
	if e.ID, err = outsideID(in.text("id"), s); err != nil {
		return err
	}
	stored, fresh, err := s.deps.Store.PublishEvent(lookups(c), e)
	if err != nil {
		return err
	}
	if !fresh && !sameEvent(stored, e) {
		return &everlatch.Error{
			Code: everlatch.CodeDuplicate, Message: "Another event with the id " + e.ID + " was published before.",
		}
	}
	return s.writeEvent(c, stored)
}

// outsideID keeps the ids of others apart from our own.
func outsideID(given *string, s *Server) (string, error) {
	if given == nil {
		return ids.New(ids.Event, s.deps.Now()), nil
	}
	if !eventIDForm.MatchString(*given) || strings.HasPrefix(*given, ids.Event) {
		return "", invalidData("Event ids are 1 to 128 letters, digits and . _ : -, and do not begin with " + ids.Event + ".")
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
		Name: p.filters.plain("name"), AuthIdentityID: p.filters.plain("auth_identity_id"), Source: p.filters.plain("source"),
	}, p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "events", eventTable, p, events, count)
}

// readEvent shows an event with everybody who was told, or is to be.
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
	b := eventTable.append([]byte(`{"event":`), &e, eventShape.defaults)
	b = append(b, `,"deliveries":[`...)
	for i := range deliveries {
		if i > 0 {
			b = append(b, ',')
		}
		b = deliveryTable.append(b, &deliveries[i], deliveryShape.defaults)
	}
	return writeJSON(c, append(b, `]}`...))
}

func (s *Server) listDeliveries(c echo.Context) error {
	p, err := s.listed(c, deliveryShape, deliveryFilters, eventPage)
	if err != nil {
		return err
	}
	deliveries, count, err := s.deps.Store.Deliveries(lookups(c), store.DeliveryFilter{
		EventID: p.filters.plain("event_id"), Event: p.filters.plain("event"),
		Subscriber: p.filters.plain("subscriber"), Status: p.filters.plain("status"),
	}, p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "deliveries", deliveryTable, p, deliveries, count)
}

// releaseEvent lets the dead letters of an event be tried again.
func (s *Server) releaseEvent(c echo.Context) error {
	return s.tellAgain(c, func(id, subscriber string) error {
		_, err := s.deps.Store.ReleaseDead(lookups(c), id, subscriber)
		return err
	})
}

// replayEvent tells everybody about an event once more.
func (s *Server) replayEvent(c echo.Context) error {
	return s.tellAgain(c, func(id, subscriber string) error {
		return s.deps.Store.ReplayEvent(lookups(c), id, subscriber)
	})
}

func (s *Server) tellAgain(c echo.Context, do func(id, subscriber string) error) error {
	in, err := againFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	e, err := s.deps.Store.Event(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	subscriber := ""
	if given := in.text("subscriber"); given != nil {
		subscriber = *given
	}
	if err := do(e.ID, subscriber); err != nil {
		return err
	}
	return s.writeEvent(c, e)
}
