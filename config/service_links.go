package config

import (
	"net/netip"
	"regexp"
	"strconv"
)

// Kubernetes gives every container variables that say where the services of its
// namespace listen, and Docker's links do the same. A service that is called
// everlatch, or everlatch-api, gives them names that start like our own. They are
// told apart by name and value together: a mistyped setting is still an error.
var serviceLinks = []struct{ name, value *regexp.Regexp }{
	{regexp.MustCompile(`_PORT(_\d+_(TCP|UDP|SCTP))?$`), regexp.MustCompile(`^(tcp|udp|sctp)://[^/\s]+:\d+$`)},
	{regexp.MustCompile(`_PORT_\d+_(TCP|UDP|SCTP)_PROTO$`), regexp.MustCompile(`^(tcp|udp|sctp)$`)},
	{regexp.MustCompile(`_NAME$`), regexp.MustCompile(`^/\S+/\S+$`)}, // Docker: /container/alias
}

var (
	linkedAddress = regexp.MustCompile(`_(SERVICE_HOST|PORT_\d+_(TCP|UDP|SCTP)_ADDR)$`)
	linkedPort    = regexp.MustCompile(`_(SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)_PORT)$`)
)

// isServiceLink reports whether an orchestrator set a variable.
func isServiceLink(name, value string) bool {
	for _, link := range serviceLinks {
		if link.name.MatchString(name) && link.value.MatchString(value) {
			return true
		}
	}
	if linkedAddress.MatchString(name) {
		_, err := netip.ParseAddr(value)
		return err == nil || value == "None" // a service without an address
	}
	if linkedPort.MatchString(name) {
		_, err := strconv.ParseUint(value, 10, 16)
		return err == nil
	}
	return false
}
