// Command several-openid-providers is an Everlatch service whose users sign in at
// the OpenID providers of two companies, Acme and Globex, and has stand-ins for
// both. docs/guides/several-openid-providers.md walks through it.
package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/examples/beside"
)

func main() { cli.Main(app.FromConfig(options)) }

// options serve each company's provider at the issuer of the settings.
func options(cfg config.Config) ([]app.Option, error) {
	companies := map[string]func(issuer, callbackURL string, now func() time.Time) (http.Handler, error){
		"acme": newAcme, "globex": newGlobex,
	}
	var opts []app.Option
	for _, p := range cfg.Auth.Providers {
		newCompany, known := companies[p.ID]
		issuer, _ := p.Options["issuer"].(string)
		callbackURL, _ := p.Options["callback_url"].(string)
		u, err := url.Parse(issuer)
		if !known || err != nil { // the provider refuses an issuer that is no URL
			continue
		}
		company, err := newCompany(issuer, callbackURL, time.Now)
		if err != nil {
			return nil, err
		}
		opts = append(opts, app.WithBackground(func(ctx context.Context, _ *app.App) error {
			return beside.Serve(ctx, "The provider of "+p.ID, u.Host, company)
		}))
	}
	if len(opts) != len(companies) {
		return nil, errors.New("the companies are not in the settings: add --config examples/several-openid-providers/everlatch.yaml")
	}
	return opts, nil
}
