package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// jsonFlag adds the flag that makes a command answer in JSON.
func jsonFlag(c *cobra.Command, asJSON *bool) {
	c.Flags().BoolVar(asJSON, "json", false, "print JSON")
}

// answer writes value as JSON, or what text writes with its tabs aligned.
func (p *program) answer(asJSON bool, value any, text func(w io.Writer)) error {
	if asJSON {
		enc := json.NewEncoder(p.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(value)
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	text(table)
	return table.Flush()
}

// row writes one line of a table. Text from outside, such as the error of a
// webhook, must neither break the table nor send control codes to the terminal.
func row(w io.Writer, cells ...string) {
	for i, cell := range cells {
		if cell == "" {
			cell = "-" // an empty one at the end would leave blanks behind
		}
		cells[i] = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, cell)
	}
	_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
}

// moment is a time as text, "-" for the zero time.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// counted is "1 event", "2 events".
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// oneArg demands the one argument of a command, in words.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return fmt.Errorf("%s needs %s and nothing else; see %[1]s --help", c.CommandPath(), what)
		}
		return nil
	}
}

// manyArgs demands two arguments or more, in words.
func manyArgs(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < 2 || slices.Contains(args, "") {
			return fmt.Errorf("%s needs %s; see %[1]s --help", c.CommandPath(), what)
		}
		return nil
	}
}

// twoArgs demands the two arguments of a command, in words.
func twoArgs(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 2 || args[0] == "" || args[1] == "" {
			return fmt.Errorf("%s needs %s and nothing else; see %[1]s --help", c.CommandPath(), what)
		}
		return nil
	}
}
