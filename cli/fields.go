package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// fields are flags that set the fields of a record. A flag that is left out keeps
// what is stored, and an empty one clears it.
type fields struct{ c *cobra.Command }

// textFields adds a flag for each name, whose usage is the name in words.
func textFields(c *cobra.Command, names ...string) fields {
	for _, name := range names {
		c.Flags().String(name, "", strings.ReplaceAll(name, "-", " "))
	}
	return fields{c}
}

// withMetadata adds the flag for metadata.
func (f fields) withMetadata() fields {
	f.c.Flags().String("metadata", "", `JSON object, merged key by key; "" removes a key, null clears all`)
	return f
}

// change is an update of a text that may be absent.
func (f fields) change(name string) store.Change[*string] {
	return store.Change[*string]{Set: f.c.Flags().Changed(name), Value: f.text(name)}
}

// text is what a flag says, nil for nothing.
func (f fields) text(name string) *string {
	text, _ := f.c.Flags().GetString(name) // fails only for a flag that is not there
	return optional(text)
}

// rename is an update of a name, which an empty flag does not clear.
func (f fields) rename() store.Change[string] {
	if name := f.text("name"); name != nil {
		return store.To(*name)
	}
	return store.Change[string]{}
}

// metadata is an update of metadata.
func (f fields) metadata() (change store.Change[everlatch.Metadata], err error) {
	text := f.text("metadata")
	if text == nil {
		return change, nil
	}
	change.Set = true
	if err := json.Unmarshal([]byte(*text), &change.Value); err != nil {
		return change, fmt.Errorf("--metadata is not a JSON object: %w", err)
	}
	return change, nil
}

// shown is a text of a record, "" for none.
func shown(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// fullName joins the parts of a name.
func fullName(first, last *string) string { return strings.TrimSpace(shown(first) + " " + shown(last)) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// jsonText is metadata as text.
func jsonText(m everlatch.Metadata) string {
	if m == nil {
		return ""
	}
	text, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return string(text)
}

// group is a command that only has others below it.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: noSuchCommand, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(below...)
	return c
}

// noSuchCommand refuses arguments of a command that only has others below it, and
// suggests the one that may be meant.
func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2
	meant := c.SuggestionsFor(args[0])
	if len(meant) == 0 {
		return fmt.Errorf("unknown command %q; see %s --help", args[0], c.CommandPath())
	}
	for i := range meant {
		meant[i] = c.CommandPath() + " " + meant[i]
	}
	return fmt.Errorf("unknown command %q; did you mean %s?", args[0], strings.Join(meant, " or "))
}
