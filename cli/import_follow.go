package cli

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/everlatch/everlatch/internal/imports"
	"github.com/everlatch/everlatch/internal/imports/medusa"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
)

// follow imports from Medusa until it is told to stop. Each pass that finds something is
// an import of its own, so that what was imported stays when the command is killed.
type follow struct {
	*program
	target

	request importRequest
	from    *medusa.Follower
	every   time.Duration
	until   time.Time
	done    followed
}

// followed is the report of all passes.
type followed struct {
	// Imports are the ids of those that the passes have made.
	Imports []string `json:"imports"`
	store.ImportCounts

	Issues []store.ImportIssue `json:"issues"`
}

// run imports everything, then what changes, and everything that is still different once
// it is told to stop. Only the first pass must succeed: later ones are repeated, except
// for the last.
func (f *follow) run(ctx context.Context, stop <-chan struct{}) error {
	if err := f.pass(ctx, true); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(f.stderr, "Everything is imported. Following Medusa every %s; Ctrl-C ends with a last comparison.\n", f.every)
	for f.wait(stop) {
		if err := f.pass(ctx, false); err != nil {
			_, _ = fmt.Fprintf(f.stderr, "Trying again in %s: %s\n", f.every, err)
		}
	}
	err := f.pass(ctx, true)
	f.done.Issues = f.from.Issues()
	f.done.Refused = 0
	for _, i := range f.done.Issues {
		if i.Refused {
			f.done.Refused++
		}
	}
	if told := f.answer(f.request.json, f.done, f.write); err == nil {
		err = told
	}
	if err != nil {
		return fmt.Errorf("the last comparison failed, so that changes can be missing: %w", err)
	}
	return nil
}

func (f *follow) write(w io.Writer) {
	row(w, "source", f.request.source)
	row(w, "imports", number(int64(len(f.done.Imports))))
	writeCounts(w, f.done.ImportCounts, f.done.Issues)
}

// wait waits for the next pass, and reports whether there is one before the last.
func (f *follow) wait(stop <-chan struct{}) bool {
	next, last := time.NewTimer(f.every), make(<-chan time.Time)
	defer next.Stop()
	if !f.until.IsZero() {
		timer := time.NewTimer(f.until.Sub(clock()))
		defer timer.Stop()
		last = timer.C
	}
	select {
	case <-next.C:
		return true
	case <-last:
		return false
	case <-stop:
		return false
	}
}

// pass imports what has changed, and waits for it.
func (f *follow) pass(ctx context.Context, complete bool) error {
	units, some, err := nonEmpty(f.from.Pass(ctx, complete))
	if err != nil {
		return err
	}
	if !some {
		f.from.Confirm(nil)
		return nil
	}
	id, count, err := f.app.Imports().Stage(ctx, f.request.source, units)
	if err != nil {
		return err
	}
	if err := startImport(ctx, f.app.Flows(), id); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(f.stderr, "Importing %s as %s\n", counted(int(count), "record"), id)
	if err := f.awaitImport(ctx, f.store, id); err != nil {
		return err
	}
	state, err := f.store.Import(ctx, id)
	if err != nil {
		return err
	}
	issues, err := f.store.ImportIssues(ctx, id)
	if err != nil {
		return err
	}
	if state.Status != store.ImportCompleted {
		return fmt.Errorf("%s was %s", id, state.Status)
	}
	f.from.Confirm(issues)
	f.done.Imports = append(f.done.Imports, id)
	f.done.ImportCounts = imports.Sum(f.done.ImportCounts, state.ImportCounts)
	return nil
}

// nonEmpty reports whether there are units, and returns them.
func nonEmpty(units imports.Units) (imports.Units, bool, error) {
	next, stop := iter.Pull2(units)
	first, err, ok := next()
	if !ok || err != nil {
		stop()
		return nil, false, err
	}
	return func(yield func(transfer.Unit, error) bool) {
		defer stop()
		for u, err := first, error(nil); ok; u, err, ok = next() {
			if !yield(u, err) {
				return
			}
		}
	}, true, nil
}
