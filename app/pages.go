package app

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"slices"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/mail"
	"github.com/everlatch/everlatch/pages"
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
func (a *App) pageTypes() []string {
	out := []string{everlatch.ActorCustomer, everlatch.ActorUser}
	for _, name := range a.configuredTypes() {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// withPages answers requests for pages, and has the API answer all others.
func (a *App) withPages(api http.Handler) http.Handler {
	if a.site == nil {
		return api
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.site.Serves(r) {
			a.site.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}
