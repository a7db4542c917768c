package config

import (
	"errors"
	"regexp"
	"strings"
)

// Pages is about the pages that the service has itself.
type Pages struct {
	Enabled         bool     `koanf:"enabled" default:"true" doc:"Serve the hosted pages at /ui/<actor type>: sign-in, sign-up, recovery and the account."`
	Console         bool     `koanf:"console" default:"true" doc:"Serve the console of administrators at /console. It needs pages.enabled."`
	Folder          string   `koanf:"folder" doc:"Folder with templates and messages that replace those of the pages at the same relative path, such as templates/layout.html and messages/signin.de.toml."`
	Brand           string   `koanf:"brand" doc:"Name of the service on the pages; by default mail.brand."`
	LogoURL         string   `koanf:"logo_url" doc:"Logo on the pages: an absolute URL, or a path of this host. Empty shows the name alone."`
	Accent          string   `koanf:"accent" doc:"Colour of buttons and links on the pages, as #rrggbb."`
	ReturnTo        []string `koanf:"return_to" default:"[]" doc:"Where a sign-in on the pages may lead back to (return_to): origins such as https://shop.example, URLs, or URLs that end in a slash and stand for everything below. Pages of this service are always allowed."`
	DefaultLanguage string   `koanf:"default_language" default:"en" doc:"Language of the pages for visitors whose browser accepts none of those that exist: en, de, fr, es, pl, ja, ar, and those that pages.folder adds."`
}

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (p Pages) check() Problems {
	var out Problems
	if p.Accent != "" && !colour.MatchString(p.Accent) {
		out = append(out, Problem{"pages.accent", "this is not a colour, such as #1d4ed8"})
	}
	if p.LogoURL != "" && (!strings.HasPrefix(p.LogoURL, "/") || strings.HasPrefix(p.LogoURL, "//")) {
		if _, err := webURL(p.LogoURL); err != nil {
			out = append(out, Problem{"pages.logo_url", err.Error()})
		}
	}
	for _, entry := range p.ReturnTo {
		u, err := webURL(entry)
		if err == nil && (u.RawQuery != "" || u.Fragment != "") {
			err = errNoPlace
		}
		if err != nil {
			out = append(out, Problem{"pages.return_to", entry + ": " + err.Error()})
		}
	}
	return out
}

var errNoPlace = errors.New("this is not an origin or a URL without a query")
