package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the settings.
type Problem struct {
	// Key is the setting or variable, as the operator would write it.
	Key string
	// Message says what is wrong and what would be right. It holds no secret.
	Message string
}

// Problems is every problem that was found. It is an error when it is not
// empty.
type Problems []Problem //nolint:errname // it is read as what it is

// Error lists the problems, one a line.
func (p Problems) Error() string {
	var b strings.Builder
	if len(p) == 1 {
		b.WriteString("the configuration has a problem:")
	} else {
		fmt.Fprintf(&b, "the configuration has %d problems:", len(p))
	}
	for _, one := range p {
		fmt.Fprintf(&b, "\n  - %s: %s", one.Key, one.Message)
	}
	return b.String()
}

// err returns the problems as an error, each once.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	out := Problems{}
	for _, one := range p {
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}
