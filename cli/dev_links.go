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
	"github.com/everlatch/everlatch/internal/devpages"
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
	urls := map[string]any{}
	for _, actorType := range append(app.ActorTypeNames(p.options...), builtInTypes...) {
		urls[actorType] = unknownAddress + devpages.Path + "/" + actorType
	}
	cfg, err := p.loadOver(c, map[string]any{"mail.urls": urls})
	cfg.Temporal.Deployment = config.Deployment{}
	cfg.ReturnToStorefronts()
	return cfg, err
}

// linkToPages puts the host:port that the dev service listens on into the links
// to its pages. A URL that was set for all other actor types counts for the
// custom ones too.
func linkToPages(cfg *config.Config, address string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return // which the listener has refused, or will
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
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
			cfg.Mail.URLs[actorType] = "http://" + net.JoinHostPort(host, port) + path
		}
	}
}
