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

// createdByCLI is the created_by of records that were created on the command line.
const createdByCLI = "everlatch-cli"

func (p *program) keyCommand() *cobra.Command {
	return group("key", "Manage API keys",
		p.keyListCommand(), p.keyShowCommand(), p.keyCreateCommand(), p.keyUpdateCommand(), p.keyRevokeCommand(),
		p.keyDeleteCommand())
}

// keyRequest is what `key create` was asked for.
type keyRequest struct {
	title, kind, user string
	json              bool
}

func (p *program) keyCreateCommand() *cobra.Command {
	var r keyRequest
	c := &cobra.Command{
		Use:   "create",
		Short: "Create a publishable or secret API key and print its token",
		Long: "Prints the token, and only the token, on standard output. The token of a secret key is shown only now: the\n" +
			"database has its hash.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onStore(c, orNew, func(ctx context.Context, t target) error { return p.createKey(ctx, t, r) })
		},
	}
	c.Flags().StringVar(&r.title, "title", "", "what the key is for")
	c.Flags().StringVar(&r.kind, "type", everlatch.KeyPublishable, "publishable or secret")
	c.Flags().StringVar(&r.user, "user", "", "id or e-mail of the administrator in whose name a secret key acts; with rbac.enabled, the key has that administrator's permissions and needs one")
	jsonFlag(c, &r.json)
	_ = c.MarkFlagRequired("title") // fails only for a flag that was not added
	return c
}

func (p *program) createKey(ctx context.Context, t target, r keyRequest) error {
	by, owner := createdByCLI, ""
	if r.user != "" {
		user, err := findUser(ctx, t.store, r.user)
		if err != nil {
			return err
		}
		by, owner = user.ID, user.ID
	}
	created, err := rules(t.store).CreateAPIKey(ctx, everlatch.APIKey{
		Title: r.title, Type: r.kind, CreatedBy: by, OwnerID: owner,
	})
	if err != nil {
		return err
	}
	t.note(created.ID)
	_, _ = fmt.Fprintf(p.stderr, "Created %s key %q (%s) in %s\n", created.Type, created.Title, created.ID, t.where)
	return p.answer(r.json, map[string]everlatch.APIKey{"api_key": created}, func(w io.Writer) {
		_, _ = fmt.Fprintln(w, created.Token)
	})
}

func (p *program) keys() resource[everlatch.APIKey] {
	return resource[everlatch.APIKey]{
		p: p, usage: "ID", needs: "the id of an API key", object: "api_key", open: p.onStore,
		find: func(ctx context.Context, s *store.Store, id string) (everlatch.APIKey, error) {
			return s.APIKey(ctx, id)
		},
		id:   func(k everlatch.APIKey) string { return k.ID },
		view: viewKey,
	}
}

func viewKey(ctx context.Context, s *store.Store, id string) (any, func(io.Writer), error) {
	k, err := s.APIKey(ctx, id)
	return map[string]everlatch.APIKey{"api_key": k}, func(w io.Writer) {
		row(w, "id", k.ID)
		row(w, "title", k.Title)
		row(w, "type", k.Type)
		row(w, "token", tokenShown(k))
		row(w, "created", moment(k.CreatedAt))
		row(w, "created by", k.CreatedBy)
		row(w, "owner", k.OwnerID)
		row(w, "revoked", revoked(k))
		row(w, "revoked by", shown(k.RevokedBy))
	}, err
}
