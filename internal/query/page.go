package query

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// recordQuery is what every route that shows one record accepts.
var recordQuery = Schema{{Name: "fields", Kind: Text}}

// listQuery is what every list accepts in addition to its filters.
var listQuery = Schema{
	{Name: "fields", Kind: Text},
	{Name: "offset", Kind: Count},
	{Name: "limit", Kind: Count},
	{Name: "order", Kind: Text},
}

// Page is the part of a list that a request asks for.
type Page struct {
	store.Page

	Selection Selection
	Filters   Input
}

// ReadRecord validates the query string of a route that shows one record.
func ReadRecord(raw string, of Shape, policy FieldPolicy) (Selection, error) {
	in, err := Read(raw, recordQuery)
	if err != nil {
		return Selection{}, err
	}
	return of.Choose(in.Plain("fields"), policy)
}

// ReadList validates the query string of a list. limit applies to requests
// without one.
func ReadList(raw string, of Shape, policy FieldPolicy, filters Schema, limit int) (Page, error) {
	if text, err := url.QueryUnescape(raw); err == nil && (!utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0) {
		// Temporal, which some lists are read from, answers it by an internal error.
		return Page{}, &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: store.TextInvalid}
	}
	in, err := Read(raw, append(slices.Clip(filters), listQuery...))
	if err != nil {
		return Page{}, err
	}
	sel, err := of.Choose(in.Plain("fields"), policy)
	if err != nil {
		return Page{}, err
	}
	deleted := in.Flag(WithDeleted.Name)
	return Page{
		Page: store.Page{
			Limit: in.Count("limit", limit), Offset: in.Count("offset", 0), Order: in.Plain("order"),
			WithDeleted: deleted != nil && *deleted,
		},
		Selection: sel, Filters: in,
	}, nil
}

// Read validates a query string. Most requests have none.
func Read(raw string, s Schema) (Input, error) {
	if raw == "" {
		return nil, nil
	}
	values, err := wire.ParseForm(raw)
	if err != nil {
		return nil, err
	}
	for name, value := range values {
		values[name] = split(value)
	}
	return s.Check(values)
}

// split reads id[]=a,b as two values, as Medusa's clients mean it.
func split(value any) any {
	list, ok := value.([]any)
	if !ok || len(list) != 1 {
		return value
	}
	text, ok := list[0].(string)
	if !ok {
		return value
	}
	list = nil
	for part := range strings.SplitSeq(text, ",") {
		list = append(list, part)
	}
	return list
}

// IDs returns the ids of a list: at least so many, none of them empty.
func (in Input) IDs(name string, atLeast int) ([]string, error) {
	list := in.Texts(name)
	switch empty := slices.Index(list, ""); {
	case len(list) < atLeast:
		return nil, Invalid(tooSmall(name, strconv.Itoa(atLeast)))
	case len(list) > maxValues:
		return nil, Invalid(*tooMany(name, maxValues))
	case empty >= 0:
		return nil, Invalid(tooSmall(name+", "+strconv.Itoa(empty), "1"))
	}
	return list, nil
}
