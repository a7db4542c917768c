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
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/vault"
)

func (p *program) userCommand() *cobra.Command {
	return group("user", "Administrators",
		p.userListCommand(), p.userShowCommand(), p.userCreateCommand(), p.userUpdateCommand(), p.userDeleteCommand())
}

func (p *program) userCreateCommand() *cobra.Command {
	var (
		email, password, first, last, provider string
		asJSON, invite                         bool
		roles                                  []string
	)
	c := &cobra.Command{
		Use:   "create",
		Short: "Create an administrator with a password, or invite one",
		Long: "Creates an administrator through the account workflow: identity, user and link come to be together or\n" +
			"not at all. Without -p the password is asked for, or read from the first line of standard input. With\n" +
			"--invite nobody is created: the address is mailed a link, as by everlatch invite create. Where roles are in use\n" +
			"and nobody is a super admin, whoever is created without --role becomes one.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if invite {
				return p.createInvite(c, flows.InviteRequest{Email: email, Roles: roles}, asJSON)
			}
			if !c.Flags().Changed("password") {
				var err error
				if password, err = p.readPassword(); err != nil {
					return err
				}
			}
			cfg, err := p.load(c)
			if err != nil {
				return err
			}
			return p.withFlows(c, func(ctx context.Context, a *app.App, where string) error {
				roles, err := p.rolesOfNew(ctx, a.Store(), cfg.RBAC.Enabled, roles)
				if err != nil {
					return err
				}
				user, err := a.Flows().CreateUser(ctx, flows.UserRequest{
					Provider: provider, Email: email, Password: vault.NewSecret([]byte(password)),
					FirstName: optional(first), LastName: optional(last), Roles: roles,
				})
				if err != nil {
					return explained(err)
				}
				p.tellOfRoles(cfg.RBAC.Enabled, user.Email, roles)
				return p.answer(asJSON, map[string]everlatch.User{"user": user}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "Created administrator %s (%s) in %s\n", user.Email, user.ID, where)
				})
			})
		},
	}
	c.Flags().StringVarP(&email, "email", "e", "", "e-mail address")
	c.Flags().StringVarP(&password, "password", "p", "", "password; others on this machine may see it, so better leave it out")
	c.Flags().StringVar(&first, "first-name", "", "first name")
	c.Flags().StringVar(&last, "last-name", "", "last name")
	c.Flags().StringVar(&provider, "provider", "emailpass", "id of the auth provider")
	c.Flags().StringSliceVar(&roles, "role", nil, "id or name of a role; may be repeated")
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&invite, "invite", false, "invite the address instead, and print the link")
	for _, flag := range []string{"password", "first-name", "last-name", "provider"} {
		c.MarkFlagsMutuallyExclusive("invite", flag)
	}
	_ = c.MarkFlagRequired("email") // fails only for a flag that is not there
	return c
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// readPassword asks on a terminal, twice and without echo, and otherwise reads
// one line.
func (p *program) readPassword() (string, error) {
	terminal, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return readLine(p.stdin)
	}
	first, err := p.ask(terminal, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := p.ask(terminal, "Once more: ")
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
	line = strings.TrimRight(line, "\r\n")
	if line == "" && err != nil {
		return "", errors.New("no password: give it with -p, type it on a terminal, or send it to standard input")
	}
	return line, nil
}
