package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/wire"
)

// actorType is a custom actor type with all that its routes need.
type actorType struct {
	everlatch.ActorType

	table render.Table[everlatch.ActorRecord]
	shape query.Shape
	// create has the fields of a sign-up, change those that the owner may change
	// later, administer those that administrators may.
	create, change, administer *query.Form
	filters                    query.Schema
}

func newActorType(def everlatch.ActorType) (*actorType, error) {
	def, err := def.Complete()
	if err != nil {
		return nil, err
	}
	if def.Store == nil {
		return nil, fmt.Errorf("actor type %q has no store", def.Name)
	}
	t := &actorType{ActorType: def}
	t.table = recordTable(def)
	t.shape = render.ShapeOf(t.table)
	t.filters = query.ActorFilters(def)
	form := func(keep func(everlatch.Field) bool, creates bool) *query.Form {
		var fields []everlatch.Field
		for _, f := range def.Fields {
			f.Required = f.Required && creates
			if keep(f) {
				fields = append(fields, f)
			}
		}
		form, formErr := query.NewForm(fields)
		err = errors.Join(err, formErr)
		return form
	}
	t.create = form(func(f everlatch.Field) bool { return !f.AdminOnly }, true)
	t.change = form(func(f everlatch.Field) bool { return !f.AdminOnly && !f.Immutable }, false)
	t.administer = form(func(f everlatch.Field) bool { return !f.Immutable }, false)
	return t, err
}

// recordTable shows a record: the id, its fields in the order of the
// definition, its times.
func recordTable(def everlatch.ActorType) render.Table[everlatch.ActorRecord] {
	out := render.Table[everlatch.ActorRecord]{render.Text("id", func(r *everlatch.ActorRecord) string { return r.ID })}
	for _, f := range def.Fields {
		out = append(out, render.Column[everlatch.ActorRecord]{Name: f.Name, Write: func(b []byte, r *everlatch.ActorRecord) []byte {
			switch v := r.Data[f.Name].(type) {
			case nil:
				return append(b, "null"...)
			case string:
				return wire.AppendText(b, v)
			default:
				return wire.AppendJSON(b, v)
			}
		}})
	}
	return append(out,
		render.Time("created_at", func(r *everlatch.ActorRecord) time.Time { return r.CreatedAt }),
		render.Time("updated_at", func(r *everlatch.ActorRecord) time.Time { return r.UpdatedAt }),
		render.NullableTime("deleted_at", func(r *everlatch.ActorRecord) *time.Time { return r.DeletedAt }))
}

// withActors adds the routes of custom actor types. A type whose paths would
// hide others is refused.
func (s *Server) withActors(routes []route) ([]route, error) {
	var problems []error
	used := map[string]bool{}
	for _, r := range routes {
		segments := wire.Segments(r.path)
		used[strings.Join(segments[:min(1, len(segments))], "/")] = true
		used[strings.Join(segments[:min(2, len(segments))], "/")] = true
	}
	for _, def := range s.opts.ActorTypes {
		t, err := newActorType(def)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for _, path := range []string{t.Name, "admin/" + t.Plural} {
			if used[path] {
				problems = append(problems, fmt.Errorf("actor type %q: the path /%s is taken", t.Name, path))
			}
			used[path] = true
		}
		s.actors[t.Name] = t
		routes = append(routes, s.actorRoutes(t)...)
		problems = append(problems, s.TrustOrigins(t.Name, t.Origins))
	}
	return slices.Clip(routes), errors.Join(problems...)
}

// actorRoutes are the routes of one type. An account cannot be
// restored, so its owner removes it after a recent sign-in.
func (s *Server) actorRoutes(t *actorType) []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	by := func(p httpauth.Policy) []echo.MiddlewareFunc {
		p.ActorTypes, p.Methods = []string{t.Name}, httpauth.Session|httpauth.Bearer
		return []echo.MiddlewareFunc{require(p)}
	}
	on := func(handle func(*actorType, echo.Context) error) echo.HandlerFunc {
		return func(c echo.Context) error { return handle(t, c) }
	}
	own, admin := "/"+t.Name, "/admin/"+t.Plural
	return []route{
		{method: post, path: own, handle: on(s.createActor), middleware: by(httpauth.Policy{AllowUnregistered: true})},
		{method: get, path: own + "/me", handle: on(s.readOwnActor), middleware: by(httpauth.Policy{})},
		{method: post, path: own + "/me", handle: on(s.updateOwnActor), middleware: by(httpauth.Policy{})},
		{method: del, path: own + "/me", handle: on(s.removeOwnActor), middleware: by(httpauth.Policy{MaxAge: s.opts.RecentWithin})},

		{method: get, path: admin, handle: on(s.listActors), needs: can(t.Name + ":read")},
		{method: get, path: admin + "/:id", handle: on(s.readActor), needs: can(t.Name + ":read")},
		{method: post, path: admin + "/:id", handle: on(s.updateActor), needs: can(t.Name + ":update")},
		{method: del, path: admin + "/:id", handle: on(s.removeActor), needs: can(t.Name + ":delete")},
	}
}

// has reports whether a record has a field.
func (t *actorType) has(name string) bool {
	return slices.ContainsFunc(t.Fields, func(f everlatch.Field) bool { return f.Name == name })
}

// parse validates the fields of a new actor, for POST /<type> and for a sign-up
// that creates the account in the same call.
func (t *actorType) parse(ctx context.Context, values map[string]any) (everlatch.Metadata, error) {
	data, err := t.create.Parse(values)
	if err != nil || t.Validate == nil {
		return data, err
	}
	return data, t.Validate(ctx, data)
}
