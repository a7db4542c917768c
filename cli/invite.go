package cli

import (
	"context"
	"fmt"
	"io"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/mail"
)

// invitedByCLI is the actor that invites on the command line.
var invitedByCLI = everlatch.ActorRef{ActorType: "cli", ActorID: createdByCLI}

func (p *program) inviteCommand() *cobra.Command {
	invite := group("invite", "Invite administrators",
		p.inviteCreateCommand(), p.inviteListCommand(), p.inviteShowCommand(), p.inviteResendCommand(), p.inviteRevokeCommand())
	invite.Long = "An invite mails a link that makes its reader an administrator, once. Create and resend print the link, and\n" +
		"they are the only commands that can: the database has a hash of its token."
	invite.Example = "  everlatch invite create -e ada@example.com\n" +
		"  everlatch invite resend ada@example.com"
	return invite
}

func (p *program) inviteCreateCommand() *cobra.Command {
	var (
		r      flows.InviteRequest
		asJSON bool
	)
	c := &cobra.Command{
		Use:     "create",
		Short:   "Invite an administrator and print the link",
		Long:    "Mails a link to the address, and prints it with its token.",
		Example: "  everlatch invite create -e ada@example.com",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return p.createInvite(c, r, asJSON) },
	}
	c.Flags().StringVarP(&r.Email, "email", "e", "", "e-mail address")
	c.Flags().StringSliceVar(&r.Roles, "role", nil, "id or name of a role that the administrator gets; may be repeated")
	_ = c.MarkFlagRequired("email") // fails only for a flag that was not added
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) createInvite(c *cobra.Command, r flows.InviteRequest, asJSON bool) error {
	if a, err := netmail.ParseAddress(r.Email); err != nil || a.Address != r.Email {
		return fmt.Errorf("%q is not an e-mail address", r.Email)
	}
	r.By = invitedByCLI
	return p.onFlows(c, orNew, func(ctx context.Context, t target) (err error) {
		if r.Roles, err = p.rolesOfInvite(ctx, t.store, r.Roles); err != nil {
			return err
		}
		issued, err := t.app.Flows().CreateInvite(ctx, r)
		if err != nil {
			return explained(err)
		}
		t.note(issued.ID)
		return p.showIssued(t, issued, "Invited", asJSON)
	})
}

// rolesOfInvite finds roles where they are in use, and otherwise leaves them as
// they are, as the API does.
func (p *program) rolesOfInvite(ctx context.Context, s *store.Store, named []string) ([]string, error) {
	used, err := p.rolesUsed(ctx, s, false)
	if err != nil || !used {
		return named, err
	}
	return findRoles(ctx, s, named)
}

// showIssued prints an invite with its token and link.
func (p *program) showIssued(t target, issued flows.IssuedInvite, done string, asJSON bool) error {
	token := string(issued.Token.Reveal())
	link := mail.InviteLink(t.app.Settings().Mail.URLs[everlatch.ActorUser], token)
	return p.answer(asJSON, struct {
		Invite everlatch.Invite `json:"invite"`
		Token  string           `json:"token"`
		Link   string           `json:"link"`
	}{issued.Invite, token, link}, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "%s %s (%s) in %s\n", done, issued.Email, issued.ID, t.where)
		row(w, "until", moment(issued.ExpiresAt))
		row(w, "token", token)
		row(w, "link", link)
	})
}

func (p *program) inviteListCommand() *cobra.Command {
	var f store.InviteFilter
	c := &cobra.Command{
		Short:   "List invites that are neither accepted nor revoked",
		Example: "  everlatch invite list --q example.com",
	}
	c.Flags().StringVar(&f.Q, "q", "", "only addresses that contain this")
	return list[everlatch.Invite]{
		p: p, orders: "id, email, expires_at, created_at, updated_at", open: p.onStore,
		table: table[everlatch.Invite]{
			key: "invites", header: []string{"ID", "EMAIL", "STATUS", "UNTIL", "CREATED"},
			row: func(i everlatch.Invite) []string {
				return []string{i.ID, i.Email, inviteStatus(i, clock()), moment(i.ExpiresAt), moment(i.CreatedAt)}
			},
		},
		read: func(ctx context.Context, s *store.Store, page store.Page) ([]everlatch.Invite, int, error) {
			return s.Invites(ctx, f, page)
		},
	}.command(c)
}

