package console

import (
	"path"
	"slices"
	"strings"
)

// frame is the part of a page's data that all pages have.
type frame struct {
	Nav []section
	// Me is who is signed in.
	Me user

	visit *visit
}

func (v *visit) frame() frame { return frame{Nav: v.navigation(), Me: v.me, visit: v} }

// Can reports whether the administrator has all of some permissions, for elements of templates.
func (f frame) Can(needs ...string) bool { return f.visit.can(needs...) }

// zones are the names of the pages that have blocks of a program before and after what is
// on them, by their templates, and the part of the path that says what the page is about.
var zones = map[string]struct{ name, subject string }{
	"overview": {"overview", ""}, "people": {"search", ""}, "person": {"person", "id"}, "groups": {"groups", ""}, "group": {"group", "id"},
	"invites": {"invites", ""}, "roles": {"roles", ""}, "role": {"role", "id"}, "keys": {"keys", ""}, "events": {"events", ""}, "event": {"event", "id"},
	"deliveries": {"deliveries", ""}, "flows": {"flows", ""}, "flow": {"flow", ""}, "audit": {"audit", ""}, "schedules": {"schedules", ""}, "health": {"health", ""},
}

// blocks are the names of the blocks of the console.
func blocks() (out []string) {
	for _, zone := range zones {
		out = append(out, zoneName(zone.name, "before"), zoneName(zone.name, "after"))
	}
	for _, list := range []string{"customers", "users"} {
		out = append(out, zoneName(list, "before"), zoneName(list, "after"))
	}
	slices.Sort(out)
	return out
}

func zoneName(page, place string) string { return "console." + page + "." + place }

// Zone is the name of the block at a place of the page, such as console.person.after. A
// page that only asks a question has none.
func (f frame) Zone(place string) string {
	if f.visit.page == "list" {
		return zoneName(path.Base(f.visit.R.URL.Path), place)
	}
	if zone, found := zones[f.visit.page]; found {
		return zoneName(zone.name, place)
	}
	return ""
}

// Subject is the id of what the page is about, "" for a page about nothing in particular.
func (f frame) Subject() string {
	if f.visit.page == "flow" {
		return f.visit.R.URL.Query().Get("id")
	}
	return f.visit.R.PathValue(zones[f.visit.page].subject)
}

// section is a group of links in the navigation.
type section struct {
	Label string
	Links []link
}

type link struct {
	Label, Path string
	Current     bool
}

// place is a page of the navigation with what it needs.
type place struct {
	label, path string
	needs       []string
}

// Places that take more than permissions: there are roles only where they are switched on,
// and one kind of people is enough to search.
const (
	rolesPath  = Path + "/roles"
	searchPath = Path + "/people"
)

// navigation lists what the administrator may see.
func (v *visit) navigation() []section {
	var out []section
	for _, s := range []struct {
		label  string
		places []place
	}{
		{"", []place{{"console.overview", Path, nil}}},
		{"console.people", []place{
			{"console.search", searchPath, nil},
			{"console.customers", Path + "/customers", []string{"customer:read"}},
			{"console.groups", Path + "/groups", []string{"customer_group:read"}},
			{"console.users", Path + "/users", []string{"user:read"}},
			{"console.invites", Path + "/invites", []string{"invite:read"}},
		}},
		{"console.access", []place{
			{"console.roles", rolesPath, []string{"rbac_role:read"}},
			{"console.keys", Path + "/keys", []string{"api_key:read"}},
		}},
		{"console.activity", []place{
			{"console.flows", Path + "/flows", []string{"flow:read"}},
			{"console.events", Path + "/events", []string{"event:read"}},
			{"console.deliveries", Path + "/deliveries", []string{"event:read"}},
			{"console.audit", Path + "/audit", []string{"audit:read"}},
		}},
		{"console.system", []place{
			{"console.schedules", Path + "/schedules", []string{"schedule:read"}},
			{"console.health", Path + "/health", []string{"doctor:read"}},
		}},
	} {
		found := section{}
		if s.label != "" {
			found.Label = v.T(s.label)
		}
		for _, p := range s.places {
			if v.can(p.needs...) && (v.roles || p.path != rolesPath) && (p.path != searchPath || v.searches()) {
				found.Links = append(found.Links, link{v.T(p.label), p.path, v.under(p.path)})
			}
		}
		if len(found.Links) > 0 {
			out = append(out, found)
		}
	}
	return out
}

// under reports whether the page is at a path or below it.
func (v *visit) under(path string) bool {
	here := v.R.URL.Path
	return here == path || path != Path && strings.HasPrefix(here, path+"/")
}
