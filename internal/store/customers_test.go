package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

func metadataPatch(key string, value any) store.CustomerPatch {
	return store.CustomerPatch{Metadata: store.To(everlatch.Metadata{key: value})}
}

func TestCreateCustomer(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"keeps every field": func(t *testing.T, f fixture) {
			in := everlatch.Customer{
				ID: id(ids.Customer), Email: new("Ada@Example.com"), CompanyName: new("ACME"), FirstName: new("Ada"),
				LastName: new("Lovelace"), Phone: new("+48123"), HasAccount: true, CreatedBy: new("user_1"),
				Metadata: everlatch.Metadata{"a": 1.0, "deep": map[string]any{"b": []any{"c", nil, true}}, "html": "<&>\u0000"},
			}
			created, err := f.CreateCustomer(t.Context(), in, everlatch.Event{})
			require.NoError(t, err)

			got, err := f.Customer(t.Context(), in.ID)

			require.NoError(t, err)
			require.Equal(t, created, got)
			in.CreatedAt, in.UpdatedAt, in.Addresses = start, start, []everlatch.Address{}
			require.Equal(t, in, got)
		},
		"same id again returns what is stored, with one event": func(t *testing.T, f fixture) {
			in, ev := newCustomer("ada@example.com"), everlatch.Event{ID: id(ids.Event), Name: "customer.created", GroupID: "g"}
			first, err := f.CreateCustomer(t.Context(), in, ev)
			require.NoError(t, err)
			f.clock.Advance(time.Minute)
			again, err := f.CreateCustomer(t.Context(), in, ev)
			require.NoError(t, err)
			require.Equal(t, first, again)
			require.Len(t, f.eventNames(t, store.EventFilter{Released: new(false)}), 1)
		},
		"e-mail of another account is a duplicate": func(t *testing.T, f fixture) {
			f.customer(t, "ada@example.com")
			_, err := f.CreateCustomer(t.Context(), newCustomer(" ADA@example.com"), everlatch.Event{ID: "evt_1"})
			requireError(t, err, everlatch.CodeDuplicate, store.AccountEmailTaken)
			require.NotContains(t, f.eventNames(t, store.EventFilter{}), "")
		},
		"guest may share the e-mail of an account, not of a guest": func(t *testing.T, f fixture) {
			f.customer(t, "ada@example.com")
			guest := newCustomer("ada@example.com")
			guest.HasAccount = false
			_, err := f.CreateCustomer(t.Context(), guest, everlatch.Event{})
			require.NoError(t, err)
			guest.ID = id(ids.Customer)
			_, err = f.CreateCustomer(t.Context(), guest, everlatch.Event{})
			requireError(t, err, everlatch.CodeInvalidData, store.CustomerEmailTaken, "email", "ada@example.com", "has_account", "false")
		},
		"customers without e-mail do not collide": func(t *testing.T, f fixture) {
			for range 2 {
				_, err := f.CreateCustomer(t.Context(), everlatch.Customer{ID: id(ids.Customer)}, everlatch.Event{})
				require.NoError(t, err)
			}
		},
		"discarded with its unreleased events only": func(t *testing.T, f fixture) {
			in := newCustomer("ada@example.com")
			_, err := f.CreateCustomer(t.Context(), in, everlatch.Event{ID: "evt_1", Name: "waits", GroupID: "g"})
			require.NoError(t, err)
			_, err = f.CreateCustomer(t.Context(), newCustomer("b@example.com"),
				everlatch.Event{ID: "evt_2", Name: "seen", GroupID: "g", ReleasedAt: new(start)})
			require.NoError(t, err)

			require.NoError(t, f.DiscardCustomer(t.Context(), in.ID, "g"))
			require.NoError(t, f.DiscardCustomer(t.Context(), in.ID, "g"), "twice")

			_, err = f.Customer(t.Context(), in.ID)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			require.Equal(t, []string{"seen"}, f.eventNames(t, store.EventFilter{}))
			_, err = f.CreateCustomer(t.Context(), newCustomer("ada@example.com"), everlatch.Event{})
			require.NoError(t, err)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func TestCustomerThatIsMissing(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		_, err := f.Customer(t.Context(), "cus_none")
		requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "Customer", "id", "cus_none")
		_, err = f.UpdateCustomer(t.Context(), "cus_none", store.CustomerPatch{})
		requireError(t, err, everlatch.CodeNotFound, store.UpdateNotFound, "model", "Customer", "id", "cus_none")
	})
}

