package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func TestRegisterIdentityInParallel(t *testing.T) {
	t.Parallel()

	t.Run("of one hundred with the same key one wins", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			errs := storetest.InParallel(t.Context(), 100, func(ctx context.Context, _ int) error {
				_, err := f.RegisterIdentity(ctx, newIdentity("ada@example.com"))
				return err
			})
			require.Equal(t, 1, succeeded(errs))
			for _, err := range errs {
				if err != nil {
					require.ErrorIs(t, err, everlatch.ErrDuplicate)
				}
			}
			require.Equal(t, 1, f.rows(t, "auth_identity"))
			require.Equal(t, 1, f.rows(t, "provider_identity"))
		})
	})
	t.Run("retries of one registration all get it", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, f fixture) {
			in := newIdentity("ada@example.com")
			errs := storetest.InParallel(t.Context(), 20, func(ctx context.Context, _ int) error {
				got, err := f.RegisterIdentity(ctx, in)
				if err == nil && got.ID != in.ID {
					err = errors.New("another identity")
				}
				return err
			})
			require.NoError(t, errors.Join(errs...))
			require.Equal(t, 1, f.rows(t, "provider_identity"))
		})
	})
}

func TestLinkActorInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")

		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
			return f.LinkActor(ctx, link(identity.ID, "manager", fmt.Sprintf("manager_%d", i)))
		})

		require.Equal(t, 1, succeeded(errs))
		winner := f.standing(t, identity.ID, "manager").ActorID
		for i, err := range errs {
			if err == nil {
				require.Equal(t, fmt.Sprintf("manager_%d", i), winner)
				continue
			}
			require.ErrorIs(t, err, everlatch.ErrNotAllowed)
		}
	})
}

// docs/weak-spots.md#w4: the sweep never deletes what is linked, and nothing is linked to what it
// has deleted.
func TestRemoveOrphansBesideLinkActor(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		const rounds = 60
		kept, removed := 0, 0
		for round := range rounds {
			f.clock.Advance(time.Hour)
			before := f.clock.Now().Add(-time.Minute)
			identity := f.identity(t, fmt.Sprintf("ada-%d@example.com", round))
			_, err := f.DB().ExecContext(t.Context(),
				`UPDATE auth_identity SET last_used_at = $2 WHERE id = $1`, identity.ID, before.Add(-time.Hour))
			require.NoError(t, err)

			var linked error
			errs := storetest.InParallel(t.Context(), 2, func(ctx context.Context, i int) error {
				if i == round%2 { // who starts first changes from round to round
					_, err := f.RemoveOrphans(ctx, before, 10)
					return err
				}
				linked = f.LinkActor(ctx, link(identity.ID, "manager", "manager_1"))
				return nil
			})
			require.NoError(t, errors.Join(errs...))

			_, err = f.Identity(t.Context(), identity.ID)
			switch linked {
			case nil:
				require.NoError(t, err, "round %d: a linked identity was deleted", round)
				kept++
			default:
				require.ErrorIs(t, linked, everlatch.ErrNotFound)
				require.ErrorIs(t, err, everlatch.ErrNotFound, "round %d", round)
				removed++
			}
		}
		t.Logf("linked first: %d, removed first: %d", kept, removed)
		require.Equal(t, kept, f.rows(t, "actor_link"))
		require.Equal(t, kept, f.rows(t, "auth_identity"))
	})
}

// The interleaving that READ COMMITTED makes dangerous, step by step: the sweep
// waits for a row lock while the link that it cannot see is committed.
func TestRemoveOrphansWaitsForLink(t *testing.T) {
	t.Parallel()
	if postgresMissing() {
		t.Skip("needs PostgreSQL: SQLite has one writer")
	}
	f := open(t, postgresURL(t))
	identity := f.identity(t, "ada@example.com")
	f.clock.Advance(100 * time.Hour)
	linking, err := f.DB().BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = linking.Rollback() }()
	_, err = linking.ExecContext(t.Context(),
		`UPDATE auth_identity SET last_used_at = $2 WHERE id = $1`, identity.ID, f.clock.Now())
	require.NoError(t, err)
	_, err = linking.ExecContext(t.Context(), `INSERT INTO actor_link VALUES ($1, 'manager', 'manager_1', $2)`,
		identity.ID, f.clock.Now())
	require.NoError(t, err)

	type result struct {
		removed int
		err     error
	}
	swept := make(chan result)
	go func() {
		removed, err := f.RemoveOrphans(context.WithoutCancel(t.Context()), f.clock.Now().Add(-time.Hour), 10)
		swept <- result{removed, err}
	}()
	f.untilBlocked(t, linking)
	require.NoError(t, linking.Commit())

	require.Equal(t, result{}, <-swept)
	require.Equal(t, "manager_1", f.standing(t, identity.ID, "manager").ActorID)
}

