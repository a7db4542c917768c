package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/vault"
)

func (p *program) userCommand() *cobra.Command {
	return group("user", "Manage administrators",
		p.userListCommand(), p.userShowCommand(), p.userCreateCommand(), p.userUpdateCommand(), p.userDeleteCommand())
}

// userRequest is what `user create` was asked for.
type userRequest struct {
	email, password, first, last, provider string
	json, invite                           bool
	roles                                  []string
}

func (p *program) userCreateCommand() *cobra.Command {
	var r userRequest
	c := &cobra.Command{
		Use:   "create",
		Short: "Create an administrator with a password, or invite one",
		Long: "Creates an administrator through the account workflow: identity, administrator and link are created together\n" +
			"or not at all. Without -p the command asks for the password, or reads it from the first line of standard input.\n" +
			"With --invite it creates no administrator but mails a link to the address, as everlatch invite create does.\n" +
			"Where roles are in use and there is no super admin yet, an administrator without --role becomes one.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if r.invite {
				return p.createInvite(c, flows.InviteRequest{InviteOffer: everlatch.InviteOffer{Email: r.email, Roles: r.roles}}, r.json)
			}
			if !c.Flags().Changed("password") {
				if r.password, err = p.readPassword(); err != nil {
					return err
				}
			}
			cfg, err := p.load(c)
			if err != nil {
				return err
			}
			return p.onFlows(c, orNew, func(ctx context.Context, t target) error {
				return p.createUser(ctx, t, r, cfg.RBAC.Enabled)
			})
		},
	}
	c.Flags().StringVarP(&r.email, "email", "e", "", "e-mail address")
	c.Flags().StringVarP(&r.password, "password", "p", "", "password; other users of this machine may see it, so prefer to leave it out")
	c.Flags().StringVar(&r.first, "first-name", "", "first name")
	c.Flags().StringVar(&r.last, "last-name", "", "last name")
	c.Flags().StringVar(&r.provider, "provider", "emailpass", "id of the auth provider")
	c.Flags().StringSliceVar(&r.roles, "role", nil, "id or name of a role; may be repeated")
	jsonFlag(c, &r.json)
	c.Flags().BoolVar(&r.invite, "invite", false, "invite the address instead, and print the link")
	for _, flag := range []string{"password", "first-name", "last-name", "provider"} {
		c.MarkFlagsMutuallyExclusive("invite", flag)
	}
	_ = c.MarkFlagRequired("email") // fails only for a flag that was not added
	return c
}

func (p *program) createUser(ctx context.Context, t target, r userRequest, rbac bool) error {
	roles, err := p.rolesOfNew(ctx, t.store, rbac, r.roles)
	if err != nil {
		return err
	}
	user, err := t.app.Flows().CreateUser(ctx, flows.UserRequest{
		Provider: r.provider, Email: r.email, Password: vault.NewSecret([]byte(r.password)),
		FirstName: optional(r.first), LastName: optional(r.last), Roles: roles,
	})
	if err != nil {
		return explained(err)
	}
	t.note(user.ID)
	p.tellOfRoles(rbac, user.Email, roles)
	return p.answer(r.json, map[string]everlatch.User{"user": user}, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "Created administrator %s (%s) in %s\n", user.Email, user.ID, t.where)
	})
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// terminal returns standard input where it is a terminal, or nil.
func (p *program) terminal() *os.File {
	if f, ok := p.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// readPassword asks on a terminal, twice and without echo, and otherwise reads
// one line.
func (p *program) readPassword() (string, error) {
	terminal := p.terminal()
	if terminal == nil {
		line, err := readLine(p.stdin)
		if line == "" && err != nil {
			return "", errors.New("no password: pass it with -p, type it on a terminal, or send it to standard input")
		}
		return line, nil
	}
	first, err := p.ask(terminal, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := p.ask(terminal, "Repeat password: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ")
	}
	return first, nil
}

func (p *program) ask(terminal *os.File, prompt string) (string, error) {
	_, _ = fmt.Fprint(p.stderr, prompt)
	text, err := term.ReadPassword(int(terminal.Fd()))
	_, _ = fmt.Fprintln(p.stderr)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return string(text), nil
}

func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(r).ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}
