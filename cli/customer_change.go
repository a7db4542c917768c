package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

var customerTexts = []string{"email", "company-name", "first-name", "last-name", "phone"}

func (p *program) customerCreateCommand() *cobra.Command {
	var (
		asJSON bool
		f      fields
	)
	c := &cobra.Command{
		Use:   "create",
		Short: "Create a customer without an account",
		Long: "Creates a guest. An account belongs to an identity, which only the person can register: they do so in the\n" +
			"shop, with the same e-mail if they like.",
		Example: "  everlatch customer create --email guest@example.com --first-name Grace",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			metadata, err := f.metadata()
			if err != nil {
				return err
			}
			return p.withAccounts(c, func(ctx context.Context, a *accounts.Accounts) error {
				created, err := a.CreateGuest(ctx, everlatch.Customer{
					Email: f.text("email"), CompanyName: f.text("company-name"), FirstName: f.text("first-name"),
					LastName: f.text("last-name"), Phone: f.text("phone"), Metadata: metadata.Value, CreatedBy: new(createdByCLI),
				})
				if err != nil {
					return err
				}
				return p.showCustomer(ctx, a.Store, created.ID, asJSON)
			})
		},
	}
	f = textFields(c, customerTexts...).withMetadata()
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) customerUpdateCommand() *cobra.Command {
	var (
		asJSON bool
		f      fields
	)
	c := &cobra.Command{
		Use:   "update ID|E-MAIL",
		Short: "Change a customer",
		Long: "Changes what a flag is given for; an empty one clears the field. Another e-mail of an account is also what the\n" +
			"person signs in with from then on, where that was the former one. They are told there, and their tokens end.",
		Example: "  everlatch customer update ada@example.com --last-name Lovelace --phone ''",
		Args:    oneArg("the id or the e-mail of a customer"),
		RunE: func(c *cobra.Command, args []string) error {
			metadata, err := f.metadata()
			if err != nil {
				return err
			}
			return p.onCustomer(c, args[0], asJSON, func(ctx context.Context, a *accounts.Accounts, id string) error {
				_, err := a.UpdateCustomer(ctx, id, store.CustomerPatch{
					Email: f.change("email"), ChangedBy: store.Actor{Type: createdByCLI}, CompanyName: f.change("company-name"), FirstName: f.change("first-name"),
					LastName: f.change("last-name"), Phone: f.change("phone"), Metadata: metadata,
				})
				return err
			})
		},
	}
	f = textFields(c, customerTexts...).withMetadata()
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) customerDeleteCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "delete ID|E-MAIL",
		Short: "Remove a customer and end everything issued to them",
		Long: "Removes a customer through the account workflow: every identity of theirs goes with it, or is detached if\n" +
			"it also serves another actor; tokens and sessions end. There is no way back.",
		Args: oneArg("the id or the e-mail of a customer"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withFlows(c, func(ctx context.Context, a *app.App, where string) error {
				customer, err := findCustomer(ctx, a.Store(), args[0])
				if err != nil {
					return err
				}
				if err := a.Flows().RemoveCustomerAccount(ctx, customer.ID); err != nil {
					return explained(err)
				}
				return p.answer(asJSON, deleted{customer.ID, "customer", true}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "Removed customer %s (%s) from %s\n", shown(customer.Email), customer.ID, where)
				})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// explained says of an outage what may be behind it: who runs a tool can see to
// that, and may read the cause.
func explained(err error) error {
	if errors.Is(err, everlatch.ErrUnavailable) {
		return errors.Join(err, errors.New("is Temporal reachable, and is a worker running?"), errors.Unwrap(err))
	}
	return err
}
