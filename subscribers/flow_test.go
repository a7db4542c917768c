package subscribers_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/subscribers"
)

// started is what a flow was started with.
type started struct {
	name, key string
	input     map[string]any
	times     int
}

func (s *started) start(_ context.Context, name, key string, input map[string]any) error {
	s.name, s.key, s.input = name, key, input
	s.times++
	return nil
}

func someEvent() everlatch.Event {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return everlatch.Event{
		ID: "evt_1", Name: "order.placed", GroupID: "g", Source: "apk_1", AuthIdentityID: "authid_1",
		CreatedAt: at, ReleasedAt: &at,
		Data: everlatch.Metadata{
			"id": "order_1", "total": 12, "big": json.Number("9007199254740993"), "nothing": nil,
			"address": everlatch.Metadata{"city": "Bern"}, "lines": []any{"a", "b"}, "first name": "Ada",
			"cost$": "much", "token": everlatch.SecretRef("sec_1"),
		},
	}
}

func TestFlowMapping(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ give, want any }{
		"a field of the data":      {"$.data.id", "order_1"},
		"a field within":           {"$.data.address.city", "Bern"},
		"an object":                {"$.data.address", map[string]any{"city": "Bern"}},
		"a list":                   {"$.data.lines", []any{"a", "b"}},
		"a number":                 {"$.data.total", json.Number("12")},
		"a number with all digits": {"$.data.big", json.Number("9007199254740993")},
		"nothing, which is there":  {"$.data.nothing", nil},
		"a name with a dollar":     {"$.data.cost$", "much"},
		"a secret is a reference":  {"$.data.token", map[string]any{"$secret": "sec_1"}},
		"the name":                 {"$.name", "order.placed"},
		"the id":                   {"$.id", "evt_1"},
		"the identity":             {"$.auth_identity_id", "authid_1"},
		"the source":               {"$.source", "apk_1"},
		"the time":                 {"$.created_at", "2026-03-01T12:00:00Z"},
		"a text":                   {"plain", "plain"},
		"an empty text":            {"", ""},
		"a dollar further on":      {"5 $.data.id", "5 $.data.id"},
		"an escaped path":          {"$$.data.id", "$.data.id"},
		"an escaped price":         {"$$5", "$5"},
		"two dollars":              {"$$$", "$$"},
		"a literal number":         {7, json.Number("7")},
		"a literal bool":           {true, true},
		"a literal nothing":        {nil, nil},
		"within lists and objects": {
			[]any{"$.id", map[string]any{"a": []any{"$.data.address.city", "$$x"}}, 1},
			[]any{"evt_1", map[string]any{"a": []any{"Bern", "$x"}}, json.Number("1")},
		},
		"within Go's own types": {map[string]string{"a": "$.id"}, map[string]any{"a": "evt_1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var got started
			flow, err := subscribers.NewFlow(subscribers.FlowOptions{
				Name: "SendReceipt", Input: map[string]any{"field": tt.give}, Start: got.start,
			})
			require.NoError(t, err)

			err = flow.Deliver(t.Context(), subscribers.Delivery{Event: someEvent(), Subscriber: "receipts", Attempt: 2})

			require.NoError(t, err)
			require.Equal(t, started{
				name: "SendReceipt", key: "receipts/evt_1", input: map[string]any{"field": tt.want}, times: 1,
			}, got)
		})
	}
}

func TestFlowGetsTheWholeEvent(t *testing.T) {
	t.Parallel()

	raw, err := json.Marshal(someEvent())
	require.NoError(t, err)

	var nothing, dollar, point, empty started
	for got, input := range map[*started]map[string]any{
		&nothing: nil, &empty: {}, &dollar: {"event": "$"}, &point: {"event": "$."},
	} {
		flow, err := subscribers.NewFlow(subscribers.FlowOptions{Name: "F", Input: input, Start: got.start})
		require.NoError(t, err)
		require.NoError(t, flow.Deliver(t.Context(), subscribers.Delivery{Event: someEvent(), Subscriber: "s"}))
	}

	for _, input := range []any{nothing.input, dollar.input["event"], point.input["event"]} {
		text, err := json.Marshal(input)
		require.NoError(t, err)
		require.JSONEq(t, string(raw), string(text))
	}
	require.NotNil(t, empty.input)
	require.Empty(t, empty.input)
}

