package wire

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// pathIndex finds the route that a request means. Echo's router compares bytes and
// Express does not: static segments ignore case, one trailing slash is tolerated,
// an empty segment is not. So a path is matched here first and handed to Echo as
// the route wrote it.
type pathIndex struct {
	bySegments map[int][]*Pattern
	wildcards  []*Pattern
}

// Route is a method and a path in Echo's syntax.
type Route struct{ Method, Path string }

// Pattern is one path with all its methods.
type Pattern struct {
	Path     string
	segments []string
	methods  []string // in the order of registration, which Allow shows
	order    int
}

// newPathIndex indexes the built-in routes in their order, then those that were added
// to Echo.
func newPathIndex(builtIn []Route, registered []*echo.Route) *pathIndex {
	byPath := map[string]*Pattern{}
	add := func(method, path string) {
		p := byPath[path]
		if p == nil {
			p = &Pattern{Path: path, segments: Segments(path), order: len(byPath)}
			byPath[path] = p
		}
		if !slices.Contains(p.methods, method) {
			p.methods = append(p.methods, method)
		}
	}
	for _, r := range builtIn {
		add(r.Method, r.Path)
	}
	slices.SortFunc(registered, func(a, b *echo.Route) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	for _, r := range registered {
		if r.Method != echo.RouteNotFound { // Echo adds these for each group
			add(r.Method, r.Path)
		}
	}
	idx := &pathIndex{bySegments: map[int][]*Pattern{}}
	for _, p := range byPath {
		if strings.HasSuffix(p.Path, "*") {
			idx.wildcards = append(idx.wildcards, p)
			continue
		}
		idx.bySegments[len(p.segments)] = append(idx.bySegments[len(p.segments)], p)
	}
	for _, list := range idx.bySegments {
		slices.SortFunc(list, bySpecificity)
	}
	slices.SortFunc(idx.wildcards, bySpecificity)
	return idx
}

// bySpecificity puts static segments before parameters, from left to right
// (docs/contract.md#s4-1, route precedence).
func bySpecificity(a, b *Pattern) int {
	for i := range min(len(a.segments), len(b.segments)) {
		if c := cmp.Compare(segmentRank(a.segments[i]), segmentRank(b.segments[i])); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(len(b.segments), len(a.segments)), cmp.Compare(a.order, b.order))
}

func segmentRank(segment string) int {
	switch {
	case strings.HasPrefix(segment, "*"):
		return 2
	case strings.HasPrefix(segment, ":"):
		return 1
	default:
		return 0
	}
}

// find returns the most specific pattern that matches a raw path and has the
// method, or nil.
func (x *pathIndex) find(method, path string) *Pattern {
	for p := range x.matching(path) {
		if slices.Contains(p.methods, method) {
			return p
		}
	}
	return nil
}

// matching yields all patterns for a raw path, the most specific first.
func (x *pathIndex) matching(path string) func(yield func(*Pattern) bool) {
	return func(yield func(*Pattern) bool) {
		for _, p := range x.bySegments[countSegments(path)] {
			if p.matches(path) && !yield(p) {
				return
			}
		}
		for _, p := range x.wildcards {
			if p.matchesPrefix(path) && !yield(p) {
				return
			}
		}
	}
}

// allowed lists the methods of a path as Express writes them into Allow: HEAD
// comes with GET, patterns in the order of registration.
func (x *pathIndex) allowed(path string) []string {
	patterns := slices.Collect(x.matching(path))
	slices.SortStableFunc(patterns, func(a, b *Pattern) int { return cmp.Compare(a.order, b.order) })
	var out []string
	for _, p := range patterns {
		for _, m := range p.methods {
			for _, name := range withHead(m) {
				if !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

func withHead(method string) []string {
	if method == http.MethodGet {
		return []string{http.MethodGet, http.MethodHead}
	}
	return []string{method}
}

func (p *Pattern) matches(path string) bool {
	rest := trimSlash(path)
	for _, want := range p.segments {
		var got string
		got, rest, _ = strings.Cut(rest, "/")
		if got == "" || want[0] != ':' && !strings.EqualFold(want, got) {
			return false
		}
	}
	return rest == ""
}

func (p *Pattern) matchesPrefix(path string) bool {
	rest := strings.TrimPrefix(path, "/")
	for _, want := range p.segments[:len(p.segments)-1] {
		got, after, more := strings.Cut(rest, "/")
		if got == "" || !more || want[0] != ':' && !strings.EqualFold(want, got) {
			return false
		}
		rest = after
	}
	return true
}

// canonical rewrites a raw path that matched, as Echo's router wants to see it.
func (p *Pattern) canonical(path string) string {
	var b strings.Builder
	rest := strings.TrimPrefix(path, "/")
	for _, want := range p.segments {
		b.WriteByte('/')
		if want[0] == '*' {
			b.WriteString(rest)
			break
		}
		var got string
		got, rest, _ = strings.Cut(rest, "/")
		if want[0] != ':' {
			got = want
		}
		b.WriteString(got)
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

// literal reports whether Echo matches the path unchanged, as it does for nearly
// every request: that saves a copy of the request.
func (p *Pattern) literal(path string) bool {
	if len(path) > 1 && path[len(path)-1] == '/' {
		return strings.HasSuffix(p.Path, "*")
	}
	rest := strings.TrimPrefix(path, "/")
	for _, want := range p.segments {
		var got string
		got, rest, _ = strings.Cut(rest, "/")
		if want[0] != ':' && want[0] != '*' && want != got {
			return false
		}
	}
	return true
}

// trimSlash removes the leading slash and one trailing one.
func trimSlash(path string) string {
	return strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
}

// Segments splits a path without its leading and one trailing slash.
func Segments(path string) []string {
	trimmed := trimSlash(path)
	if trimmed == "" {
		return nil
	}
	return strings.Split(trimmed, "/")
}

func countSegments(path string) int {
	trimmed := trimSlash(path)
	if trimmed == "" {
		// "//" and longer have empty segments, which match nothing.
		return len(path) - 1
	}
	return strings.Count(trimmed, "/") + 1
}

// decodedParams returns path parameters without escapes. ok is false for text
// that no record can have in its id.
func decodedParams(values []string, escaped bool) (out []string, ok bool) {
	out = make([]string, len(values))
	for i, v := range values {
		if escaped {
			decoded, err := url.PathUnescape(v)
			if err != nil {
				return nil, false
			}
			v = decoded
		}
		if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}
