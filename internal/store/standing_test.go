package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

// TestStandingWithCustomer compares the one query with the two that it stands for.
func TestStandingWithCustomer(t *testing.T) {
	t.Parallel()
	type owner struct {
		customer everlatch.Customer
		identity everlatch.AuthIdentity
	}
	// Each changes an account with a sign-in s1 and says whether it has a customer then.
	changes := map[string]func(t *testing.T, f fixture, o owner) bool{
		"without addresses": func(*testing.T, fixture, owner) bool { return true },
		"with addresses, one of them deleted": func(t *testing.T, f fixture, o owner) bool {
			t.Helper()
			var last string
			for range 3 {
				a, err := f.CreateAddress(t.Context(), newAddress(o.customer.ID))
				require.NoError(t, err)
				last = a.ID
			}
			require.NoError(t, f.DeleteAddress(t.Context(), o.customer.ID, last))
			return true
		},
		"linked to a second type": func(t *testing.T, f fixture, o owner) bool {
			t.Helper()
			f.link(t, o.identity.ID, "manager", "manager_1")
			return true
		},
		"signed out": func(t *testing.T, f fixture, o owner) bool {
			t.Helper()
			_, err := f.EndSignIn(t.Context(), everlatch.Principal{AuthIdentityID: o.identity.ID, SignInID: "s1"}, start.Add(time.Hour))
			require.NoError(t, err)
			return true
		},
		"disabled": func(t *testing.T, f fixture, o owner) bool {
			t.Helper()
			_, err := f.DisableIdentity(t.Context(), o.identity.ID, everlatch.Event{})
			require.NoError(t, err)
			return true
		},
		"removed": func(t *testing.T, f fixture, o owner) bool {
			t.Helper()
			require.NoError(t, f.RemoveCustomer(t.Context(), o.customer.ID, everlatch.Event{}))
			return false
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, f fixture) {
				customer, identity := f.customer(t, "ada@example.com")
				f.customer(t, "bob@example.com")
				f.record(t, signIn(identity, "s1", start))
				has := change(t, f, owner{customer, identity})
				for _, signInID := range []string{"s1", "s2", ""} {
					standing, found, err := f.StandingWithCustomer(t.Context(), identity.ID, signInID)
					require.NoError(t, err)
					want, err := f.Standing(t.Context(), identity.ID, everlatch.ActorCustomer, signInID)
					require.NoError(t, err)
					require.Equal(t, want, standing)
					if !has {
						require.Nil(t, found)
						continue
					}
					whole, err := f.Customer(t.Context(), customer.ID)
					require.NoError(t, err)
					require.Equal(t, &whole, found)
				}
			})
		})
	}
}

func TestStandingWithCustomerOfIdentitiesWithoutOne(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		_, _, err := f.StandingWithCustomer(t.Context(), "authid_gone", "")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		identity := f.identity(t, "ada@example.com")
		f.link(t, identity.ID, "manager", "manager_1")
		standing, found, err := f.StandingWithCustomer(t.Context(), identity.ID, "")
		require.NoError(t, err)
		require.Nil(t, found)
		require.Equal(t, f.standing(t, identity.ID, everlatch.ActorCustomer), standing)
	})
}
