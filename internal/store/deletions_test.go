package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func scheduled(n int) everlatch.Event {
	return everlatch.Event{ID: fmt.Sprint("evt_scheduled_", n), Name: everlatch.EventDeletionScheduled, GroupID: "flow"}
}

func cancelled(n int) everlatch.Event {
	return everlatch.Event{ID: fmt.Sprint("evt_cancelled_", n), Name: everlatch.EventDeletionCancelled, GroupID: "flow"}
}

func TestScheduleDeletion(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, f fixture){
		"signs out everywhere, and is seen by a sign-in": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			second := f.identity(t, "ada@work.example.com")
			f.link(t, second.ID, everlatch.ActorCustomer, customer.ID)
			f.link(t, second.ID, "vendor", "vendor_1")
			mine := f.session(t, identity.ID, everlatch.ActorCustomer, customer.ID)
			vendors := f.session(t, second.ID, "vendor", "vendor_1")
			versions := map[string]int64{}
			for _, id := range []string{identity.ID, second.ID} {
				versions[id] = f.standing(t, id, everlatch.ActorCustomer).CredentialVersion
			}
			at := start.Add(14 * 24 * time.Hour)

			noted, err := f.ScheduleDeletion(t.Context(), customer.ID, at, scheduled(1))

			require.NoError(t, err)
			require.Equal(t, at.Truncate(time.Microsecond), noted.At)
			require.Equal(t, start.Truncate(time.Microsecond), noted.RequestedAt)
			for id, version := range versions {
				require.Greater(t, f.standing(t, id, everlatch.ActorCustomer).CredentialVersion, version, "tokens end")
			}
			_, _, err = f.Session(t.Context(), mine)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			_, standing, err := f.Session(t.Context(), vendors)
			require.NoError(t, err, "what they are besides a customer goes on")
			require.Equal(t, "vendor_1", standing.ActorID)
			for _, key := range []string{"ada@example.com", "ada@work.example.com"} {
				found, err := f.FindCredential(t.Context(), "emailpass", key)
				require.NoError(t, err)
				require.Equal(t, noted.At, found.Identity.DeletionAt, key)
				found.Identity, err = f.Identity(t.Context(), found.Identity.ID)
				require.NoError(t, err)
				require.Equal(t, noted.At, found.Identity.DeletionAt, key)
			}
			require.ElementsMatch(t, []string{everlatch.EventSessionEnded, everlatch.EventDeletionScheduled},
				f.eventNames(t, store.EventFilter{GroupID: "flow", Released: new(false)}))
		},
		"asked again, nothing changes": func(t *testing.T, f fixture) {
			customer, identity := f.customer(t, "ada@example.com")
			first, err := f.ScheduleDeletion(t.Context(), customer.ID, start.Add(time.Hour), scheduled(1))
			require.NoError(t, err)
			version := f.standing(t, identity.ID, everlatch.ActorCustomer).CredentialVersion
			f.clock.Advance(time.Minute)

			again, err := f.ScheduleDeletion(t.Context(), customer.ID, start.Add(2*time.Hour), scheduled(2))

			require.NoError(t, err)
			require.Equal(t, first, again)
			require.Equal(t, version, f.standing(t, identity.ID, everlatch.ActorCustomer).CredentialVersion)
			require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventDeletionScheduled}), 1)
		},
		"cancelled, once": func(t *testing.T, f fixture) {
			customer, _ := f.customer(t, "ada@example.com")
			_, err := f.ScheduleDeletion(t.Context(), customer.ID, start.Add(time.Hour), scheduled(1))
			require.NoError(t, err)
			require.NoError(t, f.CancelDeletion(t.Context(), customer.ID, cancelled(1)))
			require.NoError(t, f.CancelDeletion(t.Context(), customer.ID, cancelled(2)), "twice")
			_, err = f.Deletion(t.Context(), customer.ID)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			found, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
			require.NoError(t, err)
			require.Zero(t, found.Identity.DeletionAt)
			require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventDeletionCancelled}), 1)
		},
		"of a customer who is gone": func(t *testing.T, f fixture) {
			customer, _ := f.customer(t, "ada@example.com")
			_, err := f.ScheduleDeletion(t.Context(), customer.ID, start, scheduled(1))
			require.NoError(t, err)
			require.NoError(t, f.RemoveCustomer(t.Context(), customer.ID, everlatch.Event{}))
			for _, id := range []string{customer.ID, "cus_never"} {
				_, err = f.ScheduleDeletion(t.Context(), id, start, scheduled(2))
				require.ErrorIs(t, err, everlatch.ErrNotFound)
				require.ErrorIs(t, f.CancelDeletion(t.Context(), id, cancelled(1)), everlatch.ErrNotFound)
				_, err = f.Deletion(t.Context(), id)
				require.ErrorIs(t, err, everlatch.ErrNotFound)
			}
			overdue, err := f.OverdueDeletions(t.Context(), start.Add(time.Hour), 10)
			require.NoError(t, err)
			require.Empty(t, overdue)
		},
		"overdue ones, the oldest first": func(t *testing.T, f fixture) {
			var ids []string
			for i := range 3 {
				customer, _ := f.customer(t, fmt.Sprintf("ada%d@example.com", i))
				ids = append(ids, customer.ID)
				_, err := f.ScheduleDeletion(t.Context(), customer.ID, start.Add(time.Duration(-i)*time.Hour), scheduled(i))
				require.NoError(t, err)
			}
			overdue, err := f.OverdueDeletions(t.Context(), start, 10)
			require.NoError(t, err)
			require.Len(t, overdue, 2)
			require.Equal(t, ids[2], overdue[0].CustomerID)
			overdue, err = f.OverdueDeletions(t.Context(), start, 1)
			require.NoError(t, err)
			require.Len(t, overdue, 1)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

// Concurrent requests to schedule agree on one date, and concurrent cancelling
// and removing leaves either a complete customer or none.
func TestDeletionInParallel(t *testing.T) {
	t.Parallel()
	t.Run("50 ask, one date counts", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			customer, _ := f.customer(t, "ada@example.com")
			dates := make([]time.Time, 50)
			errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
				noted, err := f.ScheduleDeletion(ctx, customer.ID, start.Add(time.Duration(i)*time.Hour), scheduled(i))
				dates[i] = noted.At
				return err
			})
			require.NoError(t, errors.Join(errs...))
			for _, at := range dates {
				require.Equal(t, dates[0], at)
			}
			require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventDeletionScheduled}), 1)
		})
	})
	t.Run("cancelled or removed", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			customer, _ := f.customer(t, "ada@example.com")
			_, err := f.ScheduleDeletion(t.Context(), customer.ID, start, scheduled(0))
			require.NoError(t, err)
			errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
				if i == 25 {
					return f.RemoveCustomer(ctx, customer.ID, everlatch.Event{GroupID: "remove"})
				}
				err := f.CancelDeletion(ctx, customer.ID, cancelled(i))
				if errors.Is(err, everlatch.ErrNotFound) {
					return nil // too late
				}
				return err
			})
			require.NoError(t, errors.Join(errs...))
			require.LessOrEqual(t, len(f.eventNames(t, store.EventFilter{Name: everlatch.EventDeletionCancelled})), 1)
		})
	})
}

