package subscribers_test

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/subscribers"
)

var silent = subscribers.Func(func(context.Context, everlatch.Event) error { return nil })

func names(found []subscribers.Subscription) []string {
	out := []string{}
	for _, s := range found {
		out = append(out, s.Name)
	}
	return out
}

func TestMatching(t *testing.T) {
	t.Parallel()

	registry := subscribers.NewRegistry()
	for _, s := range []subscribers.Subscription{
		{Name: "everything", Events: []string{"*"}},
		{Name: "created", Events: []string{"customer.created", "user.created"}},
		{Name: "customers", Events: []string{"customer.*"}},
		{Name: "twice", Events: []string{"customer.*", "*", "customer.created"}},
		{Name: "ours", Events: []string{"*"}, Source: subscribers.FromEverlatch},
		{Name: "theirs", Events: []string{"*"}, Source: subscribers.FromOutside},
		{Name: "deep", Events: []string{"shop.order.*"}, Source: subscribers.FromOutside},
	} {
		s.Subscriber = silent
		require.NoError(t, registry.Add(s))
	}

	tests := map[string]struct {
		event, source string
		want          []string
	}{
		"an exact name and a kind":         {"customer.created", everlatch.SourceEverlatch, []string{"everything", "created", "customers", "twice", "ours"}},
		"a kind alone":                     {"customer.deleted", everlatch.SourceEverlatch, []string{"everything", "customers", "twice", "ours"}},
		"a kind is not its own name":       {"customer", everlatch.SourceEverlatch, []string{"everything", "twice", "ours"}},
		"a kind ends at its point":         {"customers.created", everlatch.SourceEverlatch, []string{"everything", "twice", "ours"}},
		"a name is not a beginning":        {"customer.created.again", everlatch.SourceEverlatch, []string{"everything", "customers", "twice", "ours"}},
		"from an API key":                  {"shop.order.paid", "apk_01", []string{"everything", "twice", "theirs", "deep"}},
		"the same, claimed to be ours":     {"shop.order.paid", everlatch.SourceEverlatch, []string{"everything", "twice", "ours"}},
		"our name, published from outside": {"user.created", "apk_01", []string{"everything", "created", "twice", "theirs"}},
		"deeper than the kind":             {"shop.order.line.added", "apk_01", []string{"everything", "twice", "theirs", "deep"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			require.Equal(t, tt.want, names(registry.Matching(everlatch.Event{Name: tt.event, Source: tt.source})))
		})
	}
}

func TestRegistryKeepsTheOrder(t *testing.T) {
	t.Parallel()

	registry := subscribers.NewRegistry()
	for _, name := range []string{"z", "a", "m-1"} {
		require.NoError(t, registry.Add(subscribers.Subscription{Name: name, Events: []string{"*"}, Subscriber: silent}))
	}

	require.Equal(t, []string{"z", "a", "m-1"}, names(registry.List()))
	found, ok := registry.Get("a")
	require.True(t, ok)
	require.Equal(t, "a", found.Name)
	_, ok = registry.Get("b")
	require.False(t, ok)
	require.Empty(t, subscribers.NewRegistry().Matching(everlatch.Event{Name: "x"}))
}

func TestAddReportsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()

	registry := subscribers.NewRegistry()
	require.NoError(t, registry.Add(subscribers.Subscription{Name: "a", Events: []string{"*"}, Subscriber: silent}))

	tests := map[string]struct {
		give subscribers.Subscription
		want []string
	}{
		"nothing at all": {
			subscribers.Subscription{},
			[]string{"lower case letters", "events are missing", "a subscriber is needed"},
		},
		"a name that is taken, and more": {
			subscribers.Subscription{Name: "a", Events: []string{"x"}, Source: "any", Timeout: -1, Subscriber: subscribers.Func(nil)},
			[]string{"the name is taken", `there is no source "any"`, "the timeout is negative", "a subscriber is needed"},
		},
		"patterns that are none": {
			subscribers.Subscription{Name: "b", Events: []string{"", "A", "customer*", "*.created", "a..b", ".", "a.**", "a b", "ok.*"}, Subscriber: silent},
			[]string{`""`, `"A"`, `"customer*"`, `"*.created"`, `"a..b"`, `"."`, `"a.**"`, `"a b"`},
		},
		"a name with capitals": {
			subscribers.Subscription{Name: "Audit", Events: []string{"*"}, Subscriber: silent},
			[]string{`subscriber "Audit"`, "lower case letters"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := registry.Add(tt.give)

			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), `"ok.*"`)
		})
	}
	t.Cleanup(func() { require.Len(t, registry.List(), 1) })
}