func inviteStatus(i everlatch.Invite, now time.Time) string {
	if i.Pending(now) {
		return "pending"
	}
	return "expired"
}

const (
	inviteUsage = "ID|E-MAIL"
	inviteNeeds = "the id or the e-mail of an invite"
)

// findInvite returns an invite that is neither accepted nor revoked, by id or
// e-mail.
func findInvite(ctx context.Context, s *store.Store, named string) (everlatch.Invite, error) {
	if !strings.Contains(named, "@") {
		return s.Invite(ctx, named)
	}
	found, _, err := s.Invites(ctx, store.InviteFilter{Emails: []string{named}}, store.Page{})
	return only(found, err, "no invite is open for "+named, "the open invites for "+named+" are", func(i everlatch.Invite) string { return i.ID })
}

func (p *program) inviteShowCommand() *cobra.Command {
	return resource[everlatch.Invite]{
		p: p, usage: inviteUsage, needs: inviteNeeds, open: p.onStore,
		find: findInvite, id: func(i everlatch.Invite) string { return i.ID },
		view: func(ctx context.Context, s *store.Store, id string) (any, func(io.Writer), error) {
			i, err := s.Invite(ctx, id)
			return map[string]everlatch.Invite{"invite": i}, func(w io.Writer) { writeInvite(w, i) }, err
		},
	}.change(&cobra.Command{Use: "show", Short: "Show an invite that is neither accepted nor revoked"}, nil)
}

func writeInvite(w io.Writer, i everlatch.Invite) {
	row(w, "id", i.ID)
	row(w, "email", i.Email)
	row(w, "status", inviteStatus(i, clock()))
	row(w, "until", moment(i.ExpiresAt))
	row(w, "roles", fmt.Sprint(i.Roles))
	row(w, "workflow", i.WorkflowID)
	row(w, "created", moment(i.CreatedAt))
	row(w, "updated", moment(i.UpdatedAt))
}

// onInvite makes c a command that does something to an invite through its
// workflow.
func (p *program) onInvite(c *cobra.Command, do func(ctx context.Context, t target, i everlatch.Invite, asJSON bool) error) *cobra.Command {
	var asJSON bool
	c.Use += " " + inviteUsage
	c.Args = oneArg(inviteNeeds)
	c.RunE = func(c *cobra.Command, args []string) error {
		return p.onFlows(c, existing, func(ctx context.Context, t target) error {
			i, err := findInvite(ctx, t.store, args[0])
			if err != nil {
				return err
			}
			return do(ctx, t, i, asJSON)
		})
	}
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) inviteResendCommand() *cobra.Command {
	return p.onInvite(&cobra.Command{
		Use:   "resend",
		Short: "Mail and print a new link, also for an expired invite",
		Long:  "Mails and prints a new link. The previous link stops working.",
	}, func(ctx context.Context, t target, i everlatch.Invite, asJSON bool) error {
		issued, err := t.app.Flows().ResendInvite(ctx, i, invitedByCLI)
		if err != nil {
			return explained(err)
		}
		return p.showIssued(t, issued, "Sent a new link to", asJSON)
	})
}

func (p *program) inviteRevokeCommand() *cobra.Command {
	return p.onInvite(&cobra.Command{
		Use:   "revoke",
		Short: "End an invite; its link stops working",
	}, func(ctx context.Context, t target, i everlatch.Invite, asJSON bool) error {
		if err := t.app.Flows().RevokeInvite(ctx, i); err != nil {
			return explained(err)
		}
		return p.answer(asJSON, map[string]any{"id": i.ID, "revoked": true}, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "Revoked the invite of %s (%s).\n", i.Email, i.ID)
		})
	})
}
