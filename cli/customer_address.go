package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) addressCommand() *cobra.Command {
	return group("address", "Addresses of a customer; customer show lists them",
		p.addressAddCommand(), p.addressUpdateCommand(), p.addressDeleteCommand())
}

var addressTexts = []string{
	"address-name", "company", "first-name", "last-name", "address-1", "address-2", "city", "country-code", "province",
	"postal-code", "phone",
}

// defaults are the flags by which an address becomes a default, or none.
func (f fields) defaults() fields {
	f.c.Flags().Bool("default-shipping", false, "the default for shipping")
	f.c.Flags().Bool("default-billing", false, "the default for billing")
	return f
}

func (f fields) flag(name string) store.Change[bool] {
	value, _ := f.c.Flags().GetBool(name) // fails only for a flag that is not there
	return store.Change[bool]{Set: f.c.Flags().Changed(name), Value: value}
}

func (p *program) addressAddCommand() *cobra.Command {
	var (
		asJSON bool
		f      fields
	)
	c := &cobra.Command{
		Use:   "add CUSTOMER",
		Short: "Add an address to a customer",
		Args:  oneArg("the id or the e-mail of a customer"),
		RunE: func(c *cobra.Command, args []string) error {
			metadata, err := f.metadata()
			if err != nil {
				return err
			}
			return p.onCustomer(c, args[0], asJSON, func(ctx context.Context, a *accounts.Accounts, id string) error {
				_, err := a.CreateAddress(ctx, everlatch.Address{
					CustomerID: id, AddressName: f.text("address-name"), Company: f.text("company"),
					FirstName: f.text("first-name"), LastName: f.text("last-name"), Address1: f.text("address-1"),
					Address2: f.text("address-2"), City: f.text("city"), CountryCode: f.text("country-code"),
					Province: f.text("province"), PostalCode: f.text("postal-code"), Phone: f.text("phone"),
					Metadata: metadata.Value, IsDefaultShipping: f.flag("default-shipping").Value,
					IsDefaultBilling: f.flag("default-billing").Value,
				})
				return err
			})
		},
	}
	f = textFields(c, addressTexts...).withMetadata().defaults()
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) addressUpdateCommand() *cobra.Command {
	var (
		asJSON bool
		f      fields
	)
	c := &cobra.Command{
		Use:   "update CUSTOMER ADDRESS",
		Short: "Change an address; an empty flag clears the field",
		Args:  twoArgs("a customer and the id of an address"),
		RunE: func(c *cobra.Command, args []string) error {
			metadata, err := f.metadata()
			if err != nil {
				return err
			}
			return p.onCustomer(c, args[0], asJSON, func(ctx context.Context, a *accounts.Accounts, id string) error {
				_, err := a.Store.UpdateAddress(ctx, id, args[1], store.AddressPatch{
					AddressName: f.change("address-name"), Company: f.change("company"), FirstName: f.change("first-name"),
					LastName: f.change("last-name"), Address1: f.change("address-1"), Address2: f.change("address-2"),
					City: f.change("city"), CountryCode: f.change("country-code"), Province: f.change("province"),
					PostalCode: f.change("postal-code"), Phone: f.change("phone"), Metadata: metadata,
					IsDefaultShipping: f.flag("default-shipping"), IsDefaultBilling: f.flag("default-billing"),
				})
				return err
			})
		},
	}
	f = textFields(c, addressTexts...).withMetadata().defaults()
	jsonFlag(c, &asJSON)
	return c
}

func (p *program) addressDeleteCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "delete CUSTOMER ADDRESS",
		Short: "Delete an address",
		Args:  twoArgs("a customer and the id of an address"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c, func(ctx context.Context, s *store.Store, _ string) error {
				customer, err := findCustomer(ctx, s, args[0])
				if err != nil {
					return err
				}
				if err := s.DeleteAddress(ctx, customer.ID, args[1]); err != nil {
					return err
				}
				return p.answer(asJSON, deleted{args[1], "customer_address", true}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "Deleted address %s of %s\n", args[1], customer.ID)
				})
			})
		},
	}
	jsonFlag(c, &asJSON)
	return c
}
