package app

import (
	"cmp"
	"context"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/mail"
	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/providers/github"
	"github.com/everlatch/everlatch/providers/google"
	"github.com/everlatch/everlatch/providers/oidc"
)

// WithPageBlock shows what a function returns at a named place of the hosted pages, such
// as login.after; docs/guides/brand-and-translate.md lists the places. Several functions of
// one place are shown one after the other. An error makes the page fail.
func WithPageBlock(name string, f func(ctx context.Context, b pages.Block) (template.HTML, error)) Option {
	return func(o *options) {
		if o.blocks == nil {
			o.blocks = map[string][]pages.BlockFunc{}
		}
		o.blocks[name] = append(o.blocks[name], f)
	}
}

// newSite assembles the hosted pages, nil where they are switched off.
func (a *App) newSite() (*pages.Site, error) {
	c := a.cfg.Pages
	if !c.Enabled {
		return nil, nil //nolint:nilnil // without pages, which is not an error
	}
	o := pages.Options{
		API: a.server.Handler(), ActorTypes: a.pageTypes(), Now: a.opts.now, Log: a.log,
		PublishableKey: a.publishableKey, TrustProxy: a.cfg.HTTP.TrustProxy > 0, HSTS: a.cfg.HTTP.HSTS.Duration(),
		Brand: cmp.Or(c.Brand, a.cfg.Mail.Brand), Logo: c.LogoURL, Accent: c.Accent, Language: c.DefaultLanguage,
		Folder: c.Folder, ReturnTo: c.ReturnTo, Blocks: a.opts.blocks,
		Areas: a.pageAreas(),
	}
	if a.inbox != nil {
		o.Inbox = mail.InboxPath
	}
	if a.opts.home.Title != "" {
		o.Home = a.homePage()
	}
	return pages.New(o)
}

// homePage is the landing page in the place of the API's, which other clients get.
func (a *App) homePage() *pages.Home {
	home := &pages.Home{FirstUser: a.lacksUser}
	for _, link := range a.opts.home.Links {
		home.Links = append(home.Links, pages.HomeLink{ID: link.ID, Name: link.Name, URL: link.URL, Note: link.Note})
	}
	if slices.Contains(a.cfg.Pages.ReturnTo, demoStorefront) {
		home.Storefront = demoStorefront
	}
	return home
}

// demoStorefront is where examples/storefront is by default.
const demoStorefront = "http://localhost:8000"

// lacksUser reports whether there is no administrator yet.
func (a *App) lacksUser(ctx context.Context) bool {
	_, users, err := a.store.Users(ctx, store.UserFilter{Page: store.Page{Limit: 1}})
	return err == nil && users == 0
}

// pageTypes are the actor types that have pages.
func (a *App) pageTypes() []string { return pageTypesOf(a.actorTypes) }

func pageTypesOf(custom []everlatch.ActorType) []string {
	out := []string{everlatch.ActorCustomer, everlatch.ActorUser}
	for _, t := range custom {
		out = append(out, t.Name)
	}
	return out
}

// withPages answers requests for pages, and has the API answer all others.
func (a *App) withPages(api http.Handler) http.Handler {
	if a.site == nil {
		return api
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, earlier := strings.CutPrefix(r.URL.Path, earlierPages); earlier && a.opts.devMail {
			to := url.URL{Path: pages.Prefix + rest, RawQuery: r.URL.RawQuery}
			http.Redirect(w, r, to.String(), http.StatusFound)
			return
		}
		if a.site.Serves(r) {
			a.site.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// earlierPages is where dev had its pages; mails that it has kept still link there.
const earlierPages = "/_dev/pages/"

// withPageCallbacks lets the providers that redirect lead back to the pages: to those of
// every actor type, at the address that is configured and, in development, at its other
// name.
func withPageCallbacks(cfg *config.Config, types []string) []config.Provider {
	if !cfg.Pages.Enabled || cfg.Pages.URL == "" {
		return cfg.Auth.Providers
	}
	base := strings.TrimRight(cfg.Pages.URL, "/")
	bases := []string{base}
	if port, local := strings.CutPrefix(base, "http://localhost:"); local {
		bases = append(bases, "http://127.0.0.1:"+port)
	}
	out := slices.Clone(cfg.Auth.Providers)
	for i, p := range out {
		if p.Resolve != google.Identifier && p.Resolve != github.Identifier && p.Resolve != oidc.Identifier {
			continue
		}
		if private, _ := p.Options["allow_private"].(bool); !private && !strings.HasPrefix(base, "https://") {
			continue // the provider accepts no such address
		}
		var allowed []any
		switch list := p.Options[callbackOption].(type) {
		case nil:
		case []any:
			allowed = slices.Clone(list)
		default:
			continue // what is wrong with it is reported with the provider
		}
		for _, base := range bases {
			for _, actorType := range types {
				allowed = append(allowed, base+pages.Prefix+url.PathEscape(actorType)+"/callback/"+url.PathEscape(p.ID))
			}
		}
		out[i].Options = maps.Clone(p.Options)
		out[i].Options[callbackOption] = allowed
	}
	return out
}

const callbackOption = "allowed_callback_urls"
