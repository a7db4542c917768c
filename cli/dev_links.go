package cli

import (
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	hosted "github.com/everlatch/everlatch/pages"
)

// unknownAddress stands for the address of the dev service in settings until it
// is known. The domain cannot exist (RFC 6761).
const unknownAddress = "http://dev.invalid"

// builtInTypes are the actor types that every service has.
var builtInTypes = []string{everlatch.ActorCustomer, everlatch.ActorUser}

// loadDev reads the configuration of a dev service. Links in mails lead to its
// own pages, except those whose URL is set, and its storefronts may use the pages to sign
// in. Its workers have no versions: it is one
// process, and always the latest.
func (p *program) loadDev(c *cobra.Command) (config.Config, error) {
	defaults := map[string]any{"pages.url": unknownAddress, "mail.urls": p.pageURLs(unknownAddress)}
	cfg, err := p.loadOver(c, defaults)
	if err == nil && (cfg.Pages.URL != unknownAddress || !cfg.Pages.Enabled) {
		cfg, err = p.load(c) // an address that was set is that of the links, too
	}
	cfg.Temporal.Deployment = config.Deployment{}
	cfg.ReturnToStorefronts()
	return cfg, err
}

// pageURLs are the base URLs of links in mails that lead to the pages of a service.
func (p *program) pageURLs(service string) map[string]any {
	urls := map[string]any{}
	for _, actorType := range append(app.ActorTypeNames(p.options...), builtInTypes...) {
		urls[actorType] = strings.TrimRight(service, "/") + hosted.Prefix + actorType
	}
	return urls
}

// linkToPages puts the host:port that the dev service listens on into the address of its
// pages and into the links to them. A URL that was set for all other actor types counts
// for the custom ones too.
func linkToPages(cfg *config.Config, address string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return // which the listener has refused, or will
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	service := "http://" + net.JoinHostPort(host, port)
	if cfg.Pages.URL == unknownAddress {
		cfg.Pages.URL = service
	}
	cfg.Mail.URLs = maps.Clone(cfg.Mail.URLs)
	_, others := cfg.Mail.URLs["default"]
	for actorType, url := range cfg.Mail.URLs {
		path, ours := strings.CutPrefix(url, unknownAddress)
		switch {
		case !ours:
		case others && !slices.Contains(builtInTypes, actorType):
			delete(cfg.Mail.URLs, actorType)
		default:
			cfg.Mail.URLs[actorType] = service + path
		}
	}
}