func TestUpdateCustomer(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		patch store.CustomerPatch
		want  func(c *everlatch.Customer)
	}{
		"nothing": {want: func(*everlatch.Customer) {}},
		"value":   {patch: store.CustomerPatch{FirstName: store.To(new("Grace"))}, want: func(c *everlatch.Customer) { c.FirstName = new("Grace") }},
		"null clears a column": {
			patch: store.CustomerPatch{LastName: store.To[*string](nil)},
			want:  func(c *everlatch.Customer) { c.LastName = nil },
		},
		"metadata is merged": {
			patch: metadataPatch("b", 2.0),
			want:  func(c *everlatch.Customer) { c.Metadata["b"] = 2.0 },
		},
		"metadata key is removed by an empty text": {
			patch: metadataPatch("a", ""),
			want:  func(c *everlatch.Customer) { delete(c.Metadata, "a") },
		},
		"metadata key may be null": {
			patch: metadataPatch("a", nil),
			want:  func(c *everlatch.Customer) { c.Metadata["a"] = nil },
		},
		"objects in metadata are merged, lists replaced": {
			patch: store.CustomerPatch{Metadata: store.To(everlatch.Metadata{
				"deep": map[string]any{"x": "", "z": 3.0}, "list": []any{"new"}, "fresh": map[string]any{"k": "v", "no": ""},
			})},
			want: func(c *everlatch.Customer) {
				c.Metadata["deep"] = map[string]any{"y": 2.0, "z": 3.0}
				c.Metadata["list"] = []any{"new"}
				c.Metadata["fresh"] = map[string]any{"k": "v"}
			},
		},
		"null clears metadata": {
			patch: store.CustomerPatch{Metadata: store.To[everlatch.Metadata](nil)},
			want:  func(c *everlatch.Customer) { c.Metadata = nil },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, f fixture) {
				in := newCustomer("ada@example.com")
				in.FirstName, in.LastName, in.Phone = new("Ada"), new("Lovelace"), new("+48123")
				in.Metadata = everlatch.Metadata{"a": 1.0, "deep": map[string]any{"x": 1.0, "y": 2.0}, "list": []any{"old"}}
				want, err := f.CreateCustomer(t.Context(), in, everlatch.Event{})
				require.NoError(t, err)
				f.clock.Advance(time.Minute)
				tt.want(&want)
				want.UpdatedAt = f.clock.Now()

				returned, err := f.UpdateCustomer(t.Context(), in.ID, tt.patch)

				require.NoError(t, err)
				stored, err := f.Customer(t.Context(), in.ID)
				require.NoError(t, err)
				require.Equal(t, want, stored)
				stored.Addresses = nil // only those who show them read them
				require.Equal(t, stored, returned)
				require.Equal(t, []string{everlatch.EventCustomerUpdated}, f.eventNames(t, store.EventFilter{Released: new(true)}))
			})
		})
	}
}

func TestRemoveCustomer(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"ends every identity's tokens and customer sessions": func(t *testing.T, f fixture) {
			customer, one := f.customer(t, "ada@example.com")
			two := f.identity(t, "other@example.com")
			f.link(t, two.ID, everlatch.ActorCustomer, customer.ID)
			f.link(t, two.ID, "manager", "manager_1")
			secrets := []string{
				f.session(t, one.ID, everlatch.ActorCustomer, customer.ID),
				f.session(t, two.ID, everlatch.ActorCustomer, customer.ID),
			}
			asManager := f.session(t, two.ID, "manager", "manager_1")

			require.NoError(t, f.RemoveCustomer(t.Context(), customer.ID, everlatch.Event{ID: "evt_1", Name: "customer.deleted", GroupID: "g"}))

			for _, secret := range secrets {
				_, _, err := f.Session(t.Context(), secret)
				require.ErrorIs(t, err, everlatch.ErrNotFound)
			}
			for _, identity := range []string{one.ID, two.ID} {
				require.Equal(t, everlatch.Standing{CredentialVersion: 2}, f.standing(t, identity, everlatch.ActorCustomer))
			}
			session, standing, err := f.Session(t.Context(), asManager)
			require.NoError(t, err)
			require.Equal(t, session.Principal.CredentialVersion, standing.CredentialVersion)
			_, err = f.Customer(t.Context(), customer.ID)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			require.Equal(t, []string{"customer.deleted"}, f.eventNames(t, store.EventFilter{Name: everlatch.EventCustomerDeleted}))
		},
		"twice ends nothing twice": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			for range 2 {
				require.NoError(t, f.RemoveCustomer(t.Context(), customer.ID, everlatch.Event{ID: "evt_1", Name: "customer.deleted"}))
			}
			require.Equal(t, int64(2), f.standing(t, identity.ID, everlatch.ActorCustomer).CredentialVersion)
			require.Equal(t, []string{"customer.deleted"}, f.eventNames(t, store.EventFilter{Name: "customer.deleted"}))
		},
		"without identity or row is no error": func(t *testing.T, f fixture) {
			c, err := f.CreateCustomer(t.Context(), newCustomer("ada@example.com"), everlatch.Event{})
			require.NoError(t, err)
			require.NoError(t, f.RemoveCustomer(t.Context(), c.ID, everlatch.Event{}))
			require.NoError(t, f.RemoveCustomer(t.Context(), "cus_none", everlatch.Event{ID: "evt_1", Name: "customer.deleted"}))
			require.Empty(t, f.eventNames(t, store.EventFilter{}))
		},
		"restored with its addresses": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			_, err := f.CreateAddress(t.Context(), newAddress(customer.ID))
			require.NoError(t, err)
			require.NoError(t, f.RemoveCustomer(t.Context(), customer.ID, everlatch.Event{GroupID: "flow"}))

			require.NoError(t, f.RestoreCustomer(t.Context(), customer.ID, "another flow"))
			_, err = f.Customer(t.Context(), customer.ID)
			require.ErrorIs(t, err, everlatch.ErrNotFound, "only the flow that removed it restores it")
			require.NoError(t, f.RestoreCustomer(t.Context(), customer.ID, "flow"))
			require.NoError(t, f.RestoreCustomer(t.Context(), customer.ID, "flow"), "twice")

			got, err := f.Customer(t.Context(), customer.ID)
			require.NoError(t, err)
			require.Len(t, got.Addresses, 1)
			require.Equal(t, customer.ID, f.standing(t, identity.ID, everlatch.ActorCustomer).ActorID)
		},
		"e-mail is free at once, then restoring is a duplicate": func(t *testing.T, f fixture) {
			customer, _ := f.customer(t, "ada@example.com")
			require.NoError(t, f.RemoveCustomer(t.Context(), customer.ID, everlatch.Event{GroupID: "flow"}))
			_, err := f.CreateCustomer(t.Context(), newCustomer("ada@example.com"), everlatch.Event{})
			require.NoError(t, err)
			require.ErrorIs(t, f.RestoreCustomer(t.Context(), customer.ID, "flow"), everlatch.ErrDuplicate)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}
