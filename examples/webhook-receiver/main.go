// Command webhook-receiver is an Everlatch service and a shop that takes its
// webhooks and prints them. docs/guides/webhook-receiver.md walks through it.
package main

import (
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/config"
)

func main() { cli.Main(app.FromConfig(options(os.Getenv("SHOP"), os.Stdout))) }

// options open the shop, at the URL and with the secret of its subscription, unless
// it is closed.
func options(state string, out io.Writer) func(config.Config) ([]app.Option, error) {
	return func(cfg config.Config) ([]app.Option, error) {
		i := slices.IndexFunc(cfg.Subscribers, func(s config.Subscriber) bool { return s.Name == "shop" && s.Webhook != nil })
		if i < 0 {
			return nil, errors.New("the shop is not in the settings: add --config examples/webhook-receiver/everlatch.yaml")
		}
		if state == "closed" {
			return nil, nil
		}
		hook := cfg.Subscribers[i].Webhook
		at, err := url.Parse(hook.URL.Reveal())
		if err != nil {
			return nil, err
		}
		webhook, err := standardwebhooks.NewWebhook(hook.Secrets.Reveal()[0])
		s := shop{address: at.Host, file: filepath.Join(cfg.Data.Dir, "inbox.db"), webhook: webhook, out: out}
		return []app.Option{app.WithBackground(s.run)}, err
	}
}
