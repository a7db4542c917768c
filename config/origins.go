package config

import (
	"fmt"
	"net/url"
	"strings"
)

// checkOrigins refuses origins that no browser ever sends: the setting would be
// without effect, and the error would show in a browser's console only.
func (h HTTP) checkOrigins() Problems {
	var out Problems
	for _, list := range []struct{ key, text string }{
		{"http.store_cors", h.StoreCORS}, {"http.admin_cors", h.AdminCORS}, {"http.auth_cors", h.AuthCORS},
	} {
		for entry := range strings.SplitSeq(list.text, ",") {
			entry = strings.TrimSpace(entry)
			if entry == "" || entry == "null" { // what files and sandboxed frames send
				continue
			}
			if why := neverSent(entry); why != "" {
				out = append(out, Problem{list.key, fmt.Sprintf("%q never matches: %s", entry, why)})
			}
		}
	}
	return out
}

// defaultPorts are what a browser leaves out.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// neverSent says why an origin is not what a browser writes into the header
// Origin (RFC 6454), "" for one that may be. Schemes of other programs, such as
// capacitor://localhost, are origins too.
func neverSent(entry string) string {
	if delimiter := entry[0]; strings.IndexByte("/~@;%#'", delimiter) >= 0 {
		if strings.LastIndexByte(entry, delimiter) == 0 {
			return "a regular expression ends with the character that it starts with"
		}
		return ""
	}
	if entry == "*" {
		return "requests carry cookies, so every origin must be listed; /./ allows all of them"
	}
	if !strings.Contains(entry, "://") {
		return "an origin starts with a scheme, such as https://shop.example"
	}
	if strings.Contains(entry, "*") {
		return `a pattern is written as a regular expression, such as /^https:\/\/[a-z]+\.shop\.example$/`
	}
	u, err := url.Parse(entry)
	switch {
	case err != nil || u.Host == "":
		return "this is not an origin, such as https://shop.example"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(entry, "?#"):
		return "an origin is scheme, host and port alone"
	case u.Path == "/":
		return "an origin has no slash at its end"
	case u.Path != "":
		return "an origin has no path"
	case u.Port() != "" && u.Port() == defaultPorts[u.Scheme]:
		return "browsers leave the port of the scheme out"
	case entry != strings.ToLower(entry):
		return "browsers write origins in lower case"
	}
	return ""
}
