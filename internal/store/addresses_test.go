package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

func newAddress(customerID string) everlatch.Address {
	return everlatch.Address{ID: id(ids.Address), CustomerID: customerID, City: new("Warsaw")}
}

func TestAddresses(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture, customerID string){
		"keeps every field": func(t *testing.T, f fixture, customerID string) {
			in := everlatch.Address{
				ID: id(ids.Address), CustomerID: customerID, AddressName: new("home"), Company: new("ACME"), FirstName: new("Ada"),
				LastName: new("Lovelace"), Address1: new("Street 1"), Address2: new("left"), City: new("Kraków"), CountryCode: new("pl"),
				Province: new("MP"), PostalCode: new("00-001"), Phone: new("+48"), Metadata: everlatch.Metadata{"a": "b"},
				IsDefaultShipping: true, IsDefaultBilling: true,
			}
			created, err := f.CreateAddress(t.Context(), in)
			require.NoError(t, err)
			again, err := f.CreateAddress(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, created, again)
			in.CreatedAt, in.UpdatedAt = start, start

			got, err := f.Address(t.Context(), customerID, in.ID)

			require.NoError(t, err)
			require.Equal(t, in, created)
			require.Equal(t, in, got)
			customer, err := f.Customer(t.Context(), customerID)
			require.NoError(t, err)
			require.Equal(t, []everlatch.Address{in}, customer.Addresses)
		},
		"listed in the order of ids, page by page": func(t *testing.T, f fixture, customerID string) {
			empty, count, err := f.Addresses(t.Context(), customerID, store.AddressFilter{}, store.Page{Limit: 50})
			require.NoError(t, err)
			require.NotNil(t, empty)
			require.Empty(t, empty)
			require.Zero(t, count)
			for _, suffix := range []string{"c", "a", "b"} {
				a := newAddress(customerID)
				a.ID = ids.Address + suffix
				_, err := f.CreateAddress(t.Context(), a)
				require.NoError(t, err)
			}
			for page, want := range map[store.Page][]string{
				{}:                       {"cuaddr_a", "cuaddr_b", "cuaddr_c"},
				{Limit: 2}:               {"cuaddr_a", "cuaddr_b"},
				{Limit: 2, Offset: 2}:    {"cuaddr_c"},
				{Offset: 1}:              {"cuaddr_b", "cuaddr_c"},
				{Offset: 9, Limit: 1}:    {},
				{Order: "-id", Limit: 1}: {"cuaddr_c"},
				{Order: "created_at"}:    {"cuaddr_a", "cuaddr_b", "cuaddr_c"},
			} {
				got, count, err := f.Addresses(t.Context(), customerID, store.AddressFilter{}, page)
				require.NoError(t, err)
				require.Equal(t, 3, count)
				found := []string{}
				for _, a := range got {
					found = append(found, a.ID)
				}
				require.Equal(t, want, found, "%+v", page)
			}
			_, _, err = f.Addresses(t.Context(), customerID, store.AddressFilter{}, store.Page{Order: "city; DROP TABLE customer"})
			require.ErrorIs(t, err, everlatch.ErrInvalidData)
		},
		"listed by filter": func(t *testing.T, f fixture, customerID string) {
			for id, change := range map[string]func(*everlatch.Address){
				"cuaddr_1": func(a *everlatch.Address) { a.Company, a.PostalCode = new("ACME"), new("00-001") },
				"cuaddr_2": func(a *everlatch.Address) { a.City, a.CountryCode, a.Province = new("Kraków"), new("pl"), new("MP") },
				"cuaddr_3": func(a *everlatch.Address) { a.Address1, a.LastName = new("Warsaw Street 3"), new("Lovelace") },
			} {
				a := newAddress(customerID)
				a.ID = id
				change(&a)
				_, err := f.CreateAddress(t.Context(), a)
				require.NoError(t, err)
			}
			for name, tt := range map[string]struct {
				filter store.AddressFilter
				order  string
				want   []string
			}{
				"words":              {filter: store.AddressFilter{Q: "warsaw"}, want: []string{"cuaddr_1", "cuaddr_3"}},
				"every word":         {filter: store.AddressFilter{Q: "street lovelace"}, want: []string{"cuaddr_3"}},
				"company":            {filter: store.AddressFilter{Companies: []string{"ACME", "x"}}, want: []string{"cuaddr_1"}},
				"city":               {filter: store.AddressFilter{Cities: []string{"Kraków"}}, want: []string{"cuaddr_2"}},
				"country":            {filter: store.AddressFilter{CountryCodes: []string{"pl"}}, want: []string{"cuaddr_2"}},
				"province":           {filter: store.AddressFilter{Provinces: []string{"MP"}}, want: []string{"cuaddr_2"}},
				"postal code":        {filter: store.AddressFilter{PostalCodes: []string{"00-001"}}, want: []string{"cuaddr_1"}},
				"nothing":            {filter: store.AddressFilter{PostalCodes: []string{"00-001"}, Cities: []string{"Kraków"}}, want: []string{}},
				"in another order":   {order: "-company", want: []string{"cuaddr_3", "cuaddr_2", "cuaddr_1"}},
				"in order, and ids":  {order: "city", want: []string{"cuaddr_2", "cuaddr_1", "cuaddr_3"}},
				"in order, nulls on": {order: "postal_code", want: []string{"cuaddr_1", "cuaddr_2", "cuaddr_3"}},
			} {
				got, count, err := f.Addresses(t.Context(), customerID, tt.filter, store.Page{Order: tt.order})
				require.NoError(t, err, name)
				found := []string{}
				for _, a := range got {
					found = append(found, a.ID)
				}
				require.Equal(t, tt.want, found, name)
				require.Len(t, tt.want, count, name)
			}
			require.NoError(t, f.RemoveCustomer(t.Context(), customerID, everlatch.Event{}))
			got, count, err := f.Addresses(t.Context(), customerID, store.AddressFilter{}, store.Page{})
			require.NoError(t, err)
			require.Empty(t, got, "addresses of a removed customer are not returned")
			require.Zero(t, count)
		},
		"new default takes the place of the former one": func(t *testing.T, f fixture, customerID string) {
			one, two := newAddress(customerID), newAddress(customerID)
			one.IsDefaultShipping, one.IsDefaultBilling = true, true
			two.IsDefaultShipping = true
			for _, a := range []everlatch.Address{one, two} {
				_, err := f.CreateAddress(t.Context(), a)
				require.NoError(t, err)
			}
			defaults := func(id string) [2]bool {
				a, err := f.Address(t.Context(), customerID, id)
				require.NoError(t, err)
				return [2]bool{a.IsDefaultShipping, a.IsDefaultBilling}
			}
			require.Equal(t, [2]bool{false, true}, defaults(one.ID))
			require.Equal(t, [2]bool{true, false}, defaults(two.ID))

			_, err := f.UpdateAddress(t.Context(), customerID, two.ID, store.AddressPatch{IsDefaultBilling: store.To(true)})
			require.NoError(t, err)
			require.Equal(t, [2]bool{false, false}, defaults(one.ID))
			require.Equal(t, [2]bool{true, true}, defaults(two.ID))
		},
		"update changes what it names": func(t *testing.T, f fixture, customerID string) {
			in := newAddress(customerID)
			in.FirstName, in.Metadata = new("Ada"), everlatch.Metadata{"a": 1.0, "b": 2.0}
			want, err := f.CreateAddress(t.Context(), in)
			require.NoError(t, err)
			f.clock.Advance(time.Minute)
			want.City, want.FirstName, want.UpdatedAt = new("Kraków"), nil, f.clock.Now()
			want.Metadata = everlatch.Metadata{"b": 2.0}

			returned, err := f.UpdateAddress(t.Context(), customerID, in.ID, store.AddressPatch{
				City: store.To(new("Kraków")), FirstName: store.To[*string](nil), Metadata: store.To(everlatch.Metadata{"a": ""}),
			})

			require.NoError(t, err)
			got, err := f.Address(t.Context(), customerID, in.ID)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, want, returned)
		},
		"deleted once": func(t *testing.T, f fixture, customerID string) {
			a, err := f.CreateAddress(t.Context(), newAddress(customerID))
			require.NoError(t, err)
			require.NoError(t, f.DeleteAddress(t.Context(), customerID, a.ID))
			requireError(t, f.DeleteAddress(t.Context(), customerID, a.ID), everlatch.CodeNotFound,
				store.RecordNotFound, "model", "Address", "id", a.ID)
		},
		"an address of another customer is not found": func(t *testing.T, f fixture, customerID string) {
			a, err := f.CreateAddress(t.Context(), newAddress(customerID))
			require.NoError(t, err)
			other, _ := f.customer(t, "other@example.com")

			_, err = f.Address(t.Context(), other.ID, a.ID)
			requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "Address", "id", a.ID)
			_, err = f.UpdateAddress(t.Context(), other.ID, a.ID, store.AddressPatch{})
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			require.ErrorIs(t, f.DeleteAddress(t.Context(), other.ID, a.ID), everlatch.ErrNotFound)
			stolen := a
			stolen.CustomerID = other.ID
			_, err = f.CreateAddress(t.Context(), stolen)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
		},
		"customer that is gone has none": func(t *testing.T, f fixture, customerID string) {
			a, err := f.CreateAddress(t.Context(), newAddress(customerID))
			require.NoError(t, err)
			require.NoError(t, f.RemoveCustomer(t.Context(), customerID, everlatch.Event{}))
			_, err = f.CreateAddress(t.Context(), newAddress(customerID))
			requireError(t, err, everlatch.CodeNotFound, store.ReferenceNotFound, "column", "customer_id", "id", customerID)
			_, err = f.Address(t.Context(), customerID, a.ID)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			_, err = f.UpdateAddress(t.Context(), customerID, a.ID, store.AddressPatch{})
			require.ErrorIs(t, err, everlatch.ErrNotFound)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, f fixture) {
				customer, _ := f.customer(t, "ada@example.com")
				test(t, f, customer.ID)
			})
		})
	}
}
