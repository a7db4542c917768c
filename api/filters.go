package api

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/everlatch/everlatch/internal/store"
)

// Lists are filtered as contract 2.1 and 4.1 say: created_at[$gte]=…,
// id[]=…&id[]=…, groups[name]=…, $or[0][email]=…. Which field knows what stands
// in the schema of the list.

const (
	// maxValues and maxFilters bound how long a statement one request can make:
	// SQLite reads one in time that grows with the square of its arguments.
	maxValues  = 100
	maxFilters = 20
)

// withDeleted is a parameter of the contract's lists.
var withDeleted = field{name: "with_deleted", kind: kindFlag}

// combined adds to the fields of a list that filters can be combined.
func (s schema) combined() schema {
	return s.with(field{name: "$and", kind: kindFilters, of: s}, field{name: "$or", kind: kindFilters, of: s}, withDeleted)
}

// dated adds times to the fields of a list.
func (s schema) dated(names ...string) schema {
	for _, name := range append([]string{"created_at", "updated_at", "deleted_at"}, names...) {
		s = s.with(field{name: name, kind: kindTimes})
	}
	return s
}

// operators are the comparisons that fields know.
var operators = map[string]store.Op{
	"$eq": store.Is, "$in": store.Is, "$ne": store.IsNot, "$nin": store.IsNot,
	"$gt": store.More, "$gte": store.AtLeast, "$lt": store.Less, "$lte": store.AtMost,
}

// filterIssue is [field.issue] for what only lists have.
func (f field) filterIssue(value any) string {
	switch object, isObject := value.(map[string]any); {
	case f.kind == kindFlag:
		return f.expect(flagOf(value) != nil, value)
	case f.kind == kindList || f.kind == kindFilters:
		return f.itemsIssue(value)
	case f.kind == kindRelated && isObject:
		return firstOf(f.of.issues(f.name+", ", object))
	case f.kind == kindRelated:
		return field{name: f.name, kind: kindTexts}.issue(value, true)
	case !isObject:
		return f.valuesIssue(value)
	default:
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if _, known := operators[name]; !known {
				return unrecognized(name)
			}
			if issue := (field{name: f.name + ", " + name, kind: f.kind}).valuesIssue(object[name]); issue != "" {
				return issue
			}
		}
		return ""
	}
}

// itemsIssue looks at the items of a list, each of which is named by its place.
func (f field) itemsIssue(value any) string {
	list, ok := value.([]any)
	if !ok {
		return f.expect(false, value)
	}
	if f.kind == kindFilters && len(list) > maxFilters {
		return f.tooBig(maxFilters)
	}
	for i, item := range list {
		name := f.name + ", " + strconv.Itoa(i)
		issue := field{name: name, kind: kindText}.issue(item, true)
		if f.kind == kindFilters {
			object, ok := item.(map[string]any)
			issue = field{name: name, kind: kindRelated}.expect(ok, item)
			if ok {
				issue = firstOf(f.of.issues(name+", ", object))
			}
		}
		if issue != "" {
			return issue
		}
	}
	return ""
}

// valuesIssue looks at a value, or at each of several.
func (f field) valuesIssue(value any) string {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) > maxValues {
		return f.tooBig(maxValues)
	}
	for _, v := range list {
		text, ok := v.(string)
		if ok && f.kind == kindTimes {
			_, ok = period(text)
		}
		if !ok {
			return f.expect(false, v)
		}
	}
	return ""
}

func (f field) tooBig(most int) string {
	return "Value for field '" + f.name + "' too big, expected at most: '" + strconv.Itoa(most) + "'"
}

func firstOf(issues []string) string {
	if len(issues) == 0 {
		return ""
	}
	return issues[0]
}

// period reads a time of ISO 8601, UTC unless it says otherwise. What is
// written in milliseconds means the whole millisecond: clients see no more of
// a time than that.
func period(text string) (store.Period, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly} {
		// A plus sign in a query is a blank.
		at, err := time.Parse(layout, strings.Replace(text, " ", "+", 1))
		if err != nil {
			continue
		}
		width := time.Millisecond
		if at.Truncate(width) != at {
			width = time.Microsecond
		}
		return store.Period{From: at.UTC(), Until: at.UTC().Add(width)}, true
	}
	return store.Period{}, false
}

func flagOf(value any) *bool {
	text, _ := value.(string)
	switch strings.ToLower(text) {
	case "true":
		return new(true)
	case "false":
		return new(false)
	}
	return nil
}

// flag returns what was said, or nil.
func (in input) flag(name string) *bool { return flagOf(in[name]) }

// tests returns the comparisons of a text.
func (in input) tests(name string) []store.TextTest {
	var out []store.TextTest
	for _, t := range in.compared(name) {
		out = append(out, store.TextTest{Op: t.op, Texts: t.values})
	}
	return out
}

// times returns the comparisons of a time.
func (in input) times(name string) []store.TimeTest {
	var out []store.TimeTest
	for _, t := range in.compared(name) {
		test := store.TimeTest{Op: t.op}
		for _, text := range t.values {
			p, _ := period(text) // valid, or the request was refused
			test.Periods = append(test.Periods, p)
		}
		out = append(out, test)
	}
	return out
}

// comparison is an operator with its values.
type comparison struct {
	op     store.Op
	values []string
}

func (in input) compared(name string) []comparison {
	if !in.has(name) {
		return nil
	}
	object, ok := in[name].(map[string]any)
	if !ok {
		return []comparison{{store.Is, in.texts(name)}}
	}
	var out []comparison
	for _, operator := range slices.Sorted(maps.Keys(object)) {
		out = append(out, comparison{operators[operator], input(object).texts(operator)})
	}
	return out
}

// related returns what is asked of a related record, nil if nothing is. A text
// or a list of texts are ids.
func related[F any](in input, name string, read func(input) F) *F {
	if !in.has(name) {
		return nil
	}
	object, ok := in[name].(map[string]any)
	if !ok {
		object = map[string]any{"id": in[name]}
	}
	return new(read(object))
}

// filters reads each of a list of filters.
func filters[F any](in input, name string, read func(input) F) []F {
	list, _ := in[name].([]any)
	var out []F
	for _, item := range list {
		object, _ := item.(map[string]any)
		out = append(out, read(object))
	}
	return out
}
