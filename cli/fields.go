package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// fields are flags that say what a record consists of. A flag that is not given
// keeps what is stored, and an empty one clears it.
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
	f.c.Flags().String("metadata", "", `JSON object, merged key by key; a key set to "" is removed, null clears all`)
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

// metadata is an update of metadata.
func (f fields) metadata() (change store.Change[everlatch.Metadata], err error) {
	text := f.text("metadata")
	if text == nil {
		return change, nil
	}
	change.Set = true
	if err := json.Unmarshal([]byte(*text), &change.Value); err != nil {
		return change, fmt.Errorf("--metadata is no JSON object: %w", err)
	}
	return change, nil
}

// pages are the flags of a list.
type pages struct {
	store.Page

	json bool
}

func pageFlags(c *cobra.Command, p *pages, orders string) {
	c.Flags().IntVar(&p.Limit, "limit", 50, "how many at most")
	c.Flags().IntVar(&p.Offset, "offset", 0, "how many are skipped")
	c.Flags().StringVar(&p.Order, "order", "", orders+"; with - in front for descending order")
	jsonFlag(c, &p.json)
}

// check refuses what would list nothing, or everything.
func (p pages) check() error {
	if p.Limit < 1 {
		return fmt.Errorf("--limit is %d, and at least 1 is expected", p.Limit)
	}
	if p.Offset < 0 {
		return fmt.Errorf("--offset is %d, and at least 0 is expected", p.Offset)
	}
	return nil
}

// tellOfOthers says beside the list that it is not all.
func (p *program) tellOfOthers(page pages, shown, count int) {
	if shown > 0 && shown < count {
		_, _ = fmt.Fprintf(p.stderr, "These are %d to %d of %d; --limit and --offset show others.\n",
			page.Offset+1, page.Offset+shown, count)
	}
}

// deleted is the answer to a removal, as the API gives it.
type deleted struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

// shown is a text of a record for people, "" for none.
func shown(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// fullName joins the parts of a name that there are.
func fullName(first, last *string) string { return strings.TrimSpace(shown(first) + " " + shown(last)) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// jsonText is metadata for people.
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
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(below...)
	return c
}
