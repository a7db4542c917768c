package app

import (
	"net/url"
	"strings"

	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/pages/console"
)

// pageAreas are the areas that packages of their own add to the pages.
func (a *App) pageAreas() []pages.Area {
	if !a.cfg.Pages.Console {
		return nil
	}
	o := console.Options{Now: a.opts.now}
	for _, t := range a.actorTypes {
		o.ActorTypes = append(o.ActorTypes, console.ActorType{Name: t.Name, Plural: t.Plural})
	}
	if ui := a.cfg.Temporal.UIURL; ui != "" {
		o.TemporalUI = strings.TrimSuffix(ui, "/") + "/namespaces/" + url.PathEscape(a.cfg.Temporal.Namespace)
	}
	return []pages.Area{console.Area(o)}
}
