package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (p *program) addressCommand() *cobra.Command {
	return group("address", "Manage the addresses of a customer; customer show lists them",
		p.addressAddCommand(), p.addressUpdateCommand(), p.addressDeleteCommand())
}

// customersOf are customers as the first argument of commands about addresses.
func (p *program) customersOf() resource[everlatch.Customer] {
	r := p.customers()
	r.usage = "CUSTOMER"
	return r
}

var addressTexts = []string{
	"address-name", "company", "first-name", "last-name", "address-1", "address-2", "city", "country-code", "province",
	"postal-code", "phone",
}

// defaults adds the flags that make an address a default, or no default.
func (f fields) defaults() fields {
	f.c.Flags().Bool("default-shipping", false, "use as the default for shipping")
	f.c.Flags().Bool("default-billing", false, "use as the default for billing")
	return f
}

func (f fields) flag(name string) store.Change[bool] {
	value, _ := f.c.Flags().GetBool(name) // fails only for a flag that was not added
	return store.Change[bool]{Set: f.c.Flags().Changed(name), Value: value}
}

func (p *program) addressAddCommand() *cobra.Command {
	c := &cobra.Command{Use: "add", Short: "Add an address to a customer"}
	f := textFields(c, addressTexts...).withMetadata().defaults()
	return p.customersOf().change(c, func(ctx context.Context, s *store.Store, found everlatch.Customer, _ []string) error {
		metadata, err := f.metadata()
		if err != nil {
			return err
		}
		_, err = rules(s).CreateAddress(ctx, everlatch.Address{
			CustomerID: found.ID, AddressName: f.text("address-name"), Company: f.text("company"),
			FirstName: f.text("first-name"), LastName: f.text("last-name"), Address1: f.text("address-1"),
			Address2: f.text("address-2"), City: f.text("city"), CountryCode: f.text("country-code"),
			Province: f.text("province"), PostalCode: f.text("postal-code"), Phone: f.text("phone"),
			Metadata: metadata.Value, IsDefaultShipping: f.flag("default-shipping").Value,
			IsDefaultBilling: f.flag("default-billing").Value,
		})
		return err
	})
}

const addressNeeds = "a customer and the id of an address"

func (p *program) addressUpdateCommand() *cobra.Command {
	c := &cobra.Command{Use: "update", Short: "Change an address; an empty flag clears the field", Args: twoArgs(addressNeeds)}
	f := textFields(c, addressTexts...).withMetadata().defaults()
	r := p.customersOf()
	r.usage += " ADDRESS"
	return r.change(c, func(ctx context.Context, s *store.Store, found everlatch.Customer, args []string) error {
		metadata, err := f.metadata()
		if err != nil {
			return err
		}
		_, err = s.UpdateAddress(ctx, found.ID, args[0], store.AddressPatch{
			AddressName: f.change("address-name"), Company: f.change("company"), FirstName: f.change("first-name"),
			LastName: f.change("last-name"), Address1: f.change("address-1"), Address2: f.change("address-2"),
			City: f.change("city"), CountryCode: f.change("country-code"), Province: f.change("province"),
			PostalCode: f.change("postal-code"), Phone: f.change("phone"), Metadata: metadata,
			IsDefaultShipping: f.flag("default-shipping"), IsDefaultBilling: f.flag("default-billing"),
		})
		return err
	})
}

func (p *program) addressDeleteCommand() *cobra.Command {
	return p.customersOf().removal(&cobra.Command{
		Use: "delete CUSTOMER ADDRESS", Short: "Delete an address", Args: twoArgs(addressNeeds),
	}, func(ctx context.Context, t target, found everlatch.Customer, args []string) (deleted, string, error) {
		err := t.store.DeleteAddress(ctx, found.ID, args[0])
		return deleted{args[0], "customer_address", true}, fmt.Sprintf("Deleted address %s of %s", args[0], found.ID), err
	})
}
