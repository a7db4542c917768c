package subscribers

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
)

// Registry keeps subscriptions in the order of their registration. Once the
// last one is added, it is safe for concurrent use.
type Registry struct {
	byName map[string]Subscription
	order  []string
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{byName: map[string]Subscription{}} }

var (
	nameForm    = regexp.MustCompile(`^[a-z0-9-]+$`)
	patternForm = regexp.MustCompile(`^(\*|[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?)$`)
	sources     = []string{FromAnywhere, FromEverlatch, FromOutside}
)

// Add registers a subscription, or reports every problem of it.
func (r *Registry) Add(s Subscription) error {
	var problems []error
	if !nameForm.MatchString(s.Name) {
		problems = append(problems, errors.New("a name consists of lower case letters, digits and hyphens"))
	}
	if _, taken := r.byName[s.Name]; taken {
		problems = append(problems, errors.New("the name is taken"))
	}
	if len(s.Events) == 0 {
		problems = append(problems, errors.New("events are missing: name some, or * for all"))
	}
	for _, pattern := range s.Events {
		if !patternForm.MatchString(pattern) {
			problems = append(problems, fmt.Errorf("%q is neither the name of an event, nor of a kind such as customer.*, nor *", pattern))
		}
	}
	if !slices.Contains(sources, s.Source) {
		problems = append(problems, fmt.Errorf("there is no source %q", s.Source))
	}
	if s.Timeout < 0 {
		problems = append(problems, errors.New("the timeout is negative"))
	}
	if f, isFunc := s.Subscriber.(Func); s.Subscriber == nil || isFunc && f == nil {
		problems = append(problems, errors.New("a subscriber is needed"))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("subscriber %q: %w", s.Name, err)
	}
	s.Events = slices.Clone(s.Events)
	r.byName[s.Name] = s
	r.order = append(r.order, s.Name)
	return nil
}

// Get returns the subscription with a name.
func (r *Registry) Get(name string) (Subscription, bool) {
	s, ok := r.byName[name]
	return s, ok
}

// List returns all subscriptions in the order of their registration.
func (r *Registry) List() []Subscription {
	out := make([]Subscription, len(r.order))
	for i, name := range r.order {
		out[i] = r.byName[name]
	}
	return out
}

// Matching returns the subscriptions that match an event, in the order of their
// registration.
func (r *Registry) Matching(e everlatch.Event) []Subscription {
	var out []Subscription
	for _, name := range r.order {
		if _, wanted := r.byName[name].As(e); wanted {
			out = append(out, r.byName[name])
		}
	}
	return out
}

// As returns an event as a subscription is told it, and whether it is at all. One
// that asks for the event by a name of [everlatch.ModuleEvents] alone gets it under
// that name, and with the id alone, as Medusa's modules tell it.
func (s Subscription) As(e everlatch.Event) (everlatch.Event, bool) {
	ours := e.Source == everlatch.SourceEverlatch
	switch {
	case s.Source == FromEverlatch && !ours || s.Source == FromOutside && ours:
		return e, false
	case s.names(e.Name):
		return e, true
	case !ours:
		return e, false
	}
	for _, name := range everlatch.ModuleEvents(e.Name) {
		if s.namesOfModule(name) {
			e.Name, e.Data = name, everlatch.Metadata{"id": e.Data["id"]}
			return e, true
		}
	}
	return e, false
}

// namesOfModule is names for the name of a module, which "user.*" does not mean: it
// takes at least "user.user.*".
func (s Subscription) namesOfModule(event string) bool {
	return slices.ContainsFunc(s.Events, func(pattern string) bool {
		kind, all := strings.CutSuffix(pattern, "*")
		return pattern == event || all && strings.Count(kind, ".") > 1 && strings.HasPrefix(event, kind)
	})
}

func (s Subscription) names(event string) bool {
	return slices.ContainsFunc(s.Events, func(pattern string) bool {
		if pattern == "*" || pattern == event {
			return true
		}
		kind, all := strings.CutSuffix(pattern, "*")
		return all && strings.HasPrefix(event, kind)
	})
}