func TestFlowWithAPathThatIsNotThere(t *testing.T) {
	t.Parallel()

	for _, path := range []string{"$.data.missing", "$.data.address.street", "$.data.id.deeper", "$.data.lines.0", "$.data.nothing.x"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			var got started
			flow, err := subscribers.NewFlow(subscribers.FlowOptions{Name: "F", Input: map[string]any{"a": []any{path}}, Start: got.start})
			require.NoError(t, err)

			err = flow.Deliver(t.Context(), subscribers.Delivery{Event: someEvent(), Subscriber: "s"})

			require.EqualError(t, err, "the event has no "+path)
			require.True(t, everlatch.IsPermanent(err))
			require.Zero(t, got.times)
		})
	}
}

func TestFlowPassesOnWhatStartSays(t *testing.T) {
	t.Parallel()

	want := errors.New("no connection")
	flow, err := subscribers.NewFlow(subscribers.FlowOptions{
		Name: "F", Start: func(context.Context, string, string, map[string]any) error { return want },
	})
	require.NoError(t, err)

	err = flow.Deliver(t.Context(), subscribers.Delivery{Event: someEvent()})

	require.ErrorIs(t, err, want)
	require.False(t, everlatch.IsPermanent(err))
}

func TestFlowWithAnEventThatIsNotJSON(t *testing.T) {
	t.Parallel()

	var got started
	flow, err := subscribers.NewFlow(subscribers.FlowOptions{Name: "F", Start: got.start})
	require.NoError(t, err)

	err = flow.Deliver(t.Context(), subscribers.Delivery{Event: everlatch.Event{Data: everlatch.Metadata{"x": math.NaN()}}})

	require.True(t, everlatch.IsPermanent(err))
	require.Zero(t, got.times)
}

func TestNewFlowReportsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()

	_, err := subscribers.NewFlow(subscribers.FlowOptions{Input: map[string]any{
		"a": "$data.id", "b": []any{"$.", "$..", map[string]any{"c": "$.data."}}, "d": "$.data..id", "e": "$5", "f": "$.dta.id", "g": "$.data.a b", "h": "$.id.x", "ok": "$.data.x",
	}})

	for _, want := range []string{
		`input.a: "$data.id"`, `input.b[1]: "$.."`, `input.b[2].c: "$.data."`, `input.d: "$.data..id"`, `input.e: "$5"`,
		`input.f: "$.dta.id"`, `input.g: "$.data.a b"`, `input.h: "$.id.x"`, "a flow needs a name", "a function that starts it",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "input.ok")
	require.NotContains(t, err.Error(), "input.b[0]")

	_, err = subscribers.NewFlow(subscribers.FlowOptions{Name: "F", Input: map[string]any{"a": math.Inf(1)}, Start: (&started{}).start})
	require.ErrorContains(t, err, "JSON cannot express")
}

// A field that is added to events has a path of its own.
func TestEveryFieldOfAnEventHasAPath(t *testing.T) {
	t.Parallel()

	for _, field := range reflect.VisibleFields(reflect.TypeFor[everlatch.Event]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		var got started

		flow, err := subscribers.NewFlow(subscribers.FlowOptions{Name: "F", Input: map[string]any{"x": "$." + name}, Start: got.start})

		require.NoError(t, err)
		require.NoError(t, flow.Deliver(t.Context(), subscribers.Delivery{Event: someEvent()}), name)
	}
}

// Whatever an operator writes and an event holds, a flow is started with JSON
// or not at all.
func FuzzFlow(f *testing.F) {
	f.Add(`{"a": "$.data.id"}`, `{"id": 1}`)
	f.Add(`{"a": ["$", "$$", "$.", {"b": "$.data.a.b"}], "c": null}`, `{"a": {"b": [1e400, null]}}`)
	f.Add(`{"": "$.data.$secret"}`, `{"$secret": "x"}`)
	f.Add(`null`, `null`)
	f.Fuzz(func(t *testing.T, mapping, data string) {
		var input map[string]any
		var event everlatch.Event
		if json.Unmarshal([]byte(mapping), &input) != nil || json.Unmarshal([]byte(data), &event.Data) != nil {
			return
		}
		var got started
		flow, err := subscribers.NewFlow(subscribers.FlowOptions{Name: "F", Input: input, Start: got.start})
		if err != nil {
			return
		}

		err = flow.Deliver(t.Context(), subscribers.Delivery{Event: event})
		if err != nil {
			require.True(t, everlatch.IsPermanent(err))
			require.Zero(t, got.times)
			return
		}
		require.Equal(t, 1, got.times)
		_, err = json.Marshal(got.input)
		require.NoError(t, err)
		if input != nil {
			require.Len(t, got.input, len(input))
		}
	})
}
