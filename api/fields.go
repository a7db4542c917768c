package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
)

// column is one field of a record in an answer.
type column[T any] struct {
	name  string
	write func(b []byte, v *T) []byte
	// nest writes a relation in place of write, with the selected fields out of
	// related.
	nest    func(b []byte, v *T, selected uint32) []byte
	related []string
}

// table is a kind of record in the order in which the contract shows its
// fields. It has 32 columns at most, and maxRelations of them hold relations.
type table[T any] []column[T]

const maxRelations = 2

// selection says which fields to show: a bit for each column, and the same for
// each relation in the order of their columns.
type selection struct {
	columns uint32
	related [maxRelations]uint32
}

// shape is what a field selection can refer to.
type shape struct {
	names []string
	// defaults are the columns shown when nobody asks.
	defaults  selection
	relations []relation
}

// relation is a column that holds other records, with their columns.
type relation struct {
	name  string
	names []string
}

// shapeOf shows everything by default but what is left out.
func shapeOf[T any](t table[T], leftOut ...string) shape {
	s := shape{}
	for i, c := range t {
		s.names = append(s.names, c.name)
		shown := !slices.Contains(leftOut, c.name)
		if shown {
			s.defaults.columns |= 1 << i
		}
		if c.nest == nil {
			continue
		}
		if shown {
			s.defaults.related[len(s.relations)] = 1<<len(c.related) - 1
		}
		s.relations = append(s.relations, relation{c.name, c.related})
	}
	return s
}

// shows reports that a selection has a column of the shape.
func (s shape) shows(sel selection, name string) bool {
	i := slices.Index(s.names, name)
	return i >= 0 && sel.columns&(1<<i) != 0
}

// fieldPolicy is what a prefix allows to be selected.
type fieldPolicy struct {
	// maxRelations is how deep a field may reach; 0 = any depth.
	maxRelations int
	restricted   []string
}

// choose reads a fields parameter (contract 4.1): a bare name replaces the
// defaults; + and - change them; *rel and rel.* mean all of a relation. What
// a record does not have is left out, and the id never is.
func (s shape) choose(fields string, policy fieldPolicy) (selection, error) {
	tokens := splitFields(fields)
	if len(tokens) == 0 {
		return s.defaults, nil
	}
	if err := policy.checkDepth(tokens); err != nil {
		return selection{}, err
	}
	out := s.defaults
	for _, t := range tokens {
		if t.replaces {
			out = selection{}
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
		out.columns |= mask.columns
		for i := range out.related {
			out.related[i] |= mask.related[i]
		}
	}
	out.columns |= s.find([]string{"id"}).columns
	return out, nil
}

// find returns the bits that a path stands for.
func (s shape) find(path []string) selection {
	var out selection
	column := slices.Index(s.names, path[0])
	if column < 0 {
		return out
	}
	i := slices.IndexFunc(s.relations, func(r relation) bool { return r.name == path[0] })
	if i < 0 {
		if len(path) == 1 {
			out.columns = 1 << column
		}
		return out
	}
	out.related[i] = s.relations[i].find(path[1:])
	if out.related[i] != 0 {
		out.columns = 1 << column
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
func (s shape) without(from selection, path []string, mask selection) selection {
	for i := range from.related {
		from.related[i] &^= mask.related[i]
	}
	i := slices.IndexFunc(s.relations, func(r relation) bool { return r.name == path[0] })
	if len(path) == 1 || i < 0 || from.related[i] == 0 {
		from.columns &^= mask.columns
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

func (p fieldPolicy) checkDepth(tokens []fieldToken) error {
	if p.maxRelations == 0 {
		return nil
	}
	var deep []string
	for _, t := range tokens {
		if t.relations() > p.maxRelations {
			deep = append(deep, t.text)
		}
	}
	if len(deep) == 0 {
		return nil
	}
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: fmt.Sprintf(
		"The following fields expand more than the maximum of %d allowed relations: %s",
		p.maxRelations, strings.Join(deep, ", "))}
}

func (p fieldPolicy) forbids(path []string) bool {
	for _, name := range p.restricted {
		if slices.Contains(path, name) {
			return true
		}
	}
	return false
}
