package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) migrateCommand() *cobra.Command {
	return group("migrate", "Manage the schema of the database",
		&cobra.Command{
			Use: "up", Short: "Bring the schema up to date; safe while other processes run", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return p.onSchema(c, orNew, p.migrateUp) },
		},
		&cobra.Command{
			Use: "status", Short: "List the migrations", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return p.onSchema(c, existing, p.migrateStatus) },
		},
	)
}

// onSchema calls do with a database whose schema may be behind.
func (p *program) onSchema(c *cobra.Command, need presence, do func(context.Context, *store.Store) error) (err error) {
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	s, where, err := p.openStore(c.Context(), c, cfg, need)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	_, _ = fmt.Fprintln(p.stderr, where)
	return do(c.Context(), s)
}

func (p *program) migrateUp(ctx context.Context, s *store.Store) error {
	pending, err := s.Pending(ctx)
	if err != nil {
		return err
	}
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s applied\n", counted(pending, "migration"))
	return err
}

func (p *program) migrateStatus(ctx context.Context, s *store.Store) error {
	migrations, err := s.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, m := range migrations {
		applied := "pending"
		if !m.AppliedAt.IsZero() {
			applied = m.AppliedAt.Format(time.RFC3339)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\n", m.Name, applied)
	}
	return table.Flush()
}
