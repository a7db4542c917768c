package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
)

func screenHook(context.Context, everlatch.HookInput) error { return nil }

func approveHook(workflow.Context, everlatch.HookInput) error { return nil }

// desk has a method that is a hook.
type desk struct{}

func (*desk) Ask(context.Context, everlatch.HookInput) error { return nil }

func TestWithHook(t *testing.T) {
	t.Parallel()
	const point = everlatch.HookBeforeAccountCreated
	literal := func(context.Context, everlatch.HookInput) error { return nil }
	for name, tt := range map[string]struct {
		opts []app.Option
		want string
	}{
		"an activity and a workflow": {opts: []app.Option{app.WithHook(point, screenHook), app.WithHook(point, approveHook)}},
		"one at two points":          {opts: []app.Option{app.WithHook(point, screenHook), app.WithHook(everlatch.HookAfterRegister, screenHook)}},
		"a method":                   {opts: []app.Option{app.WithHook(point, (&desk{}).Ask, app.HookWithin(time.Second))}},
		"a named literal":            {opts: []app.Option{app.WithHook(point, literal, app.HookName("Screen"))}},
		"a literal": {
			opts: []app.Option{app.WithHook(point, literal)}, want: "a function literal needs a name: app.HookName",
		},
		"a name of two": {
			opts: []app.Option{app.WithHook(point, screenHook), app.WithHook(point, literal, app.HookName("screenHook"))},
			want: `the hook "screenHook" at "before_account_created": another hook has this name`,
		},
		"a wrong name":  {opts: []app.Option{app.WithHook(point, literal, app.HookName("a b"))}, want: "the name is not of letters"},
		"another point": {opts: []app.Option{app.WithHook("before_lunch", screenHook)}, want: "there is no such hook point"},
		"no hook":       {opts: []app.Option{app.WithHook(point, func() {}, app.HookName("X"))}, want: "func() is neither an activity nor a workflow"},
		"nil":           {opts: []app.Option{app.WithHook(point, nil, app.HookName("X"))}, want: "neither an activity nor a workflow"},
		"a negative time": {
			opts: []app.Option{app.WithHook(point, screenHook, app.HookWithin(-1))}, want: "the time is negative",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := app.New(t.Context(), settings(t), append(tt.opts, app.WithMigrations())...)
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			require.NoError(t, a.Close())
		})
	}
}
