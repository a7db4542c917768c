package cli

import (
	"context"
	"fmt"
	"io"
	netmail "net/mail"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/mail"
)

// invitedByCLI is who invites on the command line.
var invitedByCLI = everlatch.ActorRef{ActorType: "cli", ActorID: createdByCLI}

func (p *program) inviteCommand() *cobra.Command {
	invite := &cobra.Command{
		Use:   "invite",
		Short: "Invites of administrators",
		Long: "Whoever is invited is mailed a link and becomes an administrator by it, once. Whoever invites is\n" +
			"shown the link as well, this once: only a hash of its token is kept.",
		Example: "  everlatch invite create -e ada@example.com\n" +
			"  everlatch invite list --json",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	invite.AddCommand(p.inviteCreateCommand(), p.inviteListCommand(), p.inviteShowCommand(), p.inviteResendCommand(), p.inviteRevokeCommand())
	return invite
}

func (p *program) inviteCreateCommand() *cobra.Command {
	var (
		r      flows.InviteRequest
		asJSON bool
	)
	c := &cobra.Command{
		Use:     "create",
		Short:   "Invite somebody and print their link",
		Long:    "Mails a link to the address, and prints it with its token.",
		Example: "  everlatch invite create -e ada@example.com",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return p.createInvite(c, r, asJSON) },
	}
	c.Flags().StringVarP(&r.Email, "email", "e", "", "e-mail address")
	c.Flags().StringSliceVar(&r.Roles, "role", nil, "id or name of a role that the administrator gets; may be repeated")
	_ = c.MarkFlagRequired("email") // fails only for a flag that is not there
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) createInvite(c *cobra.Command, r flows.InviteRequest, asJSON bool) error {
	if a, err := netmail.ParseAddress(r.Email); err != nil || a.Address != r.Email {
		return fmt.Errorf("%q is not an e-mail address", r.Email)
	}
	r.By = invitedByCLI
	return p.withFlows(c, func(ctx context.Context, a *app.App, where string) (err error) {
		if r.Roles, err = rolesOfInvite(ctx, a.Store(), r.Roles); err != nil {
			return err
		}
		issued, err := a.Flows().CreateInvite(ctx, r)
		if err != nil {
			return explained(err)
		}
		return p.showIssued(c, issued, "Invited", where, asJSON)
	})
}

// rolesOfInvite finds roles where they are in use, and otherwise leaves them as
// they are, as the API does.
func rolesOfInvite(ctx context.Context, s *store.Store, named []string) ([]string, error) {
	used, err := rolesUsed(ctx, s, false)
	if err != nil || !used {
		return named, err
	}
	return findRoles(ctx, s, named)
}

// showIssued prints an invite with its token and link.
func (p *program) showIssued(c *cobra.Command, issued flows.IssuedInvite, done, where string, asJSON bool) error {
	cfg, err := p.load(c)
	if err != nil {
		return err
	}
	token := string(issued.Token.Reveal())
	link := mail.InviteLink(cfg.Mail.URLs[everlatch.ActorUser], token)
	return p.answer(asJSON, struct {
		Invite everlatch.Invite `json:"invite"`
		Token  string           `json:"token"`
		Link   string           `json:"link"`
	}{issued.Invite, token, link}, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "%s %s (%s) in %s\n", done, issued.Email, issued.ID, where)
		row(w, "until", moment(issued.ExpiresAt))
		row(w, "token", token)
		row(w, "link", link)
	})
}

func (p *program) inviteListCommand() *cobra.Command {
	var (
		f    store.InviteFilter
		page pages
	)
	c := &cobra.Command{
		Use:     "list",
		Short:   "List invites that are neither accepted nor revoked",
		Example: "  everlatch invite list --q example.com",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := page.check(); err != nil {
				return err
			}
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				invites, count, err := s.Invites(ctx, f, page.Page)
				if err != nil {
					return err
				}
				p.tellOfOthers(page, len(invites), count)
				return p.answer(page.json, struct {
					Invites []everlatch.Invite `json:"invites"`
					Count   int                `json:"count"`
				}{invites, count}, func(w io.Writer) { writeInvites(w, invites, clock()) })
			})
		},
	}
	c.Flags().StringVar(&f.Q, "q", "", "only addresses that contain this")
	pageFlags(c, &page, "id, email, expires_at, created_at, updated_at")
	return c
}

func writeInvites(w io.Writer, invites []everlatch.Invite, now time.Time) {
	row(w, "ID", "EMAIL", "STATUS", "UNTIL", "CREATED")
	for _, i := range invites {
		row(w, i.ID, i.Email, inviteStatus(i, now), moment(i.ExpiresAt), moment(i.CreatedAt))
	}
}

func inviteStatus(i everlatch.Invite, now time.Time) string {
	if i.Pending(now) {
		return "pending"
	}
	return "expired"
}

func (p *program) inviteShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show an invite that is neither accepted nor revoked",
		Args:  oneArg("the id of an invite"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				i, err := s.Invite(ctx, args[0])
				if err != nil {
					return err
				}
				return p.answer(asJSON, map[string]any{"invite": i}, func(w io.Writer) {
					row(w, "id", i.ID)
					row(w, "email", i.Email)
					row(w, "status", inviteStatus(i, clock()))
					row(w, "until", moment(i.ExpiresAt))
					row(w, "roles", fmt.Sprint(i.Roles))
					row(w, "dance", i.WorkflowID)
					row(w, "created", moment(i.CreatedAt))
					row(w, "updated", moment(i.UpdatedAt))
				})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) inviteResendCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "resend ID",
		Short: "Mail another link, also for an invite that has expired, and print it",
		Long:  "The link before does not work any more.",
		Args:  oneArg("the id of an invite"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withFlows(c, func(ctx context.Context, a *app.App, where string) error {
				i, err := a.Store().Invite(ctx, args[0])
				if err != nil {
					return err
				}
				issued, err := a.Flows().ResendInvite(ctx, i, invitedByCLI)
				if err != nil {
					return explained(err)
				}
				return p.showIssued(c, issued, "Invited once more", where, asJSON)
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) inviteRevokeCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "revoke ID",
		Short: "End an invite; its link does not work any more",
		Args:  oneArg("the id of an invite"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withFlows(c, func(ctx context.Context, a *app.App, _ string) error {
				i, err := a.Store().Invite(ctx, args[0])
				if err != nil {
					return err
				}
				if err := a.Flows().RevokeInvite(ctx, i); err != nil {
					return explained(err)
				}
				return p.answer(asJSON, map[string]any{"id": i.ID, "revoked": true}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "Revoked the invite of %s (%s).\n", i.Email, i.ID)
				})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}
