package app

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/worker"
	"github.com/everlatch/everlatch/workflows"
)

// How long a hook may take, unless [HookWithin] says otherwise: an activity has a
// caller who waits, a workflow may wait for a human.
const (
	DefaultHookActivityWithin = 9 * time.Second
	DefaultHookWorkflowWithin = 30 * 24 * time.Hour
)

// WithHook runs a function at a point of every flow that has it. f is an activity,
//
//	func(ctx context.Context, in everlatch.HookInput) error
//
// or a workflow, which may wait for as long as it likes:
//
//	func(ctx workflow.Context, in everlatch.HookInput) error
//
// An [everlatch.Error] refuses, and the caller of the flow gets its code and
// message. Every other error is a fault: an activity is tried again, and when it
// does not succeed the flow fails. Either way, what the flow has created is undone.
// The hooks of a point run one after the other, in the order of the options.
//
// The worker knows f by its name, without its package. Running flows refer to the
// name, so give a function that was renamed its former one with [HookName]. Flows
// that had started before a hook was added go on without it. Processes with the
// part API and those with the part Worker must be given the same hooks.
// docs/hooks.md has the points.
func WithHook(point everlatch.HookPoint, f any, opts ...HookOption) Option {
	h := hook{point: point, f: f, name: functionName(f)}
	for _, opt := range opts {
		opt(&h)
	}
	return func(o *options) { o.hooks = append(o.hooks, h) }
}

// HookOption changes how [WithHook] adds a hook.
type HookOption func(*hook)

// HookName names a hook, for ever. A function literal needs one.
func HookName(name string) HookOption { return func(h *hook) { h.name = name } }

// HookWithin says how long a hook may take in all. A workflow that is not done by
// then has refused; when it has to tidy up, it waits with a timer of its own that is
// shorter.
func HookWithin(d time.Duration) HookOption { return func(h *hook) { h.within = d } }

type hook struct {
	point  everlatch.HookPoint
	f      any
	name   string
	within time.Duration
}

var hookNameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,99}$`)

// functionName is the name of a function without its package and receiver, "" for a
// literal.
func functionName(f any) string {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() {
		return ""
	}
	full := strings.TrimSuffix(runtime.FuncForPC(v.Pointer()).Name(), "-fm")
	name := full[strings.LastIndex(full, ".")+1:]
	if regexp.MustCompile(`^func\d+$|^\d+$`).MatchString(name) {
		return ""
	}
	return name
}

// assembleHooks returns the hooks for flows and for the worker, or everything that
// is wrong with them. A function may be at several points.
func assembleHooks(hooks []hook) (activities.HookSet, []worker.Hook, error) {
	var problems []error
	set := make(activities.HookSet)
	registered := map[string]any{}
	var known []worker.Hook
	for _, h := range hooks {
		entry, err := h.assemble()
		other, taken := registered[h.name]
		if err == nil && taken && reflect.ValueOf(other).Pointer() != reflect.ValueOf(h.f).Pointer() {
			err = errors.New("another hook has this name")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("the hook %q at %q: %w", h.name, h.point, err))
			continue
		}
		if !taken {
			registered[h.name] = h.f
			known = append(known, entry)
		}
		set[h.point] = append(set[h.point], activities.Hook{
			Name: entry.Name, Workflow: entry.Workflow != nil, Within: h.limit(entry.Workflow != nil),
		})
	}
	return set, known, errors.Join(problems...)
}

func (h hook) limit(waits bool) time.Duration {
	switch {
	case h.within > 0:
		return h.within
	case waits:
		return DefaultHookWorkflowWithin
	}
	return DefaultHookActivityWithin
}

func (h hook) assemble() (worker.Hook, error) {
	out := worker.Hook{Name: workflows.HookPrefix + h.name}
	switch f := h.f.(type) {
	case func(context.Context, everlatch.HookInput) error:
		out.Activity = f
	case func(workflow.Context, everlatch.HookInput) error:
		out.Workflow = f
	}
	var problems []error
	if !slices.Contains(everlatch.HookPoints(), h.point) {
		problems = append(problems, errors.New("there is no such hook point"))
	}
	if h.name == "" {
		problems = append(problems, errors.New("a function literal needs a name: app.HookName"))
	} else if !hookNameForm.MatchString(h.name) {
		problems = append(problems, errors.New("the name is not of letters, digits, _ . and -"))
	}
	if out.Activity == nil && out.Workflow == nil || reflect.ValueOf(h.f).IsNil() {
		problems = append(problems, fmt.Errorf("%T is neither an activity nor a workflow with an everlatch.HookInput", h.f))
	}
	if h.within < 0 {
		problems = append(problems, errors.New("the time is negative"))
	}
	return out, errors.Join(problems...)
}
