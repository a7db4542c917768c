package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// releaseRequest is what `event release` was asked for.
type releaseRequest struct {
	id, subscriber string
	all, json      bool
}

func (p *program) eventReleaseCommand() *cobra.Command {
	var r releaseRequest
	c := &cobra.Command{
		Use:   "release ID | --all",
		Short: "Try dead letters again",
		Long: "Tries the dead letters of an event, or all of them, again, with all their attempts. First fix what made them\n" +
			"fail: everlatch event list --status dead shows the errors.",
		Example: "  everlatch event release evt_01M84QR92VQYC5NTD485YVND9M\n" +
			"  everlatch event release --all --subscriber shop",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 1 && args[0] != "") == r.all {
				return fmt.Errorf("%s needs either the id of an event or --all; see %[1]s --help", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if !r.all {
				r.id = args[0]
			}
			return p.onStore(c, existing, func(ctx context.Context, t target) error {
				return p.releaseDead(ctx, t.store, r)
			})
		},
	}
	c.Flags().StringVar(&r.subscriber, "subscriber", "", "only dead letters of this subscriber")
	c.Flags().BoolVar(&r.all, "all", false, "dead letters of all events")
	jsonFlag(c, &r.json)
	return c
}

func (p *program) releaseDead(ctx context.Context, s *store.Store, r releaseRequest) (err error) {
	events := []string{r.id}
	if r.all {
		events, err = deadEvents(ctx, s, r.subscriber)
	} else {
		_, err = toldAbout(ctx, s, r.id, r.subscriber)
	}
	if err != nil {
		return err
	}
	total := 0
	for _, id := range events {
		n, err := s.ReleaseDead(ctx, id, r.subscriber)
		if err != nil {
			return errors.Join(err, fmt.Errorf("%s released before that", counted(total, "dead letter")))
		}
		total += n
	}
	return p.answer(r.json, map[string]int{"released": total}, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "Released %s.\n", counted(total, "dead letter"))
	})
}

// deadPage is how many dead letters are read at a time.
const deadPage = 500

// deadEvents returns the ids of events that have dead letters. All are read
// before any is released: one that fails again at once would never leave the list.
func deadEvents(ctx context.Context, s *store.Store, subscriber string) ([]string, error) {
	var out []string
	for offset := 0; ; offset += deadPage {
		page, _, err := s.Deliveries(ctx, store.DeliveryFilter{Status: everlatch.DeliveryDead, Subscriber: subscriber},
			store.Page{Limit: deadPage, Offset: offset})
		if err != nil {
			return nil, err
		}
		for _, d := range page {
			out = append(out, d.EventID)
		}
		if len(page) < deadPage {
			return slices.Compact(out), nil // those of one event stand together
		}
	}
}

func (p *program) eventReplayCommand() *cobra.Command {
	var subscriber string
	var asJSON bool
	c := &cobra.Command{
		Use:   "replay ID",
		Short: "Deliver an event again",
		Long: "Delivers an event again to every subscriber that it was delivered to and to those that subscribed since, or to\n" +
			"one subscriber. Deliveries under way continue as they are.",
		Example: "  everlatch event replay evt_01M84QR92VQYC5NTD485YVND9M --subscriber shop",
		Args:    oneArg("the id of an event"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onStore(c, existing, func(ctx context.Context, t target) error {
				e, err := toldAbout(ctx, t.store, args[0], subscriber)
				if err != nil {
					return err
				}
				if e.ReleasedAt == nil {
					return fmt.Errorf("%s cannot be delivered yet: its workflow, %s, has not succeeded", e.ID, e.GroupID)
				}
				if err := t.store.ReplayEvent(ctx, e.ID, subscriber); err != nil {
					return err
				}
				whom := "every subscriber"
				if subscriber != "" {
					whom = subscriber
				}
				return p.answer(asJSON, map[string]string{"id": e.ID, "subscriber": subscriber}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "%s (%s) is delivered to %s again.\n", e.Name, e.ID, whom)
				})
			})
		},
	}
	c.Flags().StringVar(&subscriber, "subscriber", "", "only this subscriber")
	jsonFlag(c, &asJSON)
	return c
}

// toldAbout returns an event. A subscriber that has no delivery of it is an
// error: there would be nothing to do, and most likely its name is mistyped.
func toldAbout(ctx context.Context, s *store.Store, id, subscriber string) (everlatch.Event, error) {
	found, err := readEvent(ctx, s, id)
	if err != nil || subscriber == "" {
		return found.Event, err
	}
	var names []string
	for _, d := range found.Deliveries {
		names = append(names, d.Subscriber)
	}
	if slices.Contains(names, subscriber) {
		return found.Event, nil
	}
	if len(names) == 0 {
		return found.Event, fmt.Errorf("%s has no subscriber %q: it has not been delivered yet", id, subscriber)
	}
	return found.Event, fmt.Errorf("%s has no subscriber %q; it has %s", id, subscriber, strings.Join(names, ", "))
}
