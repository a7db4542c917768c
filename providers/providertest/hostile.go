package providertest

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"strings"

	"github.com/everlatch/everlatch/providers"
)

const huge = 64 << 10

// strange are hostile values in place of a string.
func strange() []any {
	var nested any = "deep"
	for range 100 {
		nested = []any{nested}
	}
	return []any{
		nil, "", " ", true, 0.0, -1.5, math.MaxFloat64,
		[]any{},
		[]any{"a", 1.0},
		map[string]any{},
		map[string]any{"$ne": nil},
		nested,
		"\x00", "\xff\xfe\xfd", "a\x00b@example.com", "\r\nSet-Cookie: a=b", "\u202egnp", "%00%s%n%!v(MISSING)",
		"' OR 1=1 --", "$2a$99$", "$argon2id$v=19$m=4294967295,t=4294967295,p=255$AA$AA",
		"é", "e\u0301", "١٢٣٤٥٦٧٨", strings.Repeat("a", huge), strings.Repeat("\xff", huge), strings.Repeat("é", huge/2),
	}
}

// hostile are good requests with one hostile value.
func hostile(good providers.Input) map[string]providers.Input {
	out := map[string]providers.Input{
		"a request with nothing":    {},
		"a request with empty maps": {Body: map[string]any{}, Query: map[string]string{}, ActorType: good.ActorType},
	}
	many := map[string]any{}
	for i := range 1000 {
		many[fmt.Sprint("field", i)] = i
	}
	out["a request with 1,000 other fields"] = providers.Input{Body: many, ActorType: good.ActorType}
	for field := range good.Body {
		without := cloneInput(good)
		delete(without.Body, field)
		out[fmt.Sprintf("a request without %q", field)] = without
		for i, value := range strange() {
			in := cloneInput(good)
			in.Body[field] = value
			out[fmt.Sprintf("a request with strange value %d for %q", i, field)] = in
		}
	}
	for name := range good.Query {
		for i, value := range strange() {
			if text, ok := value.(string); ok {
				in := cloneInput(good)
				in.Query[name] = text
				out[fmt.Sprintf("a request with strange value %d for the parameter %q", i, name)] = in
			}
		}
	}
	return out
}

func cloneInput(in providers.Input) providers.Input {
	out := in
	out.Body = cloneMap(in.Body)
	if in.Query != nil {
		out.Query = map[string]string{}
		maps.Copy(out.Query, in.Query)
	}
	return out
}

func cloneRecord(rec *providers.Record) *providers.Record {
	if rec == nil {
		return nil
	}
	out := *rec
	out.UserMetadata, out.ProviderMetadata = cloneMap(rec.UserMetadata), cloneMap(rec.ProviderMetadata)
	return &out
}

func cloneMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	out := make(map[string]any, len(m))
	for name, value := range m {
		out[name] = cloneValue(value)
	}
	return out
}

func cloneValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return cloneMap(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = cloneValue(v[i])
		}
		return out
	}
	return value
}

// same compares requests and records.
func same[T any](a, b T) bool { return reflect.DeepEqual(a, b) }
