package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

const (
	firstWebhookSecret  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	secondWebhookSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

func TestSubscribers(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{File: write(t, `
subscribers:
  - name: audit
    events: ["*"]
    webhook:
      url: https://audit.example/hook
      secrets: [`+firstWebhookSecret+`, `+secondWebhookSecret+`]
  - name: inside
    events: customer.created, auth.*
    source: everlatch
    ordered: false
    secrets: true
    webhook: {url: "http://10.0.0.1/hook", secrets: `+firstWebhookSecret+`, allow_private: true, timeout: 5}
  - name: order-placed
    events: [order.placed]
    flow:
      name: SendReceipt
      input: {order: $.data.id, lines: [1, {deep: true}]}
  - name: again
    events: [order.placed]
    source: any
    ordered: true
    flow: {name: Other}
`)})

	require.NoError(t, err)
	require.Equal(t, []config.Subscriber{
		{
			Name: "audit", Events: []string{"*"}, Source: "any", Ordered: true,
			Webhook: &config.Webhook{
				URL:     "https://audit.example/hook",
				Secrets: config.Secrets{firstWebhookSecret, secondWebhookSecret},
				Timeout: config.Span(30 * time.Second),
			},
		},
		{
			Name: "inside", Events: []string{"customer.created", "auth.*"}, Source: "everlatch", Secrets: true,
			Webhook: &config.Webhook{
				URL: "http://10.0.0.1/hook", Secrets: config.Secrets{firstWebhookSecret},
				AllowPrivate: true, Timeout: config.Span(5 * time.Second),
			},
		},
		{
			Name: "order-placed", Events: []string{"order.placed"}, Source: "outside",
			Flow: &config.FlowStart{Name: "SendReceipt", Input: map[string]any{
				"order": "$.data.id", "lines": []any{1, map[string]any{"deep": true}},
			}},
		},
		{
			Name: "again", Events: []string{"order.placed"}, Source: "any", Ordered: true,
			Flow: &config.FlowStart{Name: "Other"},
		},
	}, cfg.Subscribers)
}

func TestSubscribersFromAVariable(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{Environ: []string{
		`EVERLATCH_SUBSCRIBERS=[{name: a, events: [x], flow: {name: F, input: {}}}]`,
	}})

	require.NoError(t, err)
	require.Len(t, cfg.Subscribers, 1)
	require.NotNil(t, cfg.Subscribers[0].Flow.Input, "an empty input is not the whole event")
}

// Every problem of every entry is told at once, and none twice.
func TestSubscriberProblemsAreReportedAtOnce(t *testing.T) {
	t.Parallel()

	_, err := config.Load(config.Sources{File: write(t, `
subscribers:
  - {nme: a, events: ["customer*", A], flow: {nam: x, input: [1]}, source: here}
  - {name: mail, events: [], webhook: {url: "http://u:topsecret@h/x", secrets: [whsec_topsecret], allowed_private: true}, ordered: maybe}
  - {name: "Not Good", events: {a: b}, webhook: {secrets: {topsecret: x}, timeout: -1s}, flow: {name: f}}
  - {name: twice, events: [a], flow: {name: f}}
  - {name: twice, events: [a], webhook: {url: "http://h/x", secrets: `+firstWebhookSecret+`}}
  - topsecret
  - {name: twice, events: [a]}
  - {name: x, events: [a], webhook: 5}
`)})

	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	var got []string
	for _, p := range problems {
		require.Equal(t, "subscribers", p.Key)
		got = append(got, p.Message)
	}
	require.Equal(t, []string{
		"entry 1: unknown key nme; did you mean name?",
		"entry 1: name is missing",
		`entry 1, source: "here" is none of any, everlatch, outside`,
		"entry 1, flow: unknown key nam; did you mean name?",
		"entry 1, flow: name is missing",
		"entry 1, flow.input: a map is expected, not a list",
		`entry 1, events: "customer*" is neither the name of an event, nor of a kind such as customer.*, nor *`,
		`entry 1, events: "A" is neither the name of an event, nor of a kind such as customer.*, nor *`,
		"entry 2: events is missing",
		`entry 2, ordered: "maybe" is not true or false`,
		"entry 2, webhook: unknown key allowed_private; did you mean allow_private?",
		"entry 2, webhook.url: a URL with a name or password is not accepted",
		`entry 2, webhook.secrets: secret 1 is not whsec_ and base64 of 24 to 64 bytes; make one with: echo "whsec_$(openssl rand -base64 32)"`,
		`entry 2, name: "mail" is taken by one of Everlatch's own`,
		"entry 3, events: a list is expected, not a map",
		"entry 3, webhook: url is missing",
		"entry 3, webhook.secrets: a list is expected, not a map",
		"entry 3, webhook.timeout: -1s is too short, 1ms is the least",
		`entry 3, name: "Not Good" has more than lower case letters, digits and hyphens`,
		"entry 3: exactly one of webhook and flow is expected",
		"entry 5, webhook.url: https is expected; http is accepted with allow_private alone",
		"entry 6: {name, events, source, ordered, secrets, webhook, flow} is expected, not a single value",
		"entry 7: exactly one of webhook and flow is expected",
		"entry 8, webhook: {url, secrets, allow_private, timeout} is expected, not a single value",
		`the name "twice" is given twice`,
	}, got)
	require.NotContains(t, err.Error(), "topsecret")
}

