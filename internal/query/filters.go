package query

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/everlatch/everlatch/internal/store"
)

// Lists are filtered as docs/contract.md#s2-1 and #s4-1 say: created_at[$gte]=…,
// id[]=…&id[]=…, groups[name]=…, $or[0][email]=…. Which field knows what stands
// in the Schema of the list.

const (
	// maxValues and maxFilters bound how long a statement one request can make:
	// SQLite reads one in time that grows with the square of its arguments.
	maxValues  = 100
	maxFilters = 20
	// maxSearch is in characters: SQLite refuses a longer pattern as too complex,
	// and no record holds words like that.
	maxSearch = 1000
)

// Search are the words to look for.
var Search = Field{Name: "q", Kind: words}

// WithDeleted is a parameter of the contract's lists.
var WithDeleted = Field{Name: "with_deleted", Kind: Flag}

// Combined adds $and, $or and with_deleted to the filters of a list.
func (s Schema) Combined() Schema {
	return s.With(Field{Name: "$and", Kind: Filters, Of: s}, Field{Name: "$or", Kind: Filters, Of: s}, WithDeleted)
}

// Dated adds the times of a record, and further ones, to the filters of a list.
func (s Schema) Dated(names ...string) Schema {
	for _, name := range append([]string{"created_at", "updated_at", "deleted_at"}, names...) {
		s = s.With(Field{Name: name, Kind: Times})
	}
	return s
}

// operators are the comparisons that filters accept.
var operators = map[string]store.Op{
	"$eq": store.Is, "$in": store.Is, "$ne": store.IsNot, "$nin": store.IsNot,
	"$gt": store.More, "$gte": store.AtLeast, "$lt": store.Less, "$lte": store.AtMost,
}

// filterIssue is [Field.issue] for the kinds of query strings.
func (f Field) filterIssue(value any) *Issue {
	switch object, isObject := value.(map[string]any); {
	case f.Kind == Flag:
		return f.expect(flagOf(value) != nil, value)
	case f.Kind == words:
		return f.wordsIssue(value)
	case f.Kind == List || f.Kind == Filters:
		return f.itemsIssue(value)
	case f.Kind == Related && isObject:
		return firstOf(f.Of.issues(f.Name+", ", object))
	case f.Kind == Related:
		return Field{Name: f.Name, Kind: Texts}.issue(value, true)
	case !isObject:
		return f.valuesIssue(value)
	default:
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if _, known := operators[name]; !known {
				return new(unrecognized(name))
			}
			if issue := (Field{Name: f.Name + ", " + name, Kind: f.Kind}).valuesIssue(object[name]); issue != nil {
				return issue
			}
		}
		return nil
	}
}

func (f Field) wordsIssue(value any) *Issue {
	text, ok := value.(string)
	if ok && utf8.RuneCountInString(text) > maxSearch {
		return tooMany(f.Name, maxSearch)
	}
	return f.expect(ok, value)
}

// itemsIssue checks the items of a list, each named by its index.
func (f Field) itemsIssue(value any) *Issue {
	list, ok := value.([]any)
	if !ok {
		return f.expect(false, value)
	}
	if f.Kind == Filters && len(list) > maxFilters {
		return tooMany(f.Name, maxFilters)
	}
	for i, item := range list {
		name := f.Name + ", " + strconv.Itoa(i)
		issue := Field{Name: name, Kind: Text}.issue(item, true)
		if f.Kind == Filters {
			object, ok := item.(map[string]any)
			issue = Field{Name: name, Kind: Related}.expect(ok, item)
			if ok {
				issue = firstOf(f.Of.issues(name+", ", object))
			}
		}
		if issue != nil {
			return issue
		}
	}
	return nil
}

// valuesIssue checks a value, or each of several.
func (f Field) valuesIssue(value any) *Issue {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) > maxValues {
		return tooMany(f.Name, maxValues)
	}
	for _, v := range list {
		text, ok := v.(string)
		if ok && f.Kind == Times {
			_, ok = period(text)
		}
		if !ok {
			return f.expect(false, v)
		}
	}
	return nil
}

func firstOf(issues []Issue) *Issue {
	if len(issues) == 0 {
		return nil
	}
	return &issues[0]
}

// period reads an ISO 8601 time, UTC unless it says otherwise. A time written in
// milliseconds means the whole millisecond, because answers show no more digits.
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

// Flag returns true or false, or nil when the field is missing.
func (in Input) Flag(name string) *bool { return flagOf(in[name]) }

// Tests returns the comparisons of a text.
func (in Input) Tests(name string) []store.TextTest {
	var out []store.TextTest
	for _, t := range in.compared(name) {
		out = append(out, store.TextTest{Op: t.op, Texts: t.values})
	}
	return out
}

// Times returns the comparisons of a time.
func (in Input) Times(name string) []store.TimeTest {
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

func (in Input) compared(name string) []comparison {
	if !in.Has(name) {
		return nil
	}
	object, ok := in[name].(map[string]any)
	if !ok {
		return []comparison{{store.Is, in.Texts(name)}}
	}
	var out []comparison
	for _, operator := range slices.Sorted(maps.Keys(object)) {
		out = append(out, comparison{operators[operator], Input(object).Texts(operator)})
	}
	return out
}

// One reads the filter of a related record, nil when there is none. A text or a
// list of texts are ids.
func One[F any](in Input, name string, read func(Input) F) *F {
	if !in.Has(name) {
		return nil
	}
	object, ok := in[name].(map[string]any)
	if !ok {
		object = map[string]any{"id": in[name]}
	}
	return new(read(object))
}

// All reads each of a list of filters.
func All[F any](in Input, name string, read func(Input) F) []F {
	list, _ := in[name].([]any)
	var out []F
	for _, item := range list {
		object, _ := item.(map[string]any)
		out = append(out, read(object))
	}
	return out
}
