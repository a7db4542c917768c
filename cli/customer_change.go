package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/internal/store"
)

var customerTexts = []string{"email", "company-name", "first-name", "last-name", "phone"}

func (p *program) customerCreateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "create",
		Short: "Create a customer without an account",
		Long: "Creates a guest. Only the customer can register an account, which belongs to an identity; the account may\n" +
			"have the same e-mail.",
		Example: "  everlatch customer create --email guest@example.com --first-name Grace",
	}
	f := textFields(c, customerTexts...).withMetadata()
	return p.customers().creation(c, func(ctx context.Context, s *store.Store, _ []string) (everlatch.Customer, error) {
		metadata, err := f.metadata()
		if err != nil {
			return everlatch.Customer{}, err
		}
		return rules(s).CreateGuest(ctx, everlatch.Customer{
			Email: f.text("email"), CompanyName: f.text("company-name"), FirstName: f.text("first-name"),
			LastName: f.text("last-name"), Phone: f.text("phone"), Metadata: metadata.Value, CreatedBy: new(createdByCLI),
		})
	})
}

func (p *program) customerUpdateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "update",
		Short: "Change a customer",
		Long: "Changes the fields whose flags are given; an empty flag clears the field. If a customer signs in with the\n" +
			"e-mail of the account and you change it, the customer signs in with the new one from then on. Both addresses are\n" +
			"notified, and existing tokens end.",
		Example: "  everlatch customer update ada@example.com --last-name Lovelace --phone ''",
	}
	f := textFields(c, customerTexts...).withMetadata()
	return p.customers().change(c, func(ctx context.Context, s *store.Store, found everlatch.Customer, _ []string) error {
		metadata, err := f.metadata()
		if err != nil {
			return err
		}
		cfg, err := p.load(c)
		if err != nil {
			return err
		}
		a, err := app.Accounts(cfg, s, clock, p.options...)
		if err != nil {
			return err
		}
		_, err = a.UpdateCustomer(ctx, found.ID, store.CustomerPatch{
			Email: f.change("email"), ChangedBy: store.Actor{Type: createdByCLI}, CompanyName: f.change("company-name"),
			FirstName: f.change("first-name"), LastName: f.change("last-name"), Phone: f.change("phone"), Metadata: metadata,
		})
		return err
	})
}

func (p *program) customerDeleteCommand() *cobra.Command {
	r := p.customers()
	r.open = p.onFlows
	var later bool
	c := r.removal(&cobra.Command{
		Use: "delete " + r.usage, Short: "Remove a customer, and end their sessions and tokens", Args: oneArg(r.needs),
		Long: "Removes a customer through the account workflow. Identities that serve only this customer are deleted; one\n" +
			"that also serves another actor is unlinked. Sessions and tokens end. This cannot be undone; with --after-grace\n" +
			"it is done after deletion.grace, until which customer keep, or a sign-in of the customer, undoes it.",
		Example: "  everlatch customer delete ada@example.com --after-grace",
	}, func(ctx context.Context, t target, found everlatch.Customer, _ []string) (deleted, string, error) {
		var at time.Time
		var err error
		if later {
			at, err = t.app.Flows().DeleteCustomer(ctx, found.ID)
		} else {
			err = t.app.Flows().RemoveCustomerAccount(ctx, found.ID)
		}
		if !at.IsZero() {
			return deleted{found.ID, r.object, false}, fmt.Sprintf("Customer %s (%s) will be removed at %s", shown(found.Email), found.ID, at.UTC().Format(time.RFC3339)), nil
		}
		return deleted{found.ID, r.object, true}, fmt.Sprintf("Removed customer %s (%s) from %s", shown(found.Email), found.ID, t.where), explained(err)
	})
	c.Flags().BoolVar(&later, "after-grace", false, "remove the customer after deletion.grace, unless it is undone before")
	return c
}

func (p *program) customerKeepCommand() *cobra.Command {
	r := p.customers()
	r.open = p.onFlows
	return r.removal(&cobra.Command{
		Use: "keep " + r.usage, Short: "Keep a customer whose removal waits", Args: oneArg(r.needs),
		Long: "Undoes a removal that waits, as a sign-in of the customer would, and tells them by mail. One who is\n" +
			"not to be removed stays as they are.",
		Example: "  everlatch customer keep ada@example.com",
	}, func(ctx context.Context, t target, found everlatch.Customer, _ []string) (deleted, string, error) {
		gone := deleted{found.ID, "account_deletion", true}
		switch _, err := t.store.Deletion(ctx, found.ID); {
		case errors.Is(err, everlatch.ErrNotFound):
			return gone, fmt.Sprintf("Customer %s (%s) is not to be removed", shown(found.Email), found.ID), nil
		case err != nil:
			return gone, "", err
		}
		err := t.app.Flows().CancelDeletion(ctx, found.ID, everlatch.ActorRef{ActorType: createdByCLI})
		return gone, fmt.Sprintf("Customer %s (%s) stays", shown(found.Email), found.ID), explained(err)
	})
}