func TestErasure(t *testing.T) {
	t.Parallel()
	receipt := everlatch.Event{ID: "evt_receipt", Name: everlatch.EventCustomerErased, GroupID: "erase"}
	tests := map[string]func(t *testing.T, f fixture){
		"the state of an account, removed or not": func(t *testing.T, f fixture) {
			customer, _ := f.customer(t, "ada@example.com")
			state, err := f.AccountState(t.Context(), everlatch.ActorCustomer, customer.ID)
			require.NoError(t, err)
			require.Equal(t, store.AccountState{Email: "ada@example.com"}, state)
			require.NoError(t, f.RemoveCustomer(t.Context(), customer.ID, everlatch.Event{}))
			state, err = f.AccountState(t.Context(), everlatch.ActorCustomer, customer.ID)
			require.NoError(t, err)
			require.Equal(t, start.Truncate(time.Microsecond), state.RemovedAt)
			_, err = f.AccountState(t.Context(), everlatch.ActorUser, customer.ID)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			user := f.user(t, "root@example.com")
			state, err = f.AccountState(t.Context(), everlatch.ActorUser, user.ID)
			require.NoError(t, err)
			require.Equal(t, "root@example.com", state.Email)
		},
		"purged with all that hangs on it, one receipt": func(t *testing.T, f fixture) {
			customer, _ := f.customer(t, "ada@example.com")
			_, err := f.CreateAddress(t.Context(), newAddress(customer.ID))
			require.NoError(t, err)
			f.group(t, "grp_1", "VIP")
			_, err = f.DB().ExecContext(t.Context(), `INSERT INTO customer_group_customer (customer_id, customer_group_id, created_at)
				VALUES ($1, 'grp_1', $2)`, customer.ID, start.UTC())
			require.NoError(t, err)
			_, err = f.ScheduleDeletion(t.Context(), customer.ID, start, scheduled(1))
			require.NoError(t, err)

			require.NoError(t, f.FinishErasure(t.Context(), everlatch.ActorCustomer, customer.ID, true, everlatch.Event{}))
			require.Equal(t, 1, f.rows(t, "customer"), "one who was not removed is not purged")
			require.NoError(t, f.RemoveCustomer(t.Context(), customer.ID, everlatch.Event{}))
			for range 2 {
				require.NoError(t, f.FinishErasure(t.Context(), everlatch.ActorCustomer, customer.ID, true, receipt))
			}

			for _, table := range []string{"customer", "customer_address", "customer_group_customer", "account_deletion"} {
				require.Zero(t, f.rows(t, table), table)
			}
			require.Equal(t, 1, f.rows(t, "customer_group"))
			require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventCustomerErased}), 1)
		},
		"kept, it says since when": func(t *testing.T, f fixture) {
			customer, _ := f.customer(t, "ada@example.com")
			require.NoError(t, f.FinishErasure(t.Context(), everlatch.ActorCustomer, customer.ID, false, everlatch.Event{}))
			state, err := f.AccountState(t.Context(), everlatch.ActorCustomer, customer.ID)
			require.NoError(t, err)
			require.Zero(t, state.ErasedAt, "one who is there is not erased")
			require.NoError(t, f.RemoveCustomer(t.Context(), customer.ID, everlatch.Event{}))
			require.NoError(t, f.FinishErasure(t.Context(), everlatch.ActorCustomer, customer.ID, false, receipt))
			f.clock.Advance(time.Hour)
			require.NoError(t, f.FinishErasure(t.Context(), everlatch.ActorCustomer, customer.ID, false, receipt))
			state, err = f.AccountState(t.Context(), everlatch.ActorCustomer, customer.ID)
			require.NoError(t, err)
			require.Equal(t, start.Truncate(time.Microsecond), state.ErasedAt, "the first time")
		},
		"what is old is purged, a batch at a time": func(t *testing.T, f fixture) {
			for i := range 3 {
				customer, identity := f.customer(t, fmt.Sprintf("ada%d@example.com", i))
				require.NoError(t, f.RemoveCustomer(t.Context(), customer.ID, everlatch.Event{}))
				require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "terminated"))
			}
			user := f.user(t, "root@example.com")
			require.NoError(t, f.RemoveUser(t.Context(), user.ID, everlatch.Event{}))
			f.customer(t, "living@example.com")
			f.clock.Advance(time.Hour)
			fresh, _ := f.customer(t, "fresh@example.com")
			require.NoError(t, f.RemoveCustomer(t.Context(), fresh.ID, everlatch.Event{}))

			var removed []int
			for range 3 {
				n, err := f.PurgeRemoved(t.Context(), start.Add(time.Minute), 2)
				require.NoError(t, err)
				removed = append(removed, n)
			}

			require.Equal(t, []int{2, 1, 0}, removed)
			require.Equal(t, 2, f.rows(t, "customer"))
			require.Equal(t, 2, f.rows(t, "auth_identity"))
			require.Zero(t, f.rows(t, `"user"`))
		},
		"an identity that another flow has hidden is not purged": func(t *testing.T, f fixture) {
			identity := f.identity(t, "ada@example.com")
			require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "winner"))
			require.NoError(t, f.PurgeIdentity(t.Context(), identity.ID, "loser"))
			require.NoError(t, f.RestoreIdentity(t.Context(), identity.ID, "winner"))
			_, err := f.Identity(t.Context(), identity.ID)
			require.NoError(t, err, "the winner could bring it back")
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}
