package authservice

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/internal/store"
)

// test is one test of a condition.
type test[T any] struct {
	op     store.Op
	values []T
}

// testsOf returns the tests of a condition, patterns left out.
func testsOf[T any](c auth.Condition[T]) (out []test[T]) {
	for _, one := range []struct {
		op    store.Op
		value *T
	}{
		{store.Is, c.Eq},
		{store.IsNot, c.Ne},
		{store.More, c.Gt},
		{store.AtLeast, c.Gte},
		{store.Less, c.Lt},
		{store.AtMost, c.Lte},
		{store.Contains, c.Contains},
	} {
		if one.value != nil {
			out = append(out, test[T]{one.op, []T{*one.value}})
		}
	}
	if c.In != nil {
		out = append(out, test[T]{store.Is, c.In})
	}
	if c.Nin != nil {
		out = append(out, test[T]{store.IsNot, c.Nin})
	}
	return out
}

// existence is the test of whether there is a value.
func existence[T any](c auth.Condition[T]) []store.Op {
	switch {
	case c.Exists == nil:
		return nil
	case *c.Exists:
		return []store.Op{store.Present}
	}
	return []store.Op{store.Absent}
}

// reader collects the first thing that is wrong with a filter.
type reader struct{ err error }

func (r *reader) fail(message string) {
	if r.err == nil {
		r.err = invalid(message)
	}
}

func patterns[T any](r *reader, c auth.Condition[T]) (out []test[string]) {
	for _, one := range []struct {
		op      store.Op
		pattern *string
	}{{store.Like, c.Like}, {store.ILike, c.ILike}, {store.Matches, c.Re}} {
		if one.pattern != nil {
			out = append(out, test[string]{one.op, []string{*one.pattern}})
		}
	}
	if c.Re != nil {
		if err := store.CheckRegexp(*c.Re); err != nil {
			r.fail("The regular expression can't be used: " + err.Error() + ".")
		}
	}
	return out
}

// texts reads the condition of a text. T is string or a type of one.
func texts[T ~string](r *reader, field string, c auth.Condition[T]) (out []store.TextTest) {
	if c.Overlap != nil || c.Contained != nil {
		r.fail("$overlap and $contained are for arrays; " + field + " is a text.")
	}
	for _, t := range testsOf(c) {
		values := make([]string, len(t.values))
		for i, v := range t.values {
			values[i] = string(v)
		}
		out = append(out, store.TextTest{Op: t.op, Texts: values})
	}
	for _, t := range patterns(r, c) {
		out = append(out, store.TextTest{Op: t.op, Texts: t.values})
	}
	for _, op := range existence(c) {
		out = append(out, store.TextTest{Op: op})
	}
	return out
}

func textsByName(r *reader, conditions map[string]auth.Condition[string]) map[string][]store.TextTest {
	out := map[string][]store.TextTest{}
	for name, c := range conditions {
		out[name] = texts(r, name, c)
	}
	return out
}

// resolution is that of the database. A time is compared at this one.
const resolution = time.Microsecond

func (r *reader) times(field string, c auth.Condition[time.Time]) (out []store.TimeTest) {
	if c.Contains != nil || c.Like != nil || c.ILike != nil || c.Re != nil || c.Overlap != nil || c.Contained != nil {
		r.fail("A pattern can't test the time " + field + ".")
		return nil
	}
	for _, op := range existence(c) {
		out = append(out, store.TimeTest{Op: op})
	}
	for _, t := range testsOf(c) {
		periods := make([]store.Period, len(t.values))
		for i, at := range t.values {
			from := at.UTC().Truncate(resolution)
			periods[i] = store.Period{From: from, Until: from.Add(resolution)}
		}
		out = append(out, store.TimeTest{Op: t.op, Periods: periods})
	}
	return out
}

func (r *reader) metadata(conditions map[string]auth.Condition[any]) (out []store.MetadataTest) {
	for _, key := range slices.Sorted(maps.Keys(conditions)) {
		c := conditions[key]
		tests := testsOf(c)
		if c.Overlap != nil {
			tests = append(tests, test[any]{store.Overlaps, c.Overlap})
		}
		if c.Contained != nil {
			tests = append(tests, test[any]{store.Contained, c.Contained})
		}
		for _, t := range tests {
			values := make([]any, len(t.values))
			for i, v := range t.values {
				var err error
				if values[i], err = asJSON(v); err != nil {
					r.fail("The value of " + key + " is not JSON.")
				}
			}
			out = append(out, store.MetadataTest{Key: key, Op: t.op, Values: values})
		}
		for _, t := range patterns(r, c) {
			out = append(out, store.MetadataTest{Key: key, Op: t.op, Values: []any{t.values[0]}})
		}
		for _, op := range existence(c) {
			out = append(out, store.MetadataTest{Key: key, Op: op})
		}
	}
	return out
}

// read reads a whole filter.
func read[F, S any](one func(*reader, F) S, f F) (S, error) {
	var r reader
	out := one(&r, f)
	return out, r.err
}

// combined reads the filters inside a filter.
func combined[F, S any](one func(F) S, and, or []F, not *F) (outAnd, outOr []S, outNot *S) {
	for _, inner := range and {
		outAnd = append(outAnd, one(inner))
	}
	for _, inner := range or {
		outOr = append(outOr, one(inner))
	}
	if not != nil {
		outNot = new(one(*not))
	}
	return outAnd, outOr, outNot
}

func identityFilter(f auth.AuthIdentityFilter) (store.IdentityFilter, error) {
	return read((*reader).identities, f)
}

func (r *reader) identities(f auth.AuthIdentityFilter) store.IdentityFilter {
	out := store.IdentityFilter{
		ID: texts(r, "id", f.ID), Actors: textsByName(r, f.Links), AppMetadata: r.metadata(f.AppMetadata),
		CreatedAt: r.times("created_at", f.CreatedAt), UpdatedAt: r.times("updated_at", f.UpdatedAt),
		LastUsedAt: r.times("last_used_at", f.LastUsedAt),
	}
	if f.ProviderIdentities != nil {
		out.Credential = new(r.credentials(*f.ProviderIdentities))
	}
	out.And, out.Or, out.Not = combined(r.identities, f.And, f.Or, f.Not)
	return out
}

func credentialFilter(f auth.ProviderIdentityFilter) (store.CredentialFilter, error) {
	return read((*reader).credentials, f)
}

func (r *reader) credentials(f auth.ProviderIdentityFilter) store.CredentialFilter {
	out := store.CredentialFilter{
		ID: texts(r, "id", f.ID), IdentityID: texts(r, "auth_identity_id", f.AuthIdentityID), Provider: texts(r, "provider", f.Provider),
		EntityID: texts(r, "entity_id", f.EntityID), EntityKey: texts(r, "entity_key", f.EntityKey), UserMetadata: r.metadata(f.UserMetadata),
		CreatedAt: r.times("created_at", f.CreatedAt), UpdatedAt: r.times("updated_at", f.UpdatedAt),
	}
	out.And, out.Or, out.Not = combined(r.credentials, f.And, f.Or, f.Not)
	return out
}

// normal returns metadata as they are once they have been stored: numbers are float64.
func normal(m everlatch.Metadata) (everlatch.Metadata, error) {
	if m == nil {
		return nil, nil //nolint:nilnil // no metadata are none
	}
	value, err := asJSON(m)
	out, _ := value.(map[string]any)
	return out, err
}

func asJSON(v any) (out any, err error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, invalid("Metadata must be JSON.")
	}
	return out, json.Unmarshal(text, &out)
}