// The other order: the link waits for the sweep that deletes its identity.
func TestLinkActorWaitsForSweep(t *testing.T) {
	t.Parallel()
	if postgresMissing() {
		t.Skip("needs PostgreSQL: SQLite has one writer")
	}
	f := open(t, postgresURL(t))
	identity := f.identity(t, "ada@example.com")
	sweeping, err := f.DB().BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = sweeping.Rollback() }()
	_, err = sweeping.ExecContext(t.Context(), `DELETE FROM auth_identity WHERE id = $1`, identity.ID)
	require.NoError(t, err)

	linked := make(chan error)
	go func() {
		linked <- f.LinkActor(context.WithoutCancel(t.Context()), link(identity.ID, "manager", "manager_1"))
	}()
	f.untilBlocked(t, sweeping)
	require.NoError(t, sweeping.Commit())

	require.ErrorIs(t, <-linked, everlatch.ErrNotFound)
	require.Zero(t, f.rows(t, "actor_link"))
}

// untilBlocked returns when another transaction waits for a lock of holder.
func (f fixture) untilBlocked(t *testing.T, holder *sql.Tx) {
	t.Helper()
	var pid int
	require.NoError(t, holder.QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid))
	require.Eventually(t, func() bool {
		var waiting bool
		err := f.DB().QueryRowContext(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND $1 = ANY (pg_blocking_pids(pid)))`, pid).Scan(&waiting)
		return err == nil && waiting
	}, 5*time.Second, 5*time.Millisecond)
}

func TestEndSignInInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		caller := everlatch.Principal{AuthIdentityID: identity.ID, ActorType: everlatch.ActorCustomer, SignInID: "sign_in_1"}
		session := newSession(start, caller)
		require.NoError(t, f.CreateSession(t.Context(), session, "hash"))
		ended := make([]bool, 50)

		errs := storetest.InParallel(t.Context(), len(ended), func(ctx context.Context, i int) (err error) {
			ended[i], err = f.EndSignIn(ctx, caller, start.Add(time.Hour))
			return err
		})

		require.NoError(t, errors.Join(errs...))
		require.Len(t, slices.DeleteFunc(ended, func(e bool) bool { return !e }), 1)
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventSignInEnded}), 1)
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventSessionEnded}), 1)
	})
}

func TestCreateCustomerInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, _ int) error {
			_, err := f.CreateCustomer(ctx, newCustomer("ada@example.com"), everlatch.Event{})
			return err
		})
		require.Equal(t, 1, succeeded(errs))
		require.Equal(t, 1, f.rows(t, "customer"))
	})
}

// There is never a moment with two defaults, and no claim is lost to an error.
func TestCreateAddressInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		customer, _ := f.customer(t, "ada@example.com")
		errs := storetest.InParallel(t.Context(), 20, func(ctx context.Context, _ int) error {
			a := newAddress(customer.ID)
			a.IsDefaultShipping = true
			_, err := f.CreateAddress(ctx, a)
			return err
		})
		require.NoError(t, errors.Join(errs...))
		got, err := f.Customer(t.Context(), customer.ID)
		require.NoError(t, err)
		defaults := 0
		for _, a := range got.Addresses {
			if a.IsDefaultShipping {
				defaults++
			}
		}
		require.Len(t, got.Addresses, 20)
		require.Equal(t, 1, defaults)
	})
}

// Patches of different fields at once are all kept.
func TestUpdateCustomerInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		customer, _ := f.customer(t, "ada@example.com")
		errs := storetest.InParallel(t.Context(), 30, func(ctx context.Context, i int) error {
			_, err := f.UpdateCustomer(ctx, customer.ID, metadataPatch(fmt.Sprint(i), true))
			return err
		})
		require.NoError(t, errors.Join(errs...))
		got, err := f.Customer(t.Context(), customer.ID)
		require.NoError(t, err)
		require.Len(t, got.Metadata, 30)
	})
}
