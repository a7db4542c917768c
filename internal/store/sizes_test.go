package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// Exactly as many addresses as are allowed, however many come at once.
func TestAddressesAreCapped(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.SetSizes(store.Sizes{Addresses: 7, Metadata: 1000})
		customer, _ := f.customer(t, "ada@example.com")
		address := func() everlatch.Address { return everlatch.Address{ID: id(ids.Address), CustomerID: customer.ID} }
		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, _ int) error {
			_, err := f.CreateAddress(ctx, address())
			return err
		})
		require.Equal(t, 7, succeeded(errs))
		for _, err := range errs {
			if err != nil {
				requireError(t, err, everlatch.CodeNotAllowed, store.TooManyAddresses, "most", "7")
			}
		}
		found, _, err := f.Addresses(t.Context(), customer.ID, store.AddressFilter{}, store.Page{})
		require.NoError(t, err)
		_, err = f.CreateAddress(t.Context(), everlatch.Address{ID: found[0].ID, CustomerID: customer.ID})
		require.NoError(t, err, "a repetition adds nothing")
		require.NoError(t, f.DeleteAddress(t.Context(), customer.ID, found[0].ID))
		_, err = f.CreateAddress(t.Context(), address())
		require.NoError(t, err)
	})
}

// Many small changes add up: the result is what is bounded.
func TestMetadataIsCapped(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.SetSizes(store.Sizes{Addresses: 7, Metadata: 1000})
		customer, _ := f.customer(t, "ada@example.com")
		add := func(key string, n int) error {
			_, err := f.UpdateCustomer(t.Context(), customer.ID, store.CustomerPatch{
				Metadata: store.To(everlatch.Metadata{key: strings.Repeat("x", n)}),
			})
			return err
		}
		require.NoError(t, add("a", 600))
		requireError(t, add("b", 600), everlatch.CodeInvalidData, store.MetadataTooLarge, "most", "1000")
		require.NoError(t, add("b", 300))
		f.SetSizes(store.Sizes{Addresses: 7, Metadata: 500})
		require.NoError(t, add("a", 400), "what is too large may become smaller")
		requireError(t, add("a", 401), everlatch.CodeInvalidData, store.MetadataTooLarge, "most", "500")
	})
}

// A customer is read with what is wanted and nothing else.
func TestCustomerWithout(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		customer, _ := f.customer(t, "ada@example.com")
		_, err := f.CreateAddress(t.Context(), everlatch.Address{ID: id(ids.Address), CustomerID: customer.ID})
		require.NoError(t, err)
		full, err := f.Customer(t.Context(), customer.ID)
		require.NoError(t, err)
		require.Len(t, full.Addresses, 1)
		plain, err := f.PlainCustomer(t.Context(), customer.ID)
		require.NoError(t, err)
		require.Nil(t, plain.Addresses)
		plain.Addresses = full.Addresses
		require.Equal(t, full, plain)
		_, err = f.PlainCustomer(t.Context(), "cus_none")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
	})
}
