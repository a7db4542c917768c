package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) users() resource[everlatch.User] {
	return resource[everlatch.User]{
		p: p, usage: "ID|E-MAIL", needs: "the id or the e-mail of an administrator", object: "user", open: p.onStore,
		find: findUser, id: func(u everlatch.User) string { return u.ID }, view: viewUser,
	}
}

func (p *program) userListCommand() *cobra.Command {
	var (
		f    store.UserFilter
		page pages
	)
	c := &cobra.Command{Short: "List administrators"}
	c.Flags().StringVar(&f.Q, "q", "", "search for words in the e-mail and the names")
	c.Flags().BoolVar(&page.WithDeleted, "deleted", false, "include deleted administrators")
	return list[everlatch.User]{
		p: p, page: &page, orders: "id, email, first_name, last_name, created_at, updated_at", open: p.onStore,
		table: table[everlatch.User]{
			key: "users", header: []string{"CREATED", "ID", "E-MAIL", "NAME"},
			row: func(u everlatch.User) []string {
				return []string{moment(u.CreatedAt), u.ID, u.Email, fullName(u.FirstName, u.LastName)}
			},
		},
		read: func(ctx context.Context, s *store.Store, page store.Page) ([]everlatch.User, int, error) {
			f.Page = page
			return s.Users(ctx, f)
		},
	}.command(c)
}

func (p *program) userShowCommand() *cobra.Command {
	return p.users().change(&cobra.Command{Use: "show", Short: "Show an administrator with providers and roles"}, nil)
}

// findUser returns an administrator by id or e-mail.
func findUser(ctx context.Context, s *store.Store, named string) (everlatch.User, error) {
	if !strings.Contains(named, "@") {
		return s.User(ctx, named)
	}
	found, _, err := s.Users(ctx, store.UserFilter{Emails: []string{named}})
	return only(found, err, "no administrator has the e-mail "+named, named+" is the e-mail of", func(u everlatch.User) string { return u.ID })
}

// viewUser reads an administrator with providers and roles.
func viewUser(ctx context.Context, s *store.Store, id string) (any, func(io.Writer), error) {
	u, err := s.User(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	providers, err := s.ProvidersOf(ctx, everlatch.ActorUser, id)
	if err != nil {
		return nil, nil, err
	}
	access, err := s.Access(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	value := struct {
		User      everlatch.User `json:"user"`
		Providers []string       `json:"providers"`
		Roles     []string       `json:"roles"`
	}{u, providers, access.Roles}
	return value, func(w io.Writer) {
		row(w, "id", u.ID)
		row(w, "e-mail", u.Email)
		row(w, "name", fullName(u.FirstName, u.LastName))
		row(w, "avatar", shown(u.AvatarURL))
		row(w, "signs in with", strings.Join(providers, ", "))
		row(w, "roles", strings.Join(access.Roles, ", "))
		row(w, "created", moment(u.CreatedAt))
		row(w, "updated", moment(u.UpdatedAt))
		row(w, "metadata", jsonText(u.Metadata))
	}, nil
}

func (p *program) userUpdateCommand() *cobra.Command {
	c := &cobra.Command{Use: "update", Short: "Change an administrator; an empty flag clears the field"}
	f := textFields(c, "first-name", "last-name", "avatar-url").withMetadata()
	return p.users().change(c, func(ctx context.Context, s *store.Store, found everlatch.User, _ []string) error {
		metadata, err := f.metadata()
		if err != nil {
			return err
		}
		_, err = s.UpdateUser(ctx, found.ID, store.UserPatch{
			FirstName: f.change("first-name"), LastName: f.change("last-name"), AvatarURL: f.change("avatar-url"),
			Metadata: metadata,
		})
		return err
	})
}

func (p *program) userDeleteCommand() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Short: "Remove an administrator, and end their sessions and tokens",
		Long: "Removes an administrator through the account workflow. Identities that serve only this administrator are\n" +
			"deleted; one that also serves another actor is unlinked. Sessions and tokens end. This cannot be undone, so the\n" +
			"command asks first.",
		Example: "  everlatch user delete ada@example.com --yes",
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.PreRunE = func(*cobra.Command, []string) error {
		if yes || p.terminal() != nil {
			return nil
		}
		return errors.New("this command asks for confirmation, and standard input is not a terminal: add --yes to confirm")
	}
	r := p.users()
	r.open = p.onFlows
	return r.deletion(c, func(ctx context.Context, t target, found everlatch.User) error {
		if !yes {
			if err := p.confirm(fmt.Sprintf("Remove administrator %s (%s) from %s?", found.Email, found.ID, t.where)); err != nil {
				return err
			}
		}
		return explained(t.app.Flows().RemoveUserAccount(ctx, found.ID))
	}, func(found everlatch.User, where string) string {
		return fmt.Sprintf("Removed administrator %s (%s) from %s", found.Email, found.ID, where)
	})
}

// confirm asks a question on the terminal. Any answer but yes is an error.
func (p *program) confirm(question string) error {
	_, _ = fmt.Fprintf(p.stderr, "%s [y/N] ", question)
	switch answer, _ := readLine(p.stdin); strings.ToLower(strings.TrimSpace(answer)) { // no answer is a no
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was removed")
}
