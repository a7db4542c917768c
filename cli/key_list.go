package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) keyListCommand() *cobra.Command {
	var (
		q, kind string
		page    pages
	)
	c := &cobra.Command{
		Use:   "list",
		Short: "List API keys",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := page.check(); err != nil {
				return err
			}
			f := store.APIKeyFilter{Q: q}
			switch kind {
			case "":
			case everlatch.KeyPublishable, everlatch.KeySecret:
				f.Types = []string{kind}
			default:
				return fmt.Errorf("--type is %q, and publishable or secret is expected", kind)
			}
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				return p.listKeys(ctx, s, f, page)
			})
		},
	}
	c.Flags().StringVar(&q, "q", "", "words, each of them part of the title or of the redacted token")
	c.Flags().StringVar(&kind, "type", "", "only publishable or secret keys")
	pageFlags(c, &page, "id, title, type, created_at, updated_at, revoked_at")
	return c
}

func (p *program) listKeys(ctx context.Context, s *store.Store, f store.APIKeyFilter, page pages) error {
	keys, count, err := s.APIKeys(ctx, f, page.Page)
	if err != nil {
		return err
	}
	p.tellOfOthers(page, len(keys), count)
	return p.answer(page.json, struct {
		Keys  []everlatch.APIKey `json:"api_keys"`
		Count int                `json:"count"`
	}{keys, count}, func(w io.Writer) {
		row(w, "CREATED", "ID", "TYPE", "TITLE", "TOKEN", "REVOKED")
		for _, k := range keys {
			row(w, moment(k.CreatedAt), k.ID, k.Type, k.Title, tokenShown(k), revoked(k))
		}
	})
}

// tokenShown is the token of a publishable key, which is no secret.
func tokenShown(k everlatch.APIKey) string {
	if k.Token == "" {
		return k.Redacted
	}
	return k.Token
}

func revoked(k everlatch.APIKey) string {
	if k.RevokedAt == nil {
		return ""
	}
	return moment(*k.RevokedAt)
}

func (p *program) keyShowCommand() *cobra.Command {
	return p.onKey("show ID", "Show an API key", nil, func(context.Context, *store.Store, string) error { return nil })
}

func (p *program) keyUpdateCommand() *cobra.Command {
	var title string
	return p.onKey("update ID", "Change the title of an API key", func(c *cobra.Command) {
		c.Flags().StringVar(&title, "title", "", "what the key is for")
		_ = c.MarkFlagRequired("title") // fails only for a flag that is not there
	}, func(ctx context.Context, s *store.Store, id string) error {
		_, err := s.UpdateAPIKey(ctx, id, title)
		return err
	})
}

func (p *program) keyRevokeCommand() *cobra.Command {
	var in time.Duration
	return p.onKey("revoke ID", "End an API key, now or later", func(c *cobra.Command) {
		c.Long = "Ends a key, for good. Running services notice within seconds. A key that is revoked can be deleted."
		c.Flags().DurationVar(&in, "in", 0, "how long it still works, such as 24h")
	}, func(ctx context.Context, s *store.Store, id string) error {
		if in < 0 {
			return fmt.Errorf("--in is %s, and it cannot lie in the past", in)
		}
		_, err := s.RevokeAPIKey(ctx, id, createdByCLI, clock().Add(in))
		return err
	})
}

// onKey is a command that does something to a key and shows it as it is then.
func (p *program) onKey(
	use, short string, flags func(*cobra.Command), do func(ctx context.Context, s *store.Store, id string) error,
) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  oneArg("the id of an API key"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				if err := do(ctx, s, args[0]); err != nil {
					return err
				}
				k, err := s.APIKey(ctx, args[0])
				if err != nil {
					return err
				}
				return p.answer(asJSON, map[string]everlatch.APIKey{"api_key": k}, func(w io.Writer) {
					row(w, "id", k.ID)
					row(w, "title", k.Title)
					row(w, "type", k.Type)
					row(w, "token", tokenShown(k))
					row(w, "created", moment(k.CreatedAt))
					row(w, "created by", k.CreatedBy)
					row(w, "revoked", revoked(k))
					row(w, "revoked by", shown(k.RevokedBy))
				})
			})
		},
	}
	if flags != nil {
		flags(c)
	}
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) keyDeleteCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "delete ID",
		Short: "Delete a revoked API key",
		Args:  oneArg("the id of an API key"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				k, err := s.APIKey(ctx, args[0])
				if err != nil {
					return err
				}
				if err := s.DeleteAPIKey(ctx, k.ID); err != nil {
					return err
				}
				return p.answer(asJSON, deleted{k.ID, "api_key", true}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "Deleted %s key %q (%s)\n", k.Type, k.Title, k.ID)
				})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}
