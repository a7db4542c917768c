package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/mail"
	"github.com/everlatch/everlatch/subscribers"
	"github.com/everlatch/everlatch/worker"
	"github.com/everlatch/everlatch/workflows"
)

// assembleEvents builds the subscribers and schedules. Only the workers of a
// service need them: other processes may not know the workflows of its program.
func (a *App) assembleEvents() error {
	sender, err := a.newSender()
	if err != nil {
		return err
	}
	a.subscribers = subscribers.NewRegistry()
	if !a.tellsEvents() {
		return nil
	}
	var scheduleErr error
	a.subscribers, err = a.newSubscribers(sender)
	a.schedules, scheduleErr = a.newSchedules()
	return errors.Join(err, scheduleErr)
}

// tellsEvents reports whether this process dispatches events and keeps schedules.
func (a *App) tellsEvents() bool { return a.serves(worker.Deliveries) && !a.opts.quiet }

// newSubscribers gathers the subscribers: the mailer, those of the configuration
// and those of the program. It reports every problem at once.
func (a *App) newSubscribers(sender mail.Sender) (*subscribers.Registry, error) {
	registry := subscribers.NewRegistry()
	problems := []error{a.addMailer(registry, sender)}
	for _, c := range a.cfg.Subscribers {
		s, err := a.configured(c)
		if err == nil {
			err = registry.Add(s)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("subscribers, name %q: %w", c.Name, err))
		}
	}
	for _, s := range a.opts.subscriptions {
		problems = append(problems, registry.Add(s))
	}
	for _, f := range a.opts.flowsOnEvents {
		s, err := a.startsFlow(f.Workflow, f.Input)
		if err == nil {
			err = registry.Add(subscribers.Subscription{Name: f.Name, Events: f.Events, Source: f.Source, Subscriber: s})
		}
		problems = append(problems, err)
	}
	return registry, errors.Join(problems...)
}

// configured builds a subscriber from the configuration.
func (a *App) configured(c config.Subscriber) (subscribers.Subscription, error) {
	out := subscribers.Subscription{
		Name: c.Name, Events: c.Events, Source: c.Source, Ordered: c.Ordered, Secrets: c.Secrets,
	}
	if out.Source == "any" {
		out.Source = subscribers.FromAnywhere
	}
	var err error
	if c.Flow != nil {
		if c.Secrets {
			return out, errors.New("a flow gets no secrets, because its input becomes part of a history; leave secrets out")
		}
		out.Subscriber, err = a.startsFlow(c.Flow.Name, c.Flow.Input)
		return out, err
	}
	out.Timeout = c.Webhook.Timeout.Duration()
	out.Subscriber, err = subscribers.NewWebhook(subscribers.WebhookOptions{
		URL: c.Webhook.URL.Reveal(), Secrets: c.Webhook.Secrets.Reveal(),
		AllowPrivate: c.Webhook.AllowPrivate, Timeout: out.Timeout,
	})
	return out, err
}

// startsFlow builds a subscriber that starts a flow with an input mapped from
// the event.
func (a *App) startsFlow(name string, input map[string]any) (subscribers.Subscriber, error) {
	if err := a.checkFlow(name, input); err != nil {
		return nil, err
	}
	return subscribers.NewFlow(subscribers.FlowOptions{
		Name: name, Input: input,
		Start: func(ctx context.Context, name, key string, in map[string]any) error {
			subscription, event, _ := strings.Cut(key, "/")
			_, err := a.flows.Start(ctx, flows.StartOptions{
				ID: a.flows.EventFlowID(name, subscription, event), Reuse: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, Background: true,
			}, name, in)
			return err
		},
	})
}

// checkFlow finds mistakes that would otherwise show when the flow runs, or never:
// Temporal drops a field that the input of a workflow does not have.
func (a *App) checkFlow(name string, input map[string]any) error {
	catalog := workflows.Catalog()
	maps.Copy(catalog, a.opts.workflows)
	flow, known := catalog[name]
	if !known {
		return fmt.Errorf("there is no flow %q; known are %s", name, strings.Join(slices.Sorted(maps.Keys(catalog)), ", "))
	}
	t := reflect.TypeOf(flow)
	if t.Kind() != reflect.Func || t.NumIn() == 0 || t.NumIn() > 2 {
		return fmt.Errorf("flow %q is not a workflow with at most one argument", name)
	}
	if t.NumIn() == 1 || input == nil || t.In(1).Kind() != reflect.Struct {
		return nil
	}
	fields := jsonFields(t.In(1))
	for _, key := range slices.Sorted(maps.Keys(input)) {
		if !slices.Contains(fields, key) {
			return fmt.Errorf("flow %q has no input %q; it has %s", name, key, strings.Join(fields, ", "))
		}
	}
	return nil
}

// jsonFields names the fields of a struct as JSON has them.
func jsonFields(t reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && name != "-" {
			if name == "" {
				name = f.Name
			}
			out = append(out, name)
		}
	}
	return out
}
