package app_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/subscribers"
)

type greetInput struct {
	ID string `json:"id"`
}

func greet(workflow.Context, greetInput) error { return nil }

func heard(context.Context, everlatch.Event) error { return nil }

func TestSubscribersAndSchedules(t *testing.T) {
	t.Parallel()
	hook := func(name string) config.Subscriber {
		return config.Subscriber{Name: name, Events: []string{"*"}, Source: "any", Webhook: &config.Webhook{
			URL: "https://shop.example/hooks", Secrets: config.Secrets{"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="},
		}}
	}
	flow := func(name string, input map[string]any) config.Subscriber {
		return config.Subscriber{Name: "f", Events: []string{"a.b"}, Source: "outside", Flow: &config.FlowStart{Name: name, Input: input}}
	}
	with := func(subs ...config.Subscriber) func(*config.Config) {
		return func(c *config.Config) { c.Subscribers = subs }
	}
	scheduled := func(s config.Schedule) func(*config.Config) {
		return func(c *config.Config) { c.Schedules = []config.Schedule{s} }
	}
	tests := map[string]struct {
		change func(*config.Config)
		opts   []app.Option
		want   string // "" is no problem
	}{
		"everything there is": {
			change: func(c *config.Config) {
				c.Subscribers = []config.Subscriber{hook("shop"), flow("RemoveCustomerAccount", map[string]any{"actor_id": "$.data.id"})}
				c.Schedules = []config.Schedule{{ID: "n", Flow: "Greet", Cron: "@daily", Overlap: "skip", Input: map[string]any{"id": "x"}}}
				c.Mail.SMTP.Address = "127.0.0.1:25"
			},
			opts: []app.Option{
				app.WithWorkflow("Greet", greet), app.WithFlowSubscriber("greet", []string{"customer.created"}, "Greet"),
				app.WithSubscriber("crm", []string{"customer.*"}, heard),
				app.WithSchedule(app.Schedule{ID: "hourly", Flow: "Greet", Cron: "@hourly", Input: greetInput{ID: "x"}}),
			},
		},
		"custom mails": {change: func(c *config.Config) {
			c.Mail.SMTP.Address, c.Mail.Except = "127.0.0.1:25", []string{"auth.password_reset"}
		}},
		"no mails at all": {change: func(c *config.Config) {
			c.Mail.SMTP.Address = "127.0.0.1:25"
			c.Mail.Except = []string{
				"auth.approval_granted", "auth.approval_refused", "auth.approval_requested",
				"auth.email_change_announced", "auth.email_change_requested", "auth.email_change_undone", "auth.email_changed",
				"auth.identity_linked", "auth.identity_unlinked", "auth.password_reset", "auth.password_changed", "everlatch.dead_letters",
				"invite.created", "invite.resent",
			}
		}},
		"a mail that there is not": {change: func(c *config.Config) {
			c.Mail.SMTP.Address, c.Mail.Except = "127.0.0.1:25", []string{"auth.reset"}
		}, want: `mail.except: there is no mail for "auth.reset"; there is for auth.approval_granted, `},
		"a name that is taken":           {change: with(hook("shop"), hook("shop")), want: `subscribers, name "shop"`},
		"a name of ours":                 {opts: []app.Option{app.WithDevMail(), app.WithSubscriber("mail", []string{"*"}, heard)}, want: "the name is taken"},
		"a flow that is not there":       {change: with(flow("Nope", nil)), want: `there is no flow "Nope"; known are CleanUp, `},
		"an input that the flow has not": {change: with(flow("RemoveCustomerAccount", map[string]any{"customer": "x"})), want: `flow "RemoveCustomerAccount" has no input "customer"; it has actor_id`},
		"a path that is none":            {change: with(flow("RemoveCustomerAccount", map[string]any{"actor_id": "$.."})), want: "$.."},
		"secrets for a flow": {change: func(c *config.Config) {
			s := flow("CleanUp", nil)
			s.Secrets = true
			c.Subscribers = []config.Subscriber{s}
		}, want: "leave secrets out"},
		"a workflow that is none":            {opts: []app.Option{app.WithWorkflow("Nope", "text"), app.WithFlowSubscriber("x", []string{"*"}, "Nope")}, want: "is not a workflow"},
		"a schedule of a flow not there":     {change: scheduled(config.Schedule{ID: "n", Flow: "Nope", Cron: "@daily"}), want: `schedule "n": there is no flow`},
		"a schedule without a time":          {opts: []app.Option{app.WithSchedule(app.Schedule{ID: "n", Flow: "CleanUp"})}, want: "exactly one of cron and every"},
		"a schedule at no time":              {opts: []app.Option{app.WithSchedule(app.Schedule{ID: "n", Flow: "CleanUp", Cron: "61 3 * * *"})}, want: `schedule "n": cron: "61" is no minute from 0 to 59`},
		"a schedule's id that is taken":      {opts: []app.Option{app.WithSchedule(app.Schedule{ID: "clean-up", Flow: "CleanUp", Cron: "@daily"})}, want: `the schedule id "clean-up" is given twice`},
		"a folder of templates that is away": {change: func(c *config.Config) { c.Mail.SMTP.Address = "127.0.0.1:25"; c.Mail.Templates = "/nowhere" }, want: "mail"},
		"an own subscriber without events":   {opts: []app.Option{app.WithSubscription(subscribers.Subscription{Name: "x", Subscriber: subscribers.Func(heard)})}, want: "events are missing"},
		"a flow subscription": {opts: []app.Option{app.WithFlowSubscription(app.FlowSubscription{
			Name: "x", Events: []string{"customer.deleted"}, Source: subscribers.FromOutside,
			Workflow: "RemoveCustomerAccount", Input: map[string]any{"actor_id": "$.data.id"},
		})}},
		"a flow subscription with another input": {opts: []app.Option{app.WithFlowSubscription(app.FlowSubscription{
			Name: "x", Events: []string{"customer.deleted"}, Workflow: "RemoveCustomerAccount", Input: map[string]any{"customer": "$.data.id"},
		})}, want: `flow "RemoveCustomerAccount" has no input "customer"; it has actor_id`},
		"a flow subscription of no source": {opts: []app.Option{app.WithFlowSubscription(app.FlowSubscription{
			Name: "x", Events: []string{"*"}, Source: "inside", Workflow: "CleanUp",
		})}, want: `there is no source "inside"`},
		"code that fails with the app": {opts: []app.Option{app.WithApp(func(a *app.App) error {
			if a.Flows() == nil {
				return nil
			}
			return errors.New("no such list")
		})}, want: "no such list"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := settings(t)
			if tt.change != nil {
				tt.change(&cfg)
			}
			a, err := app.New(t.Context(), cfg, append(tt.opts, app.WithMigrations())...)
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			require.NoError(t, a.Close())
		})
	}
}
