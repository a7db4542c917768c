package console

import (
	"embed"
	"maps"
	"time"

	"github.com/everlatch/everlatch/pages"
)

//go:embed templates messages
var files embed.FS

// Path is where the console is.
const Path = "/console"

// Options are the settings of the console.
type Options struct {
	// ActorTypes are the custom actor types.
	ActorTypes []ActorType
	// TemporalUI is the URL of a namespace in Temporal's web UI, such as
	// http://127.0.0.1:8233/namespaces/default, "" for none.
	TemporalUI string
	// Now is the clock.
	Now func() time.Time
}

// ActorType is a custom actor type as the routes of the API name it.
type ActorType struct{ Name, Plural string }

// console is the area.
type console struct{ Options }

// Area returns the console for [pages.Options].
func Area(o Options) pages.Area {
	c := &console{o}
	routes := map[string]pages.Handler{
		"GET /console":           c.page(nil, c.showOverview),
		"GET /console/step-up":   c.page(nil, c.showStepUp),
		"POST /console/sign-out": c.page(nil, c.signOut),
		"/console/":              c.page(nil, notFound),
	}
	for _, more := range []map[string]pages.Handler{
		c.peopleRoutes(), c.profileRoutes(), c.inviteRoutes(), c.groupRoutes(), c.roleRoutes(), c.keyRoutes(), c.eventRoutes(), c.flowRoutes(), c.auditRoutes(), c.systemRoutes(),
	} {
		maps.Copy(routes, more)
	}
	return pages.Area{Name: "console", Files: files, Routes: routes, Blocks: blocks()}
}

// past reports whether a time of the API is over; what isn't a time never is.
func (c *console) past(at string) bool {
	t, err := time.Parse(time.RFC3339, at)
	return err == nil && !t.After(c.Now())
}
