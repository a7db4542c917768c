package api

import (
	"maps"

	"github.com/everlatch/everlatch"
)

// ShownReasons are the names under which reasons are told, with their sentences.
func ShownReasons() map[everlatch.Reason]string {
	out := make(map[everlatch.Reason]string, len(shownReasons))
	for reason, name := range maps.All(shownReasons) {
		out[name] = sentences[reason]
	}
	return out
}

// RouteNeeds is what a built-in route asks of administrators.
type RouteNeeds struct {
	Method, Path string
	Needs        []everlatch.Permission
	// Free is for every administrator, Public for every caller.
	Free, Public bool
}

// AdminRoutes are the built-in routes under /admin.
func (s *Server) AdminRoutes() []RouteNeeds {
	var out []RouteNeeds
	for _, r := range s.routes() {
		if prefixOf(r.path) == prefixAdmin {
			out = append(out, RouteNeeds{r.method, r.path, r.needs, r.free, r.public})
		}
	}
	return out
}

// DashboardPaths are the routes that only fill the pages of the dashboard.
func (s *Server) DashboardPaths() []string {
	var out []string
	for _, r := range s.dashboardRoutes() {
		out = append(out, r.method+" "+r.path)
	}
	return out
}
