package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) eventCommand() *cobra.Command {
	event := group("event", "Show events and their deliveries, and deliver them again",
		p.eventListCommand(), p.eventShowCommand(), p.eventReleaseCommand(), p.eventReplayCommand(), p.eventPublishCommand())
	event.Long = "An event is delivered to each of its subscribers. A delivery waits, is started, and ends as delivered or\n" +
		"dead: a dead letter is no longer tried until it is released. These commands change the database; a running\n" +
		"worker then delivers."
	event.Example = "  everlatch event list --status dead        what could not be delivered, and why\n" +
		"  everlatch event release --all             try all of it again"
	return event
}

// statuses are the statuses of a delivery, in their order.
var statuses = []string{
	everlatch.DeliveryWaiting, everlatch.DeliveryStarted, everlatch.DeliveryDelivered, everlatch.DeliveryDead,
}

// eventQuery is what `event list` was asked for.
type eventQuery struct {
	name, source, status string
	limit                int
	json                 bool
}

func (p *program) eventListCommand() *cobra.Command {
	var q eventQuery
	c := &cobra.Command{
		Use:   "list",
		Short: "List events, or deliveries with a status, newest last",
		Long: "Lists events. With --status it lists deliveries with that status instead, in the order of their last change;\n" +
			"--status dead finds the dead letters.",
		Example: "  everlatch event list --name customer.created --limit 5\n" +
			"  everlatch event list --status dead --json",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if q.limit < 1 {
				return fmt.Errorf("--limit is %d, and at least 1 is expected", q.limit)
			}
			if q.status != "" && !slices.Contains(statuses, q.status) {
				return fmt.Errorf("--status is %q, and one of %s is expected", q.status, strings.Join(statuses, ", "))
			}
			return p.onStore(c, existing, func(ctx context.Context, t target) error {
				if q.status != "" {
					return p.listDeliveries(ctx, t.store, q)
				}
				return p.listEvents(ctx, t.store, q)
			})
		},
	}
	c.Flags().StringVar(&q.name, "name", "", "only events of this name")
	c.Flags().StringVar(&q.source, "source", "", "only events of this source: everlatch, cli, or the id of an API key")
	c.Flags().StringVar(&q.status, "status", "", "list deliveries with this status: "+strings.Join(statuses, ", "))
	c.Flags().IntVar(&q.limit, "limit", 50, "how many to list at most")
	c.MarkFlagsMutuallyExclusive("source", "status")
	jsonFlag(c, &q.json)
	return c
}

func (p *program) listEvents(ctx context.Context, s *store.Store, q eventQuery) error {
	return latest(p, q, eventTable, "-created_at", func(page store.Page) ([]everlatch.Event, int, error) {
		return s.Events(ctx, store.EventFilter{Name: q.name, Source: q.source}, page)
	})
}

func (p *program) listDeliveries(ctx context.Context, s *store.Store, q eventQuery) error {
	return latest(p, q, deliveryTable, "-updated_at", func(page store.Page) ([]everlatch.Delivery, int, error) {
		return s.Deliveries(ctx, store.DeliveryFilter{Event: q.name, Status: q.status}, page)
	})
}

// latest lists the last records in an order that begins with them, newest last.
func latest[T any](p *program, q eventQuery, t table[T], order string, read func(page store.Page) ([]T, int, error)) error {
	records, count, err := read(store.Page{Limit: q.limit, Order: order})
	if err != nil {
		return err
	}
	slices.Reverse(records)
	if len(records) < count {
		_, _ = fmt.Fprintf(p.stderr, "These are the last %d of %d; --limit shows more.\n", len(records), count)
	}
	return t.answer(p, q.json, records, count)
}

var (
	eventTable = table[everlatch.Event]{
		key: "events", header: []string{"CREATED", "EVENT", "ID", "SOURCE", "RELEASED"},
		row: func(e everlatch.Event) []string {
			return []string{moment(e.CreatedAt), e.Name, e.ID, e.Source, released(e)}
		},
	}
	deliveryTable = table[everlatch.Delivery]{
		key: "deliveries", header: []string{"UPDATED", "EVENT", "ID", "SUBSCRIBER", "ERROR"},
		row: func(d everlatch.Delivery) []string {
			return []string{moment(d.UpdatedAt), d.Event, d.EventID, d.Subscriber, d.Error}
		},
	}
)

func released(e everlatch.Event) string {
	if e.ReleasedAt == nil {
		return "not yet"
	}
	return moment(*e.ReleasedAt)
}

func (p *program) eventShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "show ID",
		Short:   "Show an event with its data and its deliveries",
		Long:    "Shows an event with its data and its deliveries. Secrets in the data appear as references to the vault.",
		Example: "  everlatch event show evt_01M84QR92VQYC5NTD485YVND9M",
		Args:    oneArg("the id of an event"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onStore(c, existing, func(ctx context.Context, t target) error {
				shown, err := readEvent(ctx, t.store, args[0])
				if err != nil {
					return err
				}
				data, err := json.MarshalIndent(shown.Event.Data, "", "  ")
				if err != nil {
					return fmt.Errorf("show the data of %s: %w", shown.Event.ID, err)
				}
				return p.answer(asJSON, shown, func(w io.Writer) { shown.write(w, string(data)) })
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// eventAnswer is an event with its deliveries.
type eventAnswer struct {
	Event      everlatch.Event      `json:"event"`
	Deliveries []everlatch.Delivery `json:"deliveries"`
}

func readEvent(ctx context.Context, s *store.Store, id string) (out eventAnswer, err error) {
	if out.Event, err = s.Event(ctx, id); err != nil {
		return out, err
	}
	out.Deliveries, _, err = s.Deliveries(ctx, store.DeliveryFilter{EventID: id}, store.Page{})
	return out, err
}

// write prints it as text; data is JSON, whose lines are printed as they are.
func (a eventAnswer) write(w io.Writer, data string) {
	e := a.Event
	row(w, "id", e.ID)
	row(w, "event", e.Name)
	row(w, "source", e.Source)
	if e.GroupID != "" {
		row(w, "workflow", e.GroupID)
	}
	if e.AuthIdentityID != "" {
		row(w, "identity", e.AuthIdentityID)
	}
	row(w, "created", moment(e.CreatedAt))
	row(w, "released", released(e))
	_, _ = fmt.Fprintf(w, "data\n%s\n\n", data)
	if len(a.Deliveries) == 0 {
		row(w, "There are no deliveries of it.")
		return
	}
	row(w, "SUBSCRIBER", "STATUS", "GENERATION", "UPDATED", "ERROR")
	for _, d := range a.Deliveries {
		row(w, d.Subscriber, d.Status, fmt.Sprint(d.Generation), moment(d.UpdatedAt), d.Error)
	}
}
