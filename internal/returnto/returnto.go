package returnto

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// MaxBytes is the length of the longest address that is allowed.
const MaxBytes = 2048

// List holds the addresses that a browser may return to. Its zero value allows none.
type List struct{ rules []place }

// Parse reads the entries of a list. Each is an origin, such as https://shop.example, or
// an origin with a path, which allows that path and those below it. The error says which
// entry is wrong and why.
func Parse(entries []string) (List, error) {
	var list List
	var errs []error
	for i, entry := range entries {
		rule, err := parse(entry)
		if err == nil && rule.query {
			err = errors.New("an entry has no query")
		}
		if err != nil {
			errs = append(errs, &EntryError{Position: i + 1, Err: err})
			continue
		}
		rule.path = strings.TrimSuffix(rule.path, "/")
		list.rules = append(list.rules, rule)
	}
	return list, errors.Join(errs...)
}

// EntryError is an entry of a list that cannot be used.
type EntryError struct {
	Position int // from 1
	Err      error
}

// Error says which entry it is and why. It does not repeat the entry, which may hold a
// password.
func (e *EntryError) Error() string {
	return "entry " + strconv.Itoa(e.Position) + ": " + e.Err.Error()
}

// Unwrap returns why.
func (e *EntryError) Unwrap() error { return e.Err }

// Allows reports whether a browser may be sent to an address. The parameters code, state
// and error are added to it later, so that it must have none of them.
func (l List) Allows(address string) bool {
	target, err := parse(address)
	if err != nil || target.reserved {
		return false
	}
	for _, rule := range l.rules {
		if rule.origin == target.origin && under(rule.path, target.path) {
			return true
		}
	}
	return false
}

// With returns an allowed address with further parameters in its query. They follow those
// that it has, whose order and spelling stay.
func With(address string, parameters url.Values) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + parameters.Encode()
}

// under reports whether a path is that of a rule or below it: /shop allows /shop and
// /shop/cart, and not /shopping.
func under(rule, path string) bool {
	rest, ok := strings.CutPrefix(path, rule)
	return ok && (rest == "" || rest[0] == '/')
}

// place is what is compared of an address.
type place struct {
	origin string // scheme, host and port, all written
	path   string // as it was sent
	// query says that there is one, and reserved that it has a parameter of an answer.
	query, reserved bool
}

// hostname is a name or an IP address, as browsers write them.
var hostname = regexp.MustCompile(`^([0-9a-z_-]+(\.[0-9a-z_-]+)*|[0-9a-f:.]+)$`)

var reserved = []string{"code", "state", "error"}

func parse(address string) (place, error) {
	if err := checkText(address); err != nil {
		return place{}, err
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "":
		return place{}, errors.New("this is not an absolute address, such as https://shop.example/account")
	case u.User != nil:
		return place{}, errors.New("an address has no user name")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return place{}, errors.New("an address is https, except on this machine")
	case !hostname.MatchString(u.Hostname()):
		return place{}, errors.New("a host is written in lower case, without wildcards")
	}
	if err := checkPath(u.EscapedPath()); err != nil {
		return place{}, err
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return place{}, errors.New("the query cannot be read")
	}
	out := place{path: u.EscapedPath(), query: u.RawQuery != "" || u.ForceQuery}
	for _, name := range reserved {
		out.reserved = out.reserved || query.Has(name)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	out.origin = u.Scheme + "://" + net.JoinHostPort(u.Hostname(), port)
	return out, nil
}

// checkText refuses what browsers and Go's parser read differently: backslashes count as
// slashes in browsers, which also drop tabs and line breaks, and other alphabets become
// other hosts.
func checkText(address string) error {
	if len(address) > MaxBytes {
		return errors.New("an address has at most 2048 bytes")
	}
	for i := range len(address) {
		switch b := address[i]; {
		case b <= ' ' || b > '~':
			return errors.New("an address is ASCII without blanks; other characters are percent-encoded")
		case b == '\\':
			return errors.New("an address has no backslash")
		case b == '#':
			return errors.New("an address has no fragment")
		}
	}
	return nil
}

// checkPath refuses paths that lead elsewhere once they are normalized.
func checkPath(escaped string) error {
	segments := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		last := i == len(segments)-1
		switch {
		case err != nil || strings.ContainsAny(plain, "/\\"):
			return errors.New("a segment of the path has no encoded slash")
		case plain == "." || plain == ".." || plain == "" && !last:
			return errors.New("the path is written without . and .. and empty segments")
		}
	}
	return nil
}

// loopback reports whether a host is the machine of the browser itself, where http is as
// good as https.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
