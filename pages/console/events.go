package console

import (
	"net/http"
	"net/url"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) eventRoutes() map[string]pages.Handler {
	const one = "/console/events/{id}"
	read, update := []string{"event:read"}, []string{"event:read", "event:update"}
	return map[string]pages.Handler{
		"GET /console/events":      c.page(read, c.listEvents),
		"GET " + one:               c.page(read, c.showEvent),
		"POST " + one + "/release": c.page(update, c.releaseEvent),
		"GET " + one + "/replay":   c.page(update, c.replayEvent),
		"POST " + one + "/replay":  c.page(update, c.replayEvent),
		"GET /console/deliveries":  c.page(read, c.listDeliveries),
	}
}

type event struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Source     string         `json:"source"`
	IdentityID string         `json:"auth_identity_id"`
	Data       map[string]any `json:"data"`
	CreatedAt  string         `json:"created_at"`
}

// Path is the page of the event.
func (e event) Path() string { return eventPath(e.ID) }

func eventPath(id string) string { return Path + "/events/" + url.PathEscape(id) }

type delivery struct {
	EventID    string `json:"event_id"`
	Event      string `json:"event"`
	Subscriber string `json:"subscriber"`
	Status     string `json:"status"`
	Error      string `json:"error"`
	UpdatedAt  string `json:"updated_at"`
}

// Path is the page of the event.
func (d delivery) Path() string { return eventPath(d.EventID) }

// Dead reports whether the delivery is a dead letter.
func (d delivery) Dead() bool { return d.Status == "dead" }

type eventsPage struct {
	frame
	listing

	Name   string
	Events []event
}

func (c *console) listEvents(v *visit) error {
	var answer struct {
		listing

		Events []event
	}
	name := v.R.URL.Query().Get("name")
	if err := v.list("/admin/events", url.Values{"name": {name}, "order": {"-created_at"}}, &answer); err != nil {
		return err
	}
	return v.show(http.StatusOK, "events", eventsPage{v.frame(), v.paged(answer.listing, len(answer.Events)), name, answer.Events})
}

type eventPage struct {
	frame

	Event      event
	Data       string
	Deliveries []delivery
	// Dead says that there are dead letters.
	Dead bool
}

func (c *console) showEvent(v *visit) error {
	var answer struct {
		Event      event
		Deliveries []delivery
	}
	if err := v.Get("/admin/events/"+url.PathEscape(v.R.PathValue("id")), &answer); err != nil {
		return err
	}
	p := eventPage{frame: v.frame(), Event: answer.Event, Data: written(answer.Event.Data), Deliveries: answer.Deliveries}
	for _, d := range answer.Deliveries {
		p.Dead = p.Dead || d.Dead()
	}
	return v.show(http.StatusOK, "event", p)
}

// releaseEvent has the dead letters of an event tried again, which is safe: a subscriber
// gets an event at least once.
func (c *console) releaseEvent(v *visit) error {
	id := v.R.PathValue("id")
	if err := v.Post("/admin/events/"+url.PathEscape(id)+"/release", map[string]string{}, nil); err != nil {
		return err
	}
	return v.done("console.event_released", "", eventPath(id))
}

// replayEvent asks first, because every subscriber gets the event once more.
func (c *console) replayEvent(v *visit) error {
	id := v.R.PathValue("id")
	return v.confirm(confirmation{
		Title: v.T("console.replay_title"), Points: []string{v.T("console.replay_1")}, Button: v.T("console.replay"), Back: eventPath(id),
	}, func() error {
		if err := v.Post("/admin/events/"+url.PathEscape(id)+"/replay", map[string]string{}, nil); err != nil {
			return err
		}
		return v.done("console.event_replayed", "", eventPath(id))
	})
}

// deliveryStates are the filters of the list of deliveries.
var deliveryStates = []string{"dead", "waiting", "started", "delivered"}

type deliveriesPage struct {
	frame
	listing

	Status     string
	Filters    []link
	Deliveries []delivery
}

func (c *console) listDeliveries(v *visit) error {
	var answer struct {
		listing

		Deliveries []delivery
	}
	status := v.R.URL.Query().Get("status")
	if err := v.list("/admin/event-deliveries", url.Values{"status": {status}, "order": {"-created_at"}}, &answer); err != nil {
		return err
	}
	p := deliveriesPage{
		frame: v.frame(), listing: v.paged(answer.listing, len(answer.Deliveries)), Status: status, Deliveries: answer.Deliveries,
		Filters: []link{{v.T("console.all"), Path + "/deliveries", status == ""}},
	}
	for _, s := range deliveryStates {
		p.Filters = append(p.Filters, link{v.T("console.status_" + s), Path + "/deliveries?status=" + s, status == s})
	}
	return v.show(http.StatusOK, "deliveries", p)
}
