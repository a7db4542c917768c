package config

import (
	"errors"
	"regexp"
	"strings"

	"github.com/everlatch/everlatch/internal/returnto"
)

// Pages is about the pages that the service has itself.
type Pages struct {
	Enabled         bool     `koanf:"enabled" default:"true" doc:"Serve the hosted pages at /ui/<actor type>: sign-in, sign-up, recovery and the account."`
	URL             string   `koanf:"url" doc:"Address at which browsers reach this service and its pages, such as https://auth.shop.example. With it, links in mails lead to the pages unless mail.urls says otherwise, and providers may lead back to them. dev knows its own."`
	Console         bool     `koanf:"console" default:"true" doc:"Serve the console of administrators at /console. It needs pages.enabled."`
	Folder          string   `koanf:"folder" doc:"Folder with templates and messages that replace those of the pages at the same relative path, such as templates/layout.html and messages/signin.de.toml."`
	Brand           string   `koanf:"brand" doc:"Name of the service on the pages; by default mail.brand."`
	LogoURL         string   `koanf:"logo_url" doc:"Logo on the pages: an absolute URL, or a path of this host. Empty shows the name alone."`
	Accent          string   `koanf:"accent" doc:"Colour of buttons and links on the pages, as #rrggbb."`
	ReturnTo        []string `koanf:"return_to" default:"[]" doc:"Pages of storefronts that a browser may return to after it signed in on the hosted pages (return_to): origins, such as https://shop.example, or origins with a path, which allows that path and those below it. https, except on this machine. In dev, an empty list is the origins of http.store_cors."`
	DefaultLanguage string   `koanf:"default_language" default:"en" doc:"Language of the pages for visitors whose browser accepts none of those that exist: en, de, fr, es, pl, ja, ar, and those that pages.folder adds."`
}

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (p Pages) check() Problems {
	var out Problems
	if p.URL != "" {
		u, err := webURL(p.URL)
		if err == nil && (strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "") {
			err = errNotOrigin
		}
		if err != nil {
			out = append(out, Problem{"pages.url", err.Error()})
		}
	}
	if p.Accent != "" && !colour.MatchString(p.Accent) {
		out = append(out, Problem{"pages.accent", "this is not a colour, such as #1d4ed8"})
	}
	if p.LogoURL != "" && (!strings.HasPrefix(p.LogoURL, "/") || strings.HasPrefix(p.LogoURL, "//")) {
		if _, err := webURL(p.LogoURL); err != nil {
			out = append(out, Problem{"pages.logo_url", err.Error()})
		}
	}
	_, err := returnto.Parse(p.ReturnTo)
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range many.Unwrap() {
			out = append(out, Problem{"pages.return_to", err.Error()})
		}
	}
	return out
}

var errNotOrigin = errors.New("this is not an address without a path, such as https://auth.shop.example")

// ReturnToStorefronts sets the pages that a browser may return to, unless some are set, to
// the origins that may call /store. Patterns among those are no origins and are left out.
func (c *Config) ReturnToStorefronts() {
	if len(c.Pages.ReturnTo) > 0 {
		return
	}
	for entry := range strings.SplitSeq(c.HTTP.StoreCORS, ",") {
		entry = strings.TrimSpace(entry)
		if _, err := returnto.Parse([]string{entry}); err == nil {
			c.Pages.ReturnTo = append(c.Pages.ReturnTo, entry)
		}
	}
}
