package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/internal/store"
)

// pages are the flags of a list.
type pages struct {
	store.Page

	json bool
}

func pageFlags(c *cobra.Command, p *pages, orders string) {
	c.Flags().IntVar(&p.Limit, "limit", 50, "how many to list at most")
	c.Flags().IntVar(&p.Offset, "offset", 0, "how many to skip")
	c.Flags().StringVar(&p.Order, "order", "", "one of "+orders+"; with - in front for descending order")
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

// table is how records are listed.
type table[T any] struct {
	// key is what JSON calls the records.
	key    string
	header []string
	row    func(T) []string
}

// answer lists some of count records.
func (t table[T]) answer(p *program, asJSON bool, records []T, count int) error {
	return p.answer(asJSON, counting[T]{t.key, records, count}, func(w io.Writer) {
		row(w, t.header...)
		for _, r := range records {
			row(w, t.row(r)...)
		}
	})
}

// list is a command that prints a page of records.
type list[T any] struct {
	p    *program
	page *pages
	table[T]

	orders string
	open   opener
	read   func(ctx context.Context, s *store.Store, page store.Page) ([]T, int, error)
}

// command makes c that command. Its flags are those of c and of the page.
func (l list[T]) command(c *cobra.Command) *cobra.Command {
	if l.page == nil {
		l.page = &pages{}
	}
	c.Use, c.Args = "list", cobra.NoArgs
	pageFlags(c, l.page, l.orders)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := l.page.check(); err != nil {
			return err
		}
		return l.open(c, existing, func(ctx context.Context, t target) error {
			records, count, err := l.read(ctx, t.store, l.page.Page)
			if err != nil {
				return err
			}
			if len(records) > 0 && len(records) < count {
				_, _ = fmt.Fprintf(l.p.stderr, "These are %d to %d of %d; --limit and --offset show others.\n",
					l.page.Offset+1, l.page.Offset+len(records), count)
			}
			return l.answer(l.p, l.page.json, records, count)
		})
	}
	return c
}

// counting is a list as JSON, in the form of the API.
type counting[T any] struct {
	key     string
	records []T
	count   int
}

// MarshalJSON implements [json.Marshaler].
func (l counting[T]) MarshalJSON() ([]byte, error) {
	var records bytes.Buffer
	enc := json.NewEncoder(&records)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l.records); err != nil {
		return nil, fmt.Errorf("encode %s: %w", l.key, err)
	}
	return fmt.Appendf(nil, `{%q:%s,"count":%d}`, l.key, records.Bytes(), l.count), nil
}
