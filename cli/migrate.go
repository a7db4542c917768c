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
	migrate := &cobra.Command{Use: "migrate", Short: "The schema of the database"}
	migrate.AddCommand(
		&cobra.Command{
			Use: "up", Short: "Bring the schema up to date; may run beside others", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return p.onSchema(c, p.migrateUp) },
		},
		&cobra.Command{
			Use: "status", Short: "List the migrations", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return p.onSchema(c, p.migrateStatus) },
		},
	)
	return migrate
}

// onSchema calls do with a database of any version.
func (p *program) onSchema(c *cobra.Command, do func(context.Context, *store.Store) error) (err error) {
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	s, where, err := p.openStore(c.Context(), c, cfg)
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
	_, err = fmt.Fprintf(p.stdout, "%d migrations applied\n", pending)
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
