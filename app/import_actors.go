package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/imports/convert"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
)

// ImportedActors returns what makes records of an actor type of the users of another
// system. It is nil for customers and administrators, and for a type whose records are
// kept elsewhere, which can only be linked.
func (a *App) ImportedActors(actorType string) (convert.ActorMaker, error) {
	if actorType == everlatch.ActorCustomer || actorType == everlatch.ActorUser {
		return nil, nil
	}
	i := slices.IndexFunc(a.actorTypes, func(t everlatch.ActorType) bool { return t.Name == actorType })
	if i < 0 && slices.Contains(a.configuredTypes(), actorType) {
		return nil, nil
	}
	if i < 0 {
		return nil, fmt.Errorf("there is no actor type %q", actorType)
	}
	t := a.actorTypes[i]
	records, here := t.Store.(*store.Records)
	if !here {
		return nil, nil
	}
	form, err := query.NewForm(t.Fields)
	if err != nil {
		return nil, err
	}
	return importedActors{t, records, form}.make, nil
}

// importedActors makes records of one actor type.
type importedActors struct {
	t       everlatch.ActorType
	records *store.Records
	form    *query.Form
}

// make implements [convert.ActorMaker]. Values are those that a sign-up would accept.
func (i importedActors) make(seed string, at time.Time, given map[string]any) (r transfer.Record, left []string, err error) {
	fields, err := plainValues(given)
	if err != nil {
		return nil, nil, err
	}
	for name := range fields {
		if !slices.ContainsFunc(i.t.Fields, func(f everlatch.Field) bool { return f.Name == name }) {
			left = append(left, name)
			delete(fields, name)
		}
	}
	data, err := i.form.Parse(fields)
	if err == nil && i.t.Validate != nil {
		err = i.t.Validate(context.Background(), data)
	}
	if invalid, is := errors.AsType[*query.InvalidError](err); is {
		return nil, nil, fmt.Errorf("The record does not fit the fields of a %s: %w.", i.t.Name, invalid) //nolint:revive,staticcheck // a sentence of the report
	}
	if refusal, is := errors.AsType[*everlatch.Error](err); is {
		return nil, nil, fmt.Errorf("A %s cannot be made of the record: %s.", i.t.Name, strings.TrimSuffix(refusal.Message, ".")) //nolint:revive,staticcheck // the same
	}
	if err != nil {
		return nil, nil, err
	}
	if at.Before(time.Unix(0, 0)) {
		at = time.Unix(0, 0) // unknown
	}
	return transfer.Record{
		"type": transfer.TypeActor, "id": ids.Derived(i.t.IDPrefix, at, seed), "actor_type": i.t.Name, "data": data, "values": i.records.Values(data),
	}, left, nil
}

// plainValues are values as a request has them: numbers are float64.
func plainValues(given map[string]any) (out map[string]any, err error) {
	text, err := json.Marshal(given)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	return out, err
}
