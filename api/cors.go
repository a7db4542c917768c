package api

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
)

// originList says which origins a prefix trusts (contract 4.1, CORS).
type originList struct {
	exact    []string
	patterns []*regexp.Regexp
}

// parseOrigins reads a comma-separated setting.
func parseOrigins(setting string) (*originList, error) {
	list := &originList{}
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

// goFlags keeps the flags that mean something to a single test of a string.
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

func (l *originList) allows(origin string) bool {
	if l == nil || origin == "" {
		return false
	}
	return slices.Contains(l.exact, origin) ||
		slices.ContainsFunc(l.patterns, func(re *regexp.Regexp) bool { return re.MatchString(origin) })
}

// TrustOrigins names the list of web origins that may call the paths below
// /<segment> from a browser: for routes of one's own, which otherwise trust
// none. The paths of /admin, /store and /auth have theirs. Call it before the
// first request is served.
func (s *Server) TrustOrigins(segment string, list everlatch.Origins) error {
	origins, known := s.cors[prefix(list)]
	if !known {
		return fmt.Errorf("origins of /%s: there is no list %q", segment, list)
	}
	if segment == "" || strings.Contains(segment, "/") || prefixOf("/"+segment) != prefixNone {
		return fmt.Errorf("origins of %q: want the first segment of a path that has no list yet", segment)
	}
	s.trusted[strings.ToLower(segment)] = origins
	return nil
}

// originsOf returns the origins that the path of a call trusts.
func (s *Server) originsOf(k *call) *originList {
	if k.prefix != prefixNone || len(s.trusted) == 0 {
		return s.cors[k.prefix]
	}
	segment, _, _ := strings.Cut(strings.TrimPrefix(k.path, "/"), "/")
	return s.trusted[strings.ToLower(segment)]
}

// allowedMethods is what every preflight answers, whatever the route knows.
const allowedMethods = "GET,HEAD,PUT,PATCH,POST,DELETE"

// allowOrigins writes the CORS headers and answers preflights. It acts only
// where a route matches, for OPTIONS one with the requested method, and never
// blocks: that is the browser's part.
func (s *Server) allowOrigins(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k, r := callOf(c), c.Request()
		if k.origins == nil {
			return next(c)
		}
		preflight := r.Method == http.MethodOptions && k.match == nil
		if preflight {
			if s.paths().find(r.Header.Get(echo.HeaderAccessControlRequestMethod), k.path) == nil {
				return next(c)
			}
		} else if k.match == nil || k.head {
			return next(c)
		}
		h := c.Response().Header()
		if origin := r.Header.Get(echo.HeaderOrigin); k.origins.allows(origin) {
			h.Set(echo.HeaderAccessControlAllowOrigin, origin)
		}
		h.Set(echo.HeaderAccessControlAllowCredentials, "true")
		if !preflight {
			h.Set(echo.HeaderVary, echo.HeaderOrigin)
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
