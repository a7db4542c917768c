package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
)

// WithActorType adds a custom actor type, next to customers and users:
// with it come POST /<name> for who has registered, /<name>/me, /admin/<plural>,
// the flows that create, change and remove its records, and their events. A
// definition with mistakes, or one whose paths are taken, is an error of New.
//
// Processes with the part API and those with the part Worker must be given the
// same types.
func WithActorType(t everlatch.ActorType) Option {
	return func(o *options) { o.actorTypes = append(o.actorTypes, t) }
}

// WithOwnRoutes adds routes to the API, before it serves the first request. The
// app has what handlers work with: [App.Flows] starts flows, [App.Customer] and the like read.
// An error is one of New.
func WithOwnRoutes(add func(*App, *api.Server) error) Option {
	return func(o *options) { o.routes = append(o.routes, add) }
}

// WithRoutes is [WithOwnRoutes] for routes that need only the server.
func WithRoutes(add func(*api.Server)) Option {
	return WithOwnRoutes(func(_ *App, s *api.Server) error {
		add(s)
		return nil
	})
}

// completeTypes checks the custom actor types, each by itself and next
// to one another.
func completeTypes(types []everlatch.ActorType) ([]everlatch.ActorType, error) {
	var out []everlatch.ActorType
	var problems []error
	names, prefixes := map[string]bool{}, map[string]string{}
	for _, t := range types {
		t, err := t.Complete()
		problems = append(problems, err)
		switch other, taken := prefixes[t.IDPrefix]; {
		case names[t.Name]:
			problems = append(problems, fmt.Errorf("actor type %q is added twice", t.Name))
		case taken && t.IDPrefix != "":
			problems = append(problems, fmt.Errorf(
				"actor types %q and %q have ids with the same prefix %q: set IDPrefix", other, t.Name, t.IDPrefix))
		}
		names[t.Name], prefixes[t.IDPrefix] = true, t.Name
		out = append(out, t)
	}
	return out, errors.Join(problems...)
}

// ActorTypeNames returns the names of the actor types that options add.
func ActorTypeNames(opts ...Option) []string {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	names := make([]string, len(o.actorTypes))
	for i, t := range o.actorTypes {
		names[i] = t.Name
	}
	return names
}

// configuredTypes are the actor types that options and settings name.
func (a *App) configuredTypes() []string {
	names := slices.Collect(maps.Keys(a.cfg.HTTP.AuthMethodsPerActor))
	for _, t := range a.actorTypes {
		names = append(names, t.Name)
	}
	return names
}

// keepActors gives the built-in store to types that bring none.
func (a *App) keepActors() {
	for i := range a.actorTypes {
		if t := &a.actorTypes[i]; t.Store == nil {
			t.Store = a.store.Records(*t)
		}
	}
}

// Actors returns the store of an actor type, for reading in handlers and
// custom activities, or nil where there is no such type. A direct write
// through it records no event; the flows do.
func (a *App) Actors(actorType string) everlatch.ActorStore {
	for _, t := range a.actorTypes {
		if t.Name == actorType {
			return t.Store
		}
	}
	return nil
}
