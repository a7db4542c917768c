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
	event := &cobra.Command{
		Use:   "event",
		Short: "Events, and who was told about them",
		Long: "An event is delivered to each of its subscribers. A delivery waits, is started, and ends as delivered\n" +
			"or dead: a dead letter was given up and waits for somebody to release it. These commands work on the\n" +
			"database alone; a running worker does what they ask for.",
		Example: "  everlatch event list --status dead        what could not be delivered, and why\n" +
			"  everlatch event release --all             try all of it again",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	event.AddCommand(
		p.eventListCommand(), p.eventShowCommand(), p.eventReleaseCommand(), p.eventReplayCommand(), p.eventPublishCommand(),
	)
	return event
}

// statuses are those of a delivery, in their order.
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
		Short: "List events, or deliveries of a status, the newest last",
		Long: "Lists what has happened. With --status it lists deliveries of that status instead, those that changed\n" +
			"last at the end; --status dead finds the dead letters.",
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
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				if q.status != "" {
					return p.listDeliveries(ctx, s, q)
				}
				return p.listEvents(ctx, s, q)
			})
		},
	}
	c.Flags().StringVar(&q.name, "name", "", "only events of this name")
	c.Flags().StringVar(&q.source, "source", "", "only events of this source: everlatch, cli, or the id of an API key")
	c.Flags().StringVar(&q.status, "status", "", "list deliveries of this status: "+strings.Join(statuses, ", "))
	c.Flags().IntVar(&q.limit, "limit", 50, "how many at most")
	c.MarkFlagsMutuallyExclusive("source", "status")
	jsonFlag(c, &q.json)
	return c
}

func (p *program) listEvents(ctx context.Context, s *store.Store, q eventQuery) error {
	events, count, err := s.Events(ctx, store.EventFilter{Name: q.name, Source: q.source},
		store.Page{Limit: q.limit, Order: "-created_at"})
	if err != nil {
		return err
	}
	slices.Reverse(events)
	p.tellOfMore(len(events), count)
	return p.answer(q.json, struct {
		Events []everlatch.Event `json:"events"`
		Count  int               `json:"count"`
	}{events, count}, func(w io.Writer) {
		row(w, "CREATED", "EVENT", "ID", "SOURCE", "RELEASED")
		for _, e := range events {
			row(w, moment(e.CreatedAt), e.Name, e.ID, e.Source, released(e))
		}
	})
}

func released(e everlatch.Event) string {
	if e.ReleasedAt == nil {
		return "not yet"
	}
	return moment(*e.ReleasedAt)
}

func (p *program) listDeliveries(ctx context.Context, s *store.Store, q eventQuery) error {
	deliveries, count, err := s.Deliveries(ctx, store.DeliveryFilter{Event: q.name, Status: q.status},
		store.Page{Limit: q.limit, Order: "-updated_at"})
	if err != nil {
		return err
	}
	slices.Reverse(deliveries)
	p.tellOfMore(len(deliveries), count)
	return p.answer(q.json, struct {
		Deliveries []everlatch.Delivery `json:"deliveries"`
		Count      int                  `json:"count"`
	}{deliveries, count}, func(w io.Writer) {
		row(w, "UPDATED", "EVENT", "ID", "SUBSCRIBER", "ERROR")
		for _, d := range deliveries {
			row(w, moment(d.UpdatedAt), d.Event, d.EventID, d.Subscriber, d.Error)
		}
	})
}

// tellOfMore says beside the list that it is not all.
func (p *program) tellOfMore(shown, count int) {
	if shown < count {
		_, _ = fmt.Fprintf(p.stderr, "These are the last %d of %d; --limit shows more.\n", shown, count)
	}
}

func (p *program) eventShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "show ID",
		Short:   "Show an event with its data, and who was told",
		Long:    "Shows an event with its data and its deliveries. Secrets in the data show as references to the vault.",
		Example: "  everlatch event show evt_01M84QR92VQYC5NTD485YVND9M",
		Args:    oneArg("the id of an event"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				shown, err := readEvent(ctx, s, args[0])
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

// eventAnswer is an event with everybody who was told, or is to be.
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

// write shows it to people; data is JSON, whose lines come as they are.
func (a eventAnswer) write(w io.Writer, data string) {
	e := a.Event
	row(w, "id", e.ID)
	row(w, "event", e.Name)
	row(w, "source", e.Source)
	if e.GroupID != "" {
		row(w, "dance", e.GroupID)
	}
	if e.AuthIdentityID != "" {
		row(w, "identity", e.AuthIdentityID)
	}
	row(w, "created", moment(e.CreatedAt))
	row(w, "released", released(e))
	_, _ = fmt.Fprintf(w, "data\n%s\n\n", data)
	if len(a.Deliveries) == 0 {
		row(w, "Nobody was told about it.")
		return
	}
	row(w, "SUBSCRIBER", "STATUS", "GENERATION", "UPDATED", "ERROR")
	for _, d := range a.Deliveries {
		row(w, d.Subscriber, d.Status, fmt.Sprint(d.Generation), moment(d.UpdatedAt), d.Error)
	}
}
