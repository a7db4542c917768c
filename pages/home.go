package pages

import (
	"context"
	"net/http"
)

// Home is what the landing page of a development service shows besides the pages
// themselves.
type Home struct {
	// Links are what else runs here.
	Links []HomeLink
	// FirstUser, if set, reports whether there is no administrator yet.
	FirstUser func(ctx context.Context) bool
	// Storefront is where the demo storefront is when it runs.
	Storefront string
}

// HomeLink is a part of the service. Those with the ID of a message, home.link_… and
// home.note_…, are shown in the language of the visitor, others with their Name and Note.
type HomeLink struct{ ID, Name, URL, Note string }

// homeArea is the landing page: what to do next, and where everything is.
func homeArea() Area {
	return Area{Name: "home", Files: embedded, Routes: map[string]Handler{"GET /{$}": showHome}}
}

// developmentAreas are the areas that only a development service has.
func developmentAreas(o Options) (out []Area) {
	if o.Home != nil {
		out = append(out, homeArea())
	}
	if o.Inbox == inboxPath {
		out = append(out, inboxArea())
	}
	return out
}

// homePage is the data of home/home.
type homePage struct {
	FirstUser  bool
	Storefront string
	// Doors are the sign-in pages, one for each actor type.
	Doors []homeDoor
	Links []HomeLink
}

type homeDoor struct{ ActorType, Label, URL string }

func showHome(v *Visit) error {
	h := v.site.opts.Home
	page := homePage{FirstUser: h.FirstUser != nil && h.FirstUser(v.Context()), Storefront: h.Storefront}
	for _, actorType := range v.site.opts.ActorTypes {
		label := actorType
		if id := "home.actor_" + actorType; v.language.has(id) {
			label = v.T(id)
		}
		page.Doors = append(page.Doors, homeDoor{ActorType: actorType, Label: label, URL: Prefix + actorType})
	}
	if v.site.has("/console") {
		page.Links = append(page.Links, HomeLink{ID: "console", URL: "/console"})
	}
	page.Links = append(page.Links, h.Links...)
	for i, link := range page.Links {
		if v.language.has("home.link_" + link.ID) {
			page.Links[i].Name, page.Links[i].Note = v.T("home.link_"+link.ID), v.T("home.note_"+link.ID)
		}
	}
	return v.Show(http.StatusOK, "home/home", page)
}

// has reports whether a path is a page.
func (s *Site) has(path string) bool {
	r, err := http.NewRequest(http.MethodGet, path, http.NoBody) //nolint:noctx // it is sent nowhere
	if err != nil {
		return false
	}
	_, pattern := s.mux.Handler(r)
	return pattern != "" && pattern != Prefix
}
