package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// sourceCLI is the source of events that this command publishes. To subscribers
// they come from outside.
const sourceCLI = "cli"

// eventPrefix begins the ids that this command generates.
const eventPrefix = "evt_"

// The rules of POST /admin/events.
var (
	eventNameForm = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)
	eventIDForm   = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)
)

func (p *program) eventPublishCommand() *cobra.Command {
	var id, payload string
	var asJSON bool
	c := &cobra.Command{
		Use:   "publish NAME",
		Short: "Publish an event",
		Long: "Publishes an event from outside, as POST /admin/events does, with the source cli. Publishing the same --id again\n" +
			"changes nothing, so it is safe to repeat a command.",
		Example: `  everlatch event publish customer.deleted --id shop-4711 --payload '{"id":"cus_01M84QR92VQYC5NTD485YVND9M"}'`,
		Args:    oneArg("the name of an event"),
		RunE: func(c *cobra.Command, args []string) error {
			e, err := outsideEvent(args[0], id, payload, c.Flags().Changed("id"))
			if err != nil {
				return err
			}
			return p.onStore(c, orNew, func(ctx context.Context, t target) error {
				return p.publish(ctx, t.store, e, asJSON)
			})
		},
	}
	c.Flags().StringVar(&id, "id", "", "id of the event (default a new one)")
	c.Flags().StringVar(&payload, "payload", "{}", "data of the event, a JSON object")
	jsonFlag(c, &asJSON)
	return c
}

// outsideEvent checks what was typed.
func outsideEvent(name, id, payload string, hasID bool) (everlatch.Event, error) {
	e := everlatch.Event{ID: id, Name: name, Source: sourceCLI}
	if !eventNameForm.MatchString(name) {
		return e, fmt.Errorf("%q is not the name of an event: names are lower-case letters, digits, _ and -, joined by dots", name)
	}
	if !hasID {
		e.ID = eventPrefix + ulid.Make().String()
	} else if !eventIDForm.MatchString(id) || strings.HasPrefix(id, eventPrefix) {
		return e, fmt.Errorf("--id is %q, and 1 to 128 letters, digits and . _ : - are expected, not beginning with %s", id, eventPrefix)
	}
	if err := json.Unmarshal([]byte(payload), &e.Data); err != nil {
		return e, fmt.Errorf("--payload is not a JSON object: %w", err)
	}
	if e.Data == nil {
		return e, errors.New("--payload is not a JSON object: it is null")
	}
	return e, nil
}

func (p *program) publish(ctx context.Context, s *store.Store, e everlatch.Event, asJSON bool) error {
	stored, fresh, err := s.PublishEvent(ctx, e)
	if err != nil {
		return err
	}
	same := stored.Name == e.Name && stored.Source == e.Source && stored.AuthIdentityID == "" && reflect.DeepEqual(stored.Data, e.Data)
	if !fresh && !same {
		return fmt.Errorf("another event has the id %s already; `%s event show %[1]s` shows it", e.ID, p.name)
	}
	shown, err := readEvent(ctx, s, e.ID)
	if err != nil {
		return err
	}
	return p.answer(asJSON, shown, func(w io.Writer) {
		if fresh {
			_, _ = fmt.Fprintf(w, "Published %s (%s).\n", e.Name, e.ID)
			return
		}
		_, _ = fmt.Fprintf(w, "%s (%s) was already published at %s; nothing has changed.\n", e.Name, e.ID, moment(stored.CreatedAt))
	})
}
