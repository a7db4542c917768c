package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) userListCommand() *cobra.Command {
	var (
		f    store.UserFilter
		page pages
	)
	c := &cobra.Command{
		Use:   "list",
		Short: "List administrators",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := page.check(); err != nil {
				return err
			}
			f.Page = page.Page
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				users, count, err := s.Users(ctx, f)
				if err != nil {
					return err
				}
				p.tellOfOthers(page, len(users), count)
				return p.answer(page.json, struct {
					Users []everlatch.User `json:"users"`
					Count int              `json:"count"`
				}{users, count}, func(w io.Writer) {
					row(w, "CREATED", "ID", "E-MAIL", "NAME")
					for _, u := range users {
						row(w, moment(u.CreatedAt), u.ID, u.Email, fullName(u.FirstName, u.LastName))
					}
				})
			})
		},
	}
	c.Flags().StringVar(&f.Q, "q", "", "words, each of them part of the e-mail or a name")
	c.Flags().BoolVar(&page.WithDeleted, "deleted", false, "deleted ones as well")
	pageFlags(c, &page, "id, email, first_name, last_name, created_at, updated_at")
	return c
}

func (p *program) userShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show ID|E-MAIL",
		Short: "Show an administrator, and with what they sign in",
		Args:  oneArg("the id or the e-mail of an administrator"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				user, err := findUser(ctx, s, args[0])
				if err != nil {
					return err
				}
				return p.showUser(ctx, s, user.ID, asJSON)
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// findUser returns an administrator by id or e-mail.
func findUser(ctx context.Context, s *store.Store, named string) (everlatch.User, error) {
	if !strings.Contains(named, "@") {
		return s.User(ctx, named)
	}
	found, _, err := s.Users(ctx, store.UserFilter{Emails: []string{named}})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no administrator has the e-mail %s", named)
	}
	if err != nil {
		return everlatch.User{}, err
	}
	return found[0], nil
}

// showUser answers with an administrator as they are now.
func (p *program) showUser(ctx context.Context, s *store.Store, id string, asJSON bool) error {
	u, err := s.User(ctx, id)
	if err != nil {
		return err
	}
	providers, err := s.ProvidersOf(ctx, everlatch.ActorUser, id)
	if err != nil {
		return err
	}
	access, err := s.Access(ctx, id)
	if err != nil {
		return err
	}
	return p.answer(asJSON, struct {
		User      everlatch.User `json:"user"`
		Providers []string       `json:"providers"`
		Roles     []string       `json:"roles"`
	}{u, providers, access.Roles}, func(w io.Writer) {
		row(w, "id", u.ID)
		row(w, "e-mail", u.Email)
		row(w, "name", fullName(u.FirstName, u.LastName))
		row(w, "avatar", shown(u.AvatarURL))
		row(w, "signs in with", strings.Join(providers, ", "))
		row(w, "roles", strings.Join(access.Roles, ", "))
		row(w, "created", moment(u.CreatedAt))
		row(w, "updated", moment(u.UpdatedAt))
		row(w, "metadata", jsonText(u.Metadata))
	})
}

func (p *program) userUpdateCommand() *cobra.Command {
	var (
		asJSON bool
		f      fields
	)
	c := &cobra.Command{
		Use:   "update ID|E-MAIL",
		Short: "Change an administrator; an empty flag clears the field",
		Args:  oneArg("the id or the e-mail of an administrator"),
		RunE: func(c *cobra.Command, args []string) error {
			metadata, err := f.metadata()
			if err != nil {
				return err
			}
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				user, err := findUser(ctx, s, args[0])
				if err != nil {
					return err
				}
				_, err = s.UpdateUser(ctx, user.ID, store.UserPatch{
					FirstName: f.change("first-name"), LastName: f.change("last-name"), AvatarURL: f.change("avatar-url"),
					Metadata: metadata,
				})
				if err != nil {
					return err
				}
				return p.showUser(ctx, s, user.ID, asJSON)
			})
		},
	}
	f = textFields(c, "first-name", "last-name", "avatar-url").withMetadata()
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) userDeleteCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "delete ID|E-MAIL",
		Short: "Remove an administrator and end everything issued to them",
		Long: "Removes an administrator through the account workflow: every identity of theirs goes with it, or is\n" +
			"detached if it also serves another actor; tokens and sessions end. There is no way back.",
		Args: oneArg("the id or the e-mail of an administrator"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withFlows(c, func(ctx context.Context, a *app.App, where string) error {
				user, err := findUser(ctx, a.Store(), args[0])
				if err != nil {
					return err
				}
				if err := a.Flows().RemoveUserAccount(ctx, user.ID); err != nil {
					return explained(err)
				}
				return p.answer(asJSON, deleted{user.ID, "user", true}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "Removed administrator %s (%s) from %s\n", user.Email, user.ID, where)
				})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}
