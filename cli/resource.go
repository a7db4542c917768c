package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/internal/store"
)

// opener opens what a command works on.
type opener func(c *cobra.Command, need presence, do func(ctx context.Context, t target) error) error

// resource is a kind of record that commands find, show, create, change and
// delete.
type resource[T any] struct {
	p *program
	// usage is the argument that names a record, and needs says it in words.
	usage, needs string
	// object is what the answer to a deletion calls the record, as the API does.
	object string
	open   opener
	find   func(ctx context.Context, s *store.Store, named string) (T, error)
	id     func(T) string
	// view reads a record, for JSON and as text.
	view func(ctx context.Context, s *store.Store, id string) (value any, text func(w io.Writer), err error)
}

// show answers with a record as it is now.
func (r resource[T]) show(ctx context.Context, s *store.Store, id string, asJSON bool) error {
	value, text, err := r.view(ctx, s, id)
	if err != nil {
		return err
	}
	return r.p.answer(asJSON, value, text)
}

// change makes c a command that does something to the record that its first
// argument names, and then shows it. A nil do only shows it. The arguments after
// the first are passed to do.
func (r resource[T]) change(c *cobra.Command, do func(ctx context.Context, s *store.Store, found T, args []string) error) *cobra.Command {
	var asJSON bool
	c.Use += " " + r.usage
	if c.Args == nil {
		c.Args = oneArg(r.needs)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return r.open(c, existing, func(ctx context.Context, t target) error {
			found, err := r.find(ctx, t.store, args[0])
			if err != nil {
				return err
			}
			t.note(r.id(found))
			if do != nil {
				if err := do(ctx, t.store, found, args[1:]); err != nil {
					return err
				}
			}
			return r.show(ctx, t.store, r.id(found), asJSON)
		})
	}
	jsonFlag(c, &asJSON)
	return c
}

// creation makes c a command that creates a record and shows it.
func (r resource[T]) creation(c *cobra.Command, create func(ctx context.Context, s *store.Store, args []string) (T, error)) *cobra.Command {
	var asJSON bool
	if c.Args == nil {
		c.Args = cobra.NoArgs
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return r.open(c, orNew, func(ctx context.Context, t target) error {
			created, err := create(ctx, t.store, args)
			if err != nil {
				return err
			}
			t.note(r.id(created))
			return r.show(ctx, t.store, r.id(created), asJSON)
		})
	}
	jsonFlag(c, &asJSON)
	return c
}

// deletion makes c a command that deletes the record that its argument names.
// The sentence says what was done to which record.
func (r resource[T]) deletion(
	c *cobra.Command, remove func(ctx context.Context, t target, found T) error, sentence func(found T, where string) string,
) *cobra.Command {
	c.Use = "delete " + r.usage
	c.Args = oneArg(r.needs)
	return r.removal(c, func(ctx context.Context, t target, found T, _ []string) (deleted, string, error) {
		err := remove(ctx, t, found)
		return deleted{r.id(found), r.object, true}, sentence(found, t.where), err
	})
}

// removal makes c a command that removes the record that its first argument names,
// or a part of it that the arguments after the first name. remove returns what is
// gone, also as a sentence.
func (r resource[T]) removal(
	c *cobra.Command, remove func(ctx context.Context, t target, found T, args []string) (gone deleted, sentence string, err error),
) *cobra.Command {
	return r.action(c, func(ctx context.Context, t target, found T, args []string) (any, string, error) {
		return remove(ctx, t, found, args)
	})
}

// action makes c a command that does something to the record that its first argument
// names. do returns the answer, also as a sentence.
func (r resource[T]) action(
	c *cobra.Command, do func(ctx context.Context, t target, found T, args []string) (answer any, sentence string, err error),
) *cobra.Command {
	var asJSON bool
	c.RunE = func(c *cobra.Command, args []string) error {
		return r.open(c, existing, func(ctx context.Context, t target) error {
			found, err := r.find(ctx, t.store, args[0])
			if err != nil {
				return err
			}
			t.note(r.id(found))
			answer, sentence, err := do(ctx, t, found, args[1:])
			if err != nil {
				return err
			}
			return r.p.answer(asJSON, answer, func(w io.Writer) { _, _ = fmt.Fprintln(w, sentence) })
		})
	}
	jsonFlag(c, &asJSON)
	return c
}

// ids returns the ids of the records that are named.
func (r resource[T]) ids(ctx context.Context, s *store.Store, named []string) ([]string, error) {
	out := make([]string, len(named))
	for i, name := range named {
		found, err := r.find(ctx, s, name)
		if err != nil {
			return nil, err
		}
		out[i] = r.id(found)
	}
	return out, nil
}

// only returns the one record that has an e-mail. Without one, none is the error;
// with several, the error is a sentence that begins with several and goes on with
// their labels.
func only[T any](found []T, err error, none, several string, label func(T) string) (T, error) {
	var zero T
	switch {
	case err != nil:
		return zero, err
	case len(found) == 0:
		return zero, errors.New(none)
	case len(found) == 1:
		return found[0], nil
	}
	labels := make([]string, len(found))
	for i, record := range found {
		labels[i] = label(record)
	}
	return zero, fmt.Errorf("%s %s: say which by its id", several, strings.Join(labels, " and "))
}

// succeeded is the answer to what creates and removes no record, as the API gives it.
type succeeded struct {
	Success bool `json:"success"`
}

// deleted is the answer to a removal, as the API gives it.
type deleted struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

// idsOf returns the ids of the records that are named, and an error that says
// which names have none.
func idsOf[T any](named []string, absent string, find func(name string) ([]T, error), id func(T) string) ([]string, error) {
	var ids, none []string
	for _, name := range named {
		found, err := find(name)
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0:
			none = append(none, name)
		default:
			ids = append(ids, id(found[0]))
		}
	}
	if len(none) > 0 {
		return nil, fmt.Errorf(absent, strings.Join(none, ", "))
	}
	return ids, nil
}
