package query

import (
	"slices"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch"
)

// maxRelations is how many relations a record can have.
const maxRelations = 2

// Selection says which fields to show: a bit for each column, and the same for
// each relation in the order of their columns. A record has 32 columns at most.
type Selection struct {
	Columns uint32
	Related [maxRelations]uint32
}

// Shape is what a field selection can refer to: the columns of a record, and of
// the records that it is related to.
type Shape struct {
	names     []string
	defaults  Selection
	relations []relation
}

// relation is a column that holds other records, with their columns.
type relation struct {
	name  string
	names []string
}

// Columns returns the shape of a record with these columns, all shown by default.
// related returns the columns of a relation, nil for a column that is none; two
// columns can be relations.
func Columns(names []string, related func(i int) []string) Shape {
	s := Shape{names: names}
	for i, name := range names {
		s.defaults.Columns |= 1 << i
		if columns := related(i); columns != nil {
			s.defaults.Related[len(s.relations)] = 1<<len(columns) - 1
			s.relations = append(s.relations, relation{name, columns})
		}
	}
	return s
}

// Without returns the shape with columns that are shown only on request.
func (s Shape) Without(names ...string) Shape {
	for _, name := range names {
		mask := s.find([]string{name})
		s.defaults.Columns &^= mask.Columns
		for i := range s.defaults.Related {
			s.defaults.Related[i] &^= mask.Related[i]
		}
	}
	return s
}

// Defaults selects what is shown when a request does not ask for fields.
func (s Shape) Defaults() Selection { return s.defaults }

// Shows reports whether a selection has a column of the shape.
func (s Shape) Shows(sel Selection, name string) bool {
	i := slices.Index(s.names, name)
	return i >= 0 && sel.Columns&(1<<i) != 0
}

// FieldPolicy is what a prefix allows to be selected.
type FieldPolicy struct {
	// MaxRelations is how deep a field may reach; 0 = any depth.
	MaxRelations int
	Restricted   []string
}

// Choose reads a fields parameter (docs/contract.md#s4-1): a bare name replaces the
// defaults; + and - change them; *rel and rel.* mean all of a relation. What
// a record does not have is left out, and the id never is.
func (s Shape) Choose(fields string, policy FieldPolicy) (Selection, error) {
	tokens := splitFields(fields)
	if len(tokens) == 0 {
		return s.defaults, nil
	}
	if err := policy.checkDepth(tokens); err != nil {
		return Selection{}, err
	}
	out := s.defaults
	for _, t := range tokens {
		if t.replaces {
			out = Selection{}
			break
		}
	}
	for _, t := range tokens {
		if policy.forbids(t.path) {
			continue
		}
		mask := s.find(t.path)
		if t.removes {
			out = s.without(out, t.path, mask)
			continue
		}
		out.Columns |= mask.Columns
		for i := range out.Related {
			out.Related[i] |= mask.Related[i]
		}
	}
	out.Columns |= s.find([]string{"id"}).Columns
	return out, nil
}

// find returns the bits that a path stands for.
func (s Shape) find(path []string) Selection {
	var out Selection
	column := slices.Index(s.names, path[0])
	if column < 0 {
		return out
	}
	i := slices.IndexFunc(s.relations, func(r relation) bool { return r.name == path[0] })
	if i < 0 {
		if len(path) == 1 {
			out.Columns = 1 << column
		}
		return out
	}
	out.Related[i] = s.relations[i].find(path[1:])
	if out.Related[i] != 0 {
		out.Columns = 1 << column
	}
	return out
}

func (r relation) find(path []string) uint32 {
	switch {
	case len(path) == 0 || len(path) == 1 && path[0] == "*":
		return 1<<len(r.names) - 1
	case len(path) > 1:
		return 0
	}
	if i := slices.Index(r.names, path[0]); i >= 0 {
		return 1 << i
	}
	return 0
}

// without removes a field, or a relation with everything below it.
func (s Shape) without(from Selection, path []string, mask Selection) Selection {
	for i := range from.Related {
		from.Related[i] &^= mask.Related[i]
	}
	i := slices.IndexFunc(s.relations, func(r relation) bool { return r.name == path[0] })
	if len(path) == 1 || i < 0 || from.Related[i] == 0 {
		from.Columns &^= mask.Columns
	}
	return from
}

// fieldToken is one entry of a fields parameter.
type fieldToken struct {
	text     string
	path     []string // "*" last means all
	removes  bool
	replaces bool
}

func splitFields(fields string) []fieldToken {
	var out []fieldToken
	for entry := range strings.SplitSeq(fields, ",") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		t := fieldToken{text: strings.TrimSpace(entry)}
		name := t.text
		switch entry[0] {
		case '+', ' ': // a plus sign in a query is a blank
			name = strings.TrimPrefix(name, "+")
		case '-':
			t.removes, name = true, name[1:]
		case '*':
		default:
			t.replaces = !strings.HasSuffix(name, ".*")
		}
		if rel, all := strings.CutPrefix(name, "*"); all {
			name = rel + ".*"
		}
		t.path = strings.Split(name, ".")
		out = append(out, t)
	}
	return out
}

// relations is how many relations a field goes through.
func (t fieldToken) relations() int { return len(t.path) - 1 }

func (p FieldPolicy) checkDepth(tokens []fieldToken) error {
	if p.MaxRelations == 0 {
		return nil
	}
	var deep []string
	for _, t := range tokens {
		if t.relations() > p.MaxRelations {
			deep = append(deep, t.text)
		}
	}
	if len(deep) == 0 {
		return nil
	}
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: RelationsTooDeep, Details: map[string]string{
		"most": strconv.Itoa(p.MaxRelations), "fields": strings.Join(deep, ", "),
	}}
}

func (p FieldPolicy) forbids(path []string) bool {
	for _, name := range p.Restricted {
		if slices.Contains(path, name) {
			return true
		}
	}
	return false
}
