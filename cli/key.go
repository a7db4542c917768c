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

// clock is the clock of the tools.
func clock() time.Time { return time.Now() }

// createdByCLI stands in created_by of keys that nobody signed in made.
const createdByCLI = "everlatch-cli"

func (p *program) keyCommand() *cobra.Command {
	return group("key", "API keys",
		p.keyListCommand(), p.keyShowCommand(), p.keyCreateCommand(), p.keyUpdateCommand(), p.keyRevokeCommand(),
		p.keyDeleteCommand())
}

func (p *program) keyCreateCommand() *cobra.Command {
	var (
		title, kind, of string
		asJSON          bool
	)
	c := &cobra.Command{
		Use:   "create",
		Short: "Create a publishable or secret API key and print its token",
		Long: "Prints the token on standard output and nothing else there. The token of a secret key is shown this\n" +
			"once: only its hash is stored.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withStore(c, func(ctx context.Context, s *store.Store, where string) error {
				by := createdByCLI
				if of != "" {
					user, err := findUser(ctx, s, of)
					if err != nil {
						return err
					}
					by = user.ID
				}
				created, err := rules(s).CreateAPIKey(ctx, everlatch.APIKey{Title: title, Type: kind, CreatedBy: by})
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(p.stderr, "Created %s key %q (%s) in %s\n", created.Type, created.Title, created.ID, where)
				return p.answer(asJSON, map[string]everlatch.APIKey{"api_key": created}, func(w io.Writer) {
					_, _ = fmt.Fprintln(w, created.Token)
				})
			})
		},
	}
	c.Flags().StringVar(&title, "title", "", "what the key is for")
	c.Flags().StringVar(&kind, "type", everlatch.KeyPublishable, "publishable or secret")
	c.Flags().StringVar(&of, "user", "", "id or e-mail of an administrator in whose name the key acts; with rbac.enabled a secret key needs one, and may what they may")
	jsonFlag(c, &asJSON)
	_ = c.MarkFlagRequired("title") // fails only for a flag that is not there
	return c
}
