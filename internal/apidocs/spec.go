package apidocs

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ordered is a mapping in the order of the file.
type ordered[T any] []entry[T]

type entry[T any] struct {
	Name  string
	Value T
}

// UnmarshalYAML implements [yaml.Unmarshaler]. It refuses a name that stands there
// twice, because readers of YAML disagree about which one counts.
func (o *ordered[T]) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want a mapping", n.Line)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		e := entry[T]{Name: n.Content[i].Value}
		if _, twice := o.find(e.Name); twice {
			return fmt.Errorf("line %d: %s is defined twice", n.Content[i].Line, e.Name)
		}
		if err := n.Content[i+1].Decode(&e.Value); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		*o = append(*o, e)
	}
	return nil
}

func (o *ordered[T]) find(name string) (value T, ok bool) {
	for _, e := range *o {
		if e.Name == name {
			return e.Value, true
		}
	}
	return value, false
}

type spec struct {
	Info struct {
		Title, Description string
	}
	Tags []struct {
		Name, Description string
	}
	Paths      ordered[pathItem]
	Components struct {
		Parameters    ordered[parameter]
		RequestBodies ordered[message] `yaml:"requestBodies"`
		Responses     ordered[message]
		Schemas       ordered[schema]
	}
}

type pathItem struct {
	Parameters []parameter
	Get        *operation
	Post       *operation
	Delete     *operation
}

type operation struct {
	Tags                 []string
	Summary, Description string
	Parameters           []parameter
	RequestBody          *message `yaml:"requestBody"`
	Responses            ordered[message]
	Security             []map[string][]string
}

type parameter struct {
	Ref                   string `yaml:"$ref"`
	Name, In, Description string
	Required              bool
	Schema                schema
}

// message is the body of a request or an answer.
type message struct {
	Ref         string `yaml:"$ref"`
	Description string
	Content     ordered[struct{ Schema schema }]
}

type schema struct {
	Ref                       string `yaml:"$ref"`
	Type, Format, Description string
	Nullable                  bool
	Enum                      []any
	Required                  []string
	Properties                ordered[schema]
	Items                     *schema
	OneOf                     []schema `yaml:"oneOf"`
}

// refName is the last part of a reference.
func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// resolve replaces references to parameters, bodies and answers by what they mean.
// Schemas stay references, because the page links them.
func (s *spec) resolve() error {
	for _, path := range s.Paths {
		for _, op := range []*operation{path.Value.Get, path.Value.Post, path.Value.Delete} {
			if op == nil {
				continue
			}
			op.Parameters = append(append([]parameter{}, path.Value.Parameters...), op.Parameters...)
			if err := s.resolveOperation(op); err != nil {
				return fmt.Errorf("%s: %w", path.Name, err)
			}
		}
	}
	return nil
}

func (s *spec) resolveOperation(op *operation) error {
	for i, p := range op.Parameters {
		if p.Ref == "" {
			continue
		}
		found, ok := s.Components.Parameters.find(refName(p.Ref))
		if !ok {
			return fmt.Errorf("unknown parameter %s", p.Ref)
		}
		op.Parameters[i] = found
	}
	if op.RequestBody != nil {
		if err := op.RequestBody.resolve(s.Components.RequestBodies); err != nil {
			return err
		}
	}
	for i := range op.Responses {
		if err := op.Responses[i].Value.resolve(s.Components.Responses); err != nil {
			return err
		}
	}
	return nil
}

func (m *message) resolve(among ordered[message]) error {
	if m.Ref == "" {
		return nil
	}
	found, ok := among.find(refName(m.Ref))
	if !ok {
		return fmt.Errorf("unknown body %s", m.Ref)
	}
	*m = found
	return nil
}