func TestRegistryIsSafeForReaders(t *testing.T) {
	t.Parallel()

	events := []string{"customer.*"}
	registry := subscribers.NewRegistry()
	require.NoError(t, registry.Add(subscribers.Subscription{Name: "a", Events: events, Subscriber: silent}))
	events[0] = "changed afterwards"

	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			_, _ = registry.Get("a")
			_ = registry.List()
			_ = registry.Matching(everlatch.Event{Name: "customer.created"})
		})
	}
	readers.Wait()

	require.Len(t, registry.Matching(everlatch.Event{Name: "customer.created"}), 1)
}

func TestFunc(t *testing.T) {
	t.Parallel()

	want := errors.New("not now")
	f := subscribers.Func(func(_ context.Context, e everlatch.Event) error {
		if e.ID != "evt_1" {
			return nil
		}
		return want
	})

	require.ErrorIs(t, f.Deliver(t.Context(), subscribers.Delivery{Event: everlatch.Event{ID: "evt_1"}}), want)
}

// Medusa's modules have other names for events of ours.
func TestNamesOfModules(t *testing.T) {
	t.Parallel()
	data := everlatch.Metadata{"id": "x_1", "email": "ada@example.com"}
	for name, tt := range map[string]struct {
		event, source string
		events        []string
		want          string
	}{
		"a customer":                      {event: "customer.created", events: []string{"customer.customer.created"}, want: "customer.customer.created"},
		"a customer, of a kind":           {event: "customer.deleted", events: []string{"customer.customer.*"}, want: "customer.customer.deleted"},
		"an administrator":                {event: "user.updated", events: []string{"user.user.updated"}, want: "user.user.updated"},
		"an invite":                       {event: "invite.created", events: []string{"user.invite.created"}, want: "user.invite.created"},
		"a token of an invite":            {event: "invite.created", events: []string{everlatch.EventInviteToken}, want: everlatch.EventInviteToken},
		"another token":                   {event: "invite.resent", events: []string{everlatch.EventInviteToken}, want: everlatch.EventInviteToken},
		"an accepted invite":              {event: "invite.accepted", events: []string{"user.invite.updated"}, want: "user.invite.updated"},
		"a revoked invite":                {event: "invite.deleted", events: []string{"user.invite.deleted"}, want: "user.invite.deleted"},
		"the first name wins":             {event: "customer.created", events: []string{"customer.customer.created", "customer.created"}, want: "customer.created"},
		"everything has the first name":   {event: "customer.created", events: []string{"*"}, want: "customer.created"},
		"another verb":                    {event: "user.roles_changed", events: []string{"user.user.roles_changed"}},
		"a kind is not that of a module":  {event: "invite.created", events: []string{"user.*"}},
		"another kind":                    {event: "manager.created", events: []string{"manager.manager.created"}},
		"an event from outside is itself": {event: "customer.created", source: "apk_1", events: []string{"customer.customer.created"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := subscribers.Subscription{Name: "x", Events: tt.events}
			e := everlatch.Event{Name: tt.event, Source: cmp.Or(tt.source, everlatch.SourceEverlatch), Data: data}
			got, wanted := s.As(e)
			if tt.want == "" {
				require.False(t, wanted)
				return
			}
			require.True(t, wanted)
			require.Equal(t, tt.want, got.Name)
			if tt.want == tt.event {
				require.Equal(t, data, got.Data)
				return
			}
			require.Equal(t, everlatch.Metadata{"id": "x_1"}, got.Data)
		})
	}
}
