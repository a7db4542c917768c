package wire

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// Origins is a list of trusted web origins (docs/contract.md#s4-1, CORS).
type Origins struct {
	exact    []string
	patterns []*regexp.Regexp
}

// ParseOrigins reads a comma-separated setting: origins, or regular expressions
// wrapped in one of / ~ @ ; % # ' with optional flags.
func ParseOrigins(setting string) (*Origins, error) {
	list := &Origins{}
	for entry := range strings.SplitSeq(setting, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		source, flags, isPattern := splitPattern(entry)
		if !isPattern {
			list.exact = append(list.exact, entry)
			continue
		}
		re, err := regexp.Compile(goFlags(flags) + source)
		if err != nil {
			return nil, fmt.Errorf("origin %q: %w", entry, err)
		}
		list.patterns = append(list.patterns, re)
	}
	return list, nil
}

// splitPattern recognises an expression wrapped in one of / ~ @ ; % # ' with
// optional flags behind it.
func splitPattern(entry string) (source, flags string, ok bool) {
	delimiter := entry[0]
	if strings.IndexByte("/~@;%#'", delimiter) < 0 {
		return "", "", false
	}
	end := strings.LastIndexByte(entry, delimiter)
	if end == 0 {
		return "", "", false
	}
	flags = entry[end+1:]
	return entry[1:end], flags, strings.Trim(flags, "dgimsuvy") == ""
}

// goFlags keeps the flags that matter when a string is tested once.
func goFlags(flags string) string {
	var kept strings.Builder
	for _, f := range "ims" {
		if strings.ContainsRune(flags, f) {
			kept.WriteString(string(f))
		}
	}
	if kept.String() == "" {
		return ""
	}
	return "(?" + kept.String() + ")"
}

// allows reports whether the list has an origin. A nil list has none.
func (l *Origins) allows(origin string) bool {
	if l == nil || origin == "" {
		return false
	}
	return slices.Contains(l.exact, origin) ||
		slices.ContainsFunc(l.patterns, func(re *regexp.Regexp) bool { return re.MatchString(origin) })
}

// allowedMethods is what every preflight answers, whatever methods the route has.
const allowedMethods = "GET,HEAD,PUT,PATCH,POST,DELETE"

// CORS writes the CORS headers and answers preflights. It acts only where a route
// matches, for OPTIONS one with the requested method, and never refuses a request:
// that is up to the browser.
func (x *Router) CORS(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		q, r := Of(c), c.Request()
		if q.Origins == nil {
			return next(c)
		}
		preflight := r.Method == http.MethodOptions && q.Match == nil
		if preflight {
			if x.index().find(r.Header.Get(echo.HeaderAccessControlRequestMethod), q.Path) == nil {
				return next(c)
			}
		} else if q.Match == nil || q.head {
			return next(c)
		}
		h := c.Response().Header()
		q.AllowOrigin(h, r)
		if !preflight {
			return next(c)
		}
		h.Set(echo.HeaderVary, echo.HeaderOrigin+", "+echo.HeaderAccessControlRequestHeaders)
		h.Set(echo.HeaderAccessControlAllowMethods, allowedMethods)
		if asked := r.Header.Get(echo.HeaderAccessControlRequestHeaders); asked != "" {
			h.Set(echo.HeaderAccessControlAllowHeaders, asked)
		}
		return c.NoContent(http.StatusNoContent)
	}
}

// AllowOrigin sets the CORS headers of an answer that is no preflight.
func (q *Request) AllowOrigin(h http.Header, r *http.Request) {
	if q.Origins == nil || q.head {
		return
	}
	if origin := r.Header.Get(echo.HeaderOrigin); q.Origins.allows(origin) {
		h.Set(echo.HeaderAccessControlAllowOrigin, origin)
	}
	h.Set(echo.HeaderAccessControlAllowCredentials, "true")
	h.Set(echo.HeaderVary, echo.HeaderOrigin)
}