func TestSubscribersThatAreNoList(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"audit": "a list is expected, such as [{name: …}], not a single value",
		"[{":    "this is not YAML",
		"[{name: a, events: [x], flow: {name: f, input: {1: a}}}]":         "flow.input: a map is expected, not a map with keys that are not text",
		"[{name: a, events: [x], flow: {name: f, input: {deep: {2: b}}}}]": "flow.input: something in it cannot be written as JSON",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()

			_, err := config.Load(config.Sources{Environ: []string{"EVERLATCH_SUBSCRIBERS=" + text}})

			require.ErrorContains(t, err, "subscribers (EVERLATCH_SUBSCRIBERS)")
			require.ErrorContains(t, err, want)
		})
	}
}

func TestSecretsOfSubscribersAreNeverPrinted(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{
		Environ: []string{"EVERLATCH_MAIL_SMTP_PASSWORD=topsecret0"},
		File: write(t, `
subscribers:
  - {name: a, events: [x], webhook: {url: "https://h.example/x?sig=1&token=topsecret1", secrets: `+firstWebhookSecret+`}}
  - {name: b, events: [x], flow: {name: f, input: {api_key: topsecret2, list: [{password: topsecret3}], tokens: [topsecret4]}}}
schedules:
  - {id: c, flow: f, every: 1h, input: {secret: topsecret5}}
`),
	})
	require.NoError(t, err)
	require.Equal(t, []string{firstWebhookSecret}, cfg.Subscribers[0].Webhook.Secrets.Reveal())
	text, err := cfg.YAML()
	require.NoError(t, err)

	printed := string(text) + fmt.Sprintf("%v %+v %#v", cfg.Mail, *cfg.Subscribers[0].Webhook, *cfg.Subscribers[0].Webhook)

	require.NotContains(t, printed, "topsecret")
	require.NotContains(t, printed, strings.TrimPrefix(firstWebhookSecret, "whsec_"))
	require.Contains(t, string(text), "[secret]")
	require.Contains(t, string(text), "name: a")
}

// What `everlatch config` prints of lists can be loaded again, apart from
// secrets.
func TestListsCanBeLoadedAgain(t *testing.T) {
	t.Parallel()

	want, err := config.Load(config.Sources{File: write(t, `
subscribers:
  - {name: b, events: [x, "y.*"], ordered: true, flow: {name: f, input: {id: $.data.id, n: 1.5, deep: [{a: null}]}}}
  - {name: c, events: ["*"], flow: {name: f, input: {}}}
  - {name: d, events: ["*"], flow: {name: f}}
schedules:
  - {id: a, flow: f, cron: "@daily", catch_up: 1h}
  - {id: b, flow: f, every: 90m, paused: true, input: {a: 1}}
mail: {urls: {seller: "https://sell.example"}}
`)})
	require.NoError(t, err)
	text, err := want.YAML()
	require.NoError(t, err)

	got, err := config.Load(config.Sources{File: write(t, string(text))})

	require.NoError(t, err, string(text))
	require.Equal(t, want.Subscribers, got.Subscribers)
	require.Equal(t, want.Schedules, got.Schedules)
	require.Equal(t, want.Mail, got.Mail)
}
