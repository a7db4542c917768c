package everlatch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/everlatch/everlatch/internal/doctor"
)

// doctorPage lists what `everlatch doctor` looks at. Tests beside the code cause each fault and
// each warning of the list.
func doctorPage(*testing.T) string {
	var b strings.Builder
	b.WriteString("# Doctor: the checks" + generatedNote +
		"What `everlatch doctor` looks at, and what it takes for a fault or a warning. [Operation](../operation.md#doctor) shows it at work.\n\n" +
		"| check | looks at | fault | warning |\n|---|---|---|---|\n")
	for _, c := range doctor.Checks() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.ID, c.Looks, c.Fault, c.Warning)
	}
	return b.String()
}
