// Command storefront-login is an Everlatch service with a storefront whose
// customers sign in with Google, and with a stand-in for Google.
// docs/guides/storefront-login.md walks through it.
package main

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/examples/beside"
)

func main() { cli.Main(app.FromConfig(options)) }

// options serve the shop at the callback URL of the settings, and the stand-in at
// the issuer, which is not set where the real Google is used.
func options(cfg config.Config) ([]app.Option, error) {
	i := slices.IndexFunc(cfg.Auth.Providers, func(p config.Provider) bool { return p.Resolve == "google" })
	if i < 0 {
		return nil, errors.New("the settings have no provider google: add --config examples/storefront-login/everlatch.yaml")
	}
	shop, google := hostOf(cfg.Auth.Providers[i], "callback_url"), hostOf(cfg.Auth.Providers[i], "issuer")
	opts := []app.Option{app.WithBackground(func(ctx context.Context, a *app.App) error {
		return serveShop(ctx, shop, a.Address())
	})}
	if google == "" {
		return opts, nil
	}
	standIn, err := newGoogle("http://"+google, "http://"+shop)
	return append(opts, app.WithBackground(func(ctx context.Context, _ *app.App) error {
		return beside.Serve(ctx, "The stand-in for Google", google, standIn)
	})), err
}

// hostOf returns host:port of a URL among the options of a provider.
func hostOf(p config.Provider, option string) string {
	text, _ := p.Options[option].(string)
	u, err := url.Parse(text)
	if err != nil {
		return "" // which the provider refuses
	}
	return u.Host
}
