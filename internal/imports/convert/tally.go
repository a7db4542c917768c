package convert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/everlatch/everlatch/providers/emailpass"
)

// tally counts passwords by what they are hashed with.
type tally map[emailpass.Stored]int

func (t tally) add(hash string) {
	if found, err := emailpass.Describe(hash); err == nil {
		t[found]++
	}
}

// notes say how many passwords there are of each kind, and which of them are weak.
func (t tally) notes() (out []string) {
	kinds := slices.SortedFunc(maps.Keys(t), func(a, b emailpass.Stored) int {
		return cmp.Or(cmp.Compare(a.Format, b.Format), cmp.Compare(a.Parameters, b.Parameters))
	})
	for _, kind := range kinds {
		text := fmt.Sprintf("Passwords hashed with %s", kind.Format)
		if kind.Parameters != "" && kind.Parameters != kind.Format {
			text += ", " + kind.Parameters
		}
		text += fmt.Sprintf(": %d.", t[kind])
		if kind.Weak {
			text += " This algorithm is weak: an attacker who reads the database can guess such passwords. Each is replaced when its user signs in."
		}
		out = append(out, text)
	}
	return out
}
