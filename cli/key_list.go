package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) keyListCommand() *cobra.Command {
	var q, kind string
	c := &cobra.Command{Short: "List API keys"}
	c.Flags().StringVar(&q, "q", "", "search for words in the title and the redacted token")
	c.Flags().StringVar(&kind, "type", "", "only publishable or secret keys")
	return list[everlatch.APIKey]{
		p: p, orders: "id, title, type, created_at, updated_at, revoked_at", open: p.onStore,
		table: table[everlatch.APIKey]{
			key: "api_keys", header: []string{"CREATED", "ID", "TYPE", "TITLE", "TOKEN", "REVOKED"},
			row: func(k everlatch.APIKey) []string {
				return []string{moment(k.CreatedAt), k.ID, k.Type, k.Title, tokenShown(k), revoked(k)}
			},
		},
		read: func(ctx context.Context, s *store.Store, page store.Page) ([]everlatch.APIKey, int, error) {
			f := store.APIKeyFilter{Q: q}
			switch kind {
			case "":
			case everlatch.KeyPublishable, everlatch.KeySecret:
				f.Types = []string{kind}
			default:
				return nil, 0, fmt.Errorf("--type is %q, and publishable or secret is expected", kind)
			}
			return s.APIKeys(ctx, f, page)
		},
	}.command(c)
}

// tokenShown is the token of a publishable key, which is not secret, and the
// redacted one of a secret key.
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
	return p.keys().change(&cobra.Command{Use: "show", Short: "Show an API key"}, nil)
}

func (p *program) keyUpdateCommand() *cobra.Command {
	c := &cobra.Command{Use: "update", Short: "Change the title of an API key"}
	var title string
	c.Flags().StringVar(&title, "title", "", "what the key is for")
	_ = c.MarkFlagRequired("title") // fails only for a flag that was not added
	return p.keys().change(c, func(ctx context.Context, s *store.Store, found everlatch.APIKey, _ []string) error {
		_, err := s.UpdateAPIKey(ctx, found.ID, title)
		return err
	})
}

func (p *program) keyRevokeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "revoke",
		Short: "End an API key, now or later",
		Long:  "Ends a key for good. Running services notice within seconds. A revoked key can be deleted.",
	}
	var in time.Duration
	c.Flags().DurationVar(&in, "in", 0, "how long it still works, such as 24h")
	return p.keys().change(c, func(ctx context.Context, s *store.Store, found everlatch.APIKey, _ []string) error {
		if in < 0 {
			return fmt.Errorf("--in is %s, and it cannot lie in the past", in)
		}
		_, err := s.RevokeAPIKey(ctx, found.ID, createdByCLI, clock().Add(in))
		return err
	})
}

func (p *program) keyDeleteCommand() *cobra.Command {
	return p.keys().deletion(&cobra.Command{Short: "Delete a revoked API key"},
		func(ctx context.Context, t target, found everlatch.APIKey) error {
			return t.store.DeleteAPIKey(ctx, found.ID)
		},
		func(found everlatch.APIKey, _ string) string {
			return fmt.Sprintf("Deleted %s key %q (%s)", found.Type, found.Title, found.ID)
		})
}
