package console

import (
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
