package subscribers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/everlatch/everlatch"
)

var _ Subscriber = (*Flow)(nil)

// FlowOptions configure [NewFlow].
type FlowOptions struct {
	// Name is the name of the flow.
	Name string
	// Input is the input of the flow; nil is the whole event. A string that
	// starts with $ is a path into the event: $.id, $.name, $.source,
	// $.group_id, $.auth_identity_id, $.language, $.created_at, $.released_at or
	// $.data.customer.id, and $ for all of it. $$ at the start of a string is a
	// literal $. Paths in lists and objects are replaced too; every other value
	// is used as it is.
	Input map[string]any
	// Start starts a flow, once for each key.
	Start func(ctx context.Context, name, key string, input map[string]any) error
}

// Flow is a subscriber that starts a flow for each event.
type Flow struct {
	name  string
	input map[string]any
	start func(ctx context.Context, name, key string, input map[string]any) error
}

// NewFlow returns a subscriber, or every problem of its options.
func NewFlow(o FlowOptions) (*Flow, error) {
	input, err := asObject(o.Input)
	if err != nil {
		err = errors.New("the input holds something that JSON cannot express")
	}
	problems := append([]error{err}, checkPaths("input", input)...)
	if o.Name == "" {
		problems = append(problems, errors.New("a flow needs a name"))
	}
	if o.Start == nil {
		problems = append(problems, errors.New("a flow needs a function that starts it"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &Flow{name: o.Name, input: input, start: o.Start}, nil
}

// Deliver implements [Subscriber]. Its key is made of the subscription and the
// event, so that the same event starts nothing twice. A path that the event
// does not have is a permanent failure: a retry would find nothing either.
func (f *Flow) Deliver(ctx context.Context, d Delivery) error {
	event, err := asObject(d.Event)
	if err != nil {
		return everlatch.Permanent(errNotJSON)
	}
	input := event
	if f.input != nil {
		if input, err = resolveObject(f.input, event); err != nil {
			return everlatch.Permanent(err)
		}
	}
	return f.start(ctx, f.name, d.Subscriber+"/"+d.Event.ID, input)
}

// asObject returns a value in its JSON form: objects, lists, and numbers that
// keep every digit. Nil stays nil.
func asObject(value any) (out map[string]any, err error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	err = decoder.Decode(&out)
	return out, err
}
