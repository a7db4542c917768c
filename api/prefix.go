package api

import (
	"fmt"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/wire"
)

// prefix is the part of the API to which a path belongs; CORS, publishable keys
// and authentication depend on it (docs/contract.md#s4-1).
type prefix string

const (
	prefixAdmin prefix = "admin"
	prefixStore prefix = "store"
	prefixAuth  prefix = "auth"
	prefixNone  prefix = ""
)

func prefixOf(path string) prefix {
	first := firstSegment(path)
	for _, p := range []prefix{prefixAdmin, prefixStore, prefixAuth} {
		if strings.EqualFold(first, string(p)) {
			return p
		}
	}
	return prefixNone
}

func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

// TrustOrigins names the list of web origins that may call the paths below
// /<segment> from a browser. Custom routes trust none without it; the paths below
// /admin, /store and /auth have their own lists. Call it before the first request
// is served.
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

// originsOf returns the origins that a raw path trusts, nil when it has no list.
func (s *Server) originsOf(path string) *wire.Origins {
	if p := prefixOf(path); p != prefixNone || len(s.trusted) == 0 {
		return s.cors[p]
	}
	return s.trusted[strings.ToLower(firstSegment(path))]
}
