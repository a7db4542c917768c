package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

const (
	// importPoll is how often the progress of an import is read.
	importPoll = 250 * time.Millisecond
	// importNews is how often it is told.
	importNews = 2 * time.Second
	// importPatience is how long an import may stand still before the reason is asked for.
	importPatience = 15 * time.Second
)

// awaitImport tells the progress of an import until it has ended.
func (p *program) awaitImport(ctx context.Context, s *store.Store, id string) error {
	ticker := time.NewTicker(importPoll)
	defer ticker.Stop()
	told, moved, waiting, asked := clock(), clock(), int64(-1), false
	for {
		state, err := s.Import(ctx, id)
		if err != nil {
			return p.leftAlone(ctx, id, err)
		}
		if state.FinishedAt != nil {
			return nil
		}
		now := clock()
		if state.Waiting != waiting {
			waiting, moved = state.Waiting, now
		}
		if now.Sub(told) >= importNews && state.Waiting < state.Staged {
			told = now
			_, _ = fmt.Fprintf(p.stderr, "%d of %d\n", state.Staged-state.Waiting, state.Staged)
		}
		if now.Sub(moved) >= importPatience && !asked {
			asked = true
			_, _ = fmt.Fprintf(p.stderr, "The import waits. Is a worker running? `%s import show %s` tells how it goes.\n", p.name, id)
		}
		select {
		case <-ctx.Done():
			return p.leftAlone(ctx, id, ctx.Err())
		case <-ticker.C:
		}
	}
}

// leftAlone says that an import goes on without the command that waits for it.
func (p *program) leftAlone(ctx context.Context, id string, err error) error {
	if ctx.Err() != nil {
		_, _ = fmt.Fprintf(p.stderr, "The import goes on without this command: see `%s import show %s`, or stop it with `%[1]s import cancel %s`.\n", p.name, id, id)
	}
	return err
}

func (p *program) importListCommand() *cobra.Command {
	var asJSON bool
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "List imports, the newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if limit < 1 {
				return fmt.Errorf("--limit is %d, and at least 1 is expected", limit)
			}
			return p.onStore(c, existing, func(ctx context.Context, t target) error {
				list, err := t.store.Imports(ctx, limit)
				if err != nil {
					return err
				}
				return importTable.answer(p, asJSON, list, len(list))
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 20, "how many to list at most")
	jsonFlag(c, &asJSON)
	return c
}

var importTable = table[store.DataImport]{
	key: "imports", header: []string{"CREATED", "ID", "SOURCE", "STATUS", "CREATED", "UPDATED", "SKIPPED", "REFUSED"},
	row: func(i store.DataImport) []string {
		return []string{moment(i.CreatedAt), i.ID, i.Source, i.Status, number(i.Created), number(i.Updated), number(i.Skipped), number(i.Refused)}
	},
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func (p *program) importShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show [ID]",
		Short: "Show the progress or the report of an import, by default of the latest",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onStore(c, existing, func(ctx context.Context, t target) error {
				id, err := importNamed(ctx, t.store, args)
				if err != nil {
					return err
				}
				return p.showImport(ctx, t.store, id, asJSON)
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func importNamed(ctx context.Context, s *store.Store, args []string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	latest, err := s.Imports(ctx, 1)
	if err == nil && len(latest) == 0 {
		err = fmt.Errorf("nothing was imported yet")
	}
	if err != nil {
		return "", err
	}
	return latest[0].ID, nil
}

func (p *program) importCancelCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "cancel ID",
		Short: "Stop an import; what it has imported stays",
		Args:  oneArg("the id of an import"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onFlows(c, existing, func(ctx context.Context, t target) error {
				if _, err := t.store.Import(ctx, args[0]); err != nil {
					return err
				}
				if err := t.app.Flows().Run(ctx, workflows.ImportID(args[0])).Cancel(ctx); err != nil {
					return fmt.Errorf("%s does not run: %w", args[0], err)
				}
				if err := p.awaitImport(ctx, t.store, args[0]); err != nil {
					return err
				}
				return p.showImport(ctx, t.store, args[0], asJSON)
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// importReport is an import with what was refused or left out.
type importReport struct {
	Import store.DataImport    `json:"import"`
	Issues []store.ImportIssue `json:"issues"`
}

func (p *program) showImport(ctx context.Context, s *store.Store, id string, asJSON bool) error {
	state, err := s.Import(ctx, id)
	if err != nil {
		return err
	}
	issues, err := s.ImportIssues(ctx, id)
	if err != nil {
		return err
	}
	return p.answer(asJSON, importReport{state, issues}, func(w io.Writer) {
		row(w, "id", state.ID)
		row(w, "source", state.Source)
		row(w, "status", state.Status)
		if state.FinishedAt == nil {
			row(w, "imported", fmt.Sprintf("%d of %d", state.Staged-state.Waiting, state.Staged))
		}
		writeCounts(w, state.ImportCounts, issues)
	})
}

// tried is the answer to a dry run.
type tried struct {
	DryRun bool `json:"dry_run"`
	store.ImportCounts

	Issues []store.ImportIssue `json:"issues"`
}

func writeTrial(w io.Writer, counts store.ImportCounts, issues []store.ImportIssue) {
	row(w, "This was a dry run: nothing was changed.")
	writeCounts(w, counts, issues)
}

func writeCounts(w io.Writer, counts store.ImportCounts, issues []store.ImportIssue) {
	row(w, "created", number(counts.Created))
	row(w, "updated", number(counts.Updated))
	row(w, "skipped", number(counts.Skipped))
	if counts.Removed > 0 { // only of systems that tell
		row(w, "removed", number(counts.Removed))
	}
	row(w, "refused", number(counts.Refused))
	if len(issues) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w)
	row(w, "LINE", "TYPE", "RECORD", "REFUSED", "REASON")
	for _, i := range issues {
		line := ""
		if i.Line > 0 {
			line = number(i.Line)
		}
		row(w, line, i.Type, i.Record, map[bool]string{true: "yes", false: "no"}[i.Refused], i.Reason)
	}
}
