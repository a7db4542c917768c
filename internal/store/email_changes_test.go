package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// change is that of an e-mail, with the login that goes with it.
func (f fixture) change(t *testing.T, c everlatch.Customer, identity everlatch.AuthIdentity, to string) store.EmailChange {
	t.Helper()
	now, err := f.Identity(t.Context(), identity.ID)
	require.NoError(t, err)
	current, err := f.Customer(t.Context(), c.ID)
	require.NoError(t, err)
	out := store.EmailChange{
		ActorType: everlatch.ActorCustomer, ActorID: c.ID, To: to, IdentityID: identity.ID, SeenVersion: now.CredentialVersion,
		HoldUntil: f.clock.Now().Add(72 * time.Hour),
		Events:    []everlatch.Event{{ID: id(ids.Event), Name: everlatch.EventEmailChanged, GroupID: "g", ReleasedAt: new(f.clock.Now())}},
	}
	if current.Email != nil {
		out.From = *current.Email
	}
	for _, p := range now.Providers {
		out.Logins = append(out.Logins, everlatch.LoginChange{
			ProviderIdentityID: p.ID, FormerKey: p.EntityKey, EntityID: to, EntityKey: to, Verified: true,
		})
	}
	return out
}

// docs/weak-spots.md#w13: account and login change together, what was issued ends, sessions go on.
func TestChangeEmail(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx := t.Context()
		ada, identity := f.customer(t, "ada@example.com")
		before, err := f.Identity(ctx, identity.ID)
		require.NoError(t, err)
		hash := f.session(t, identity.ID, everlatch.ActorCustomer, ada.ID)
		c := f.change(t, ada, identity, "new@example.com")

		require.NoError(t, f.ChangeEmail(ctx, c))
		require.NoError(t, f.ChangeEmail(ctx, c), "the same again")

		account, err := f.Customer(ctx, ada.ID)
		require.NoError(t, err)
		require.Equal(t, "new@example.com", *account.Email)
		login, err := f.FindCredential(ctx, "emailpass", "new@example.com")
		require.NoError(t, err)
		require.Equal(t, identity.ID, login.Identity.ID)
		require.Equal(t, "new@example.com", login.Provider.VerifiedEmail)
		require.Equal(t, before.CredentialVersion+1, login.Identity.CredentialVersion, "ended once")
		_, err = f.FindCredential(ctx, "emailpass", "ada@example.com")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		session, standing, err := f.Session(ctx, hash)
		require.NoError(t, err)
		require.Equal(t, standing.CredentialVersion, session.Principal.CredentialVersion, "the session goes on")
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventEmailChanged, Released: new(true)}), 1)
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventCustomerUpdated, Released: new(true)}), 1)

		// And back, which ends the session.
		back := f.change(t, ada, identity, "ada@example.com")
		back.HoldUntil, back.EndSessions = time.Time{}, "email_change_undone"
		require.NoError(t, f.ChangeEmail(ctx, back))
		_, _, err = f.Session(ctx, hash)
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		_, err = f.FindCredential(ctx, "emailpass", "ada@example.com")
		require.NoError(t, err)
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventSessionEnded}), 1)
	})
}

// A change that does not match the stored state changes nothing.
func TestChangeEmailConflicts(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx := t.Context()
		ada, identity := f.customer(t, "ada@example.com")
		grace, _ := f.customer(t, "grace@example.com")
		f.identity(t, "login@example.com") // a login without an account
		for name, tt := range map[string]struct {
			spoil func(*store.EmailChange)
			code  everlatch.Code
		}{
			"another e-mail":             {func(c *store.EmailChange) { c.From = "x@example.com" }, everlatch.CodeConflict},
			"no account":                 {func(c *store.EmailChange) { c.ActorID = "cus_nope" }, everlatch.CodeConflict},
			"credentials have changed":   {func(c *store.EmailChange) { c.SeenVersion-- }, everlatch.CodeConflict},
			"another account's identity": {func(c *store.EmailChange) { c.IdentityID = "authid_x" }, everlatch.CodeConflict},
			"the login has changed":      {func(c *store.EmailChange) { c.Logins[0].FormerKey = "x@example.com" }, everlatch.CodeConflict},
			"the login is gone":          {func(c *store.EmailChange) { c.Logins[0].ProviderIdentityID = "pi_x" }, everlatch.CodeConflict},
			"taken by an account":        {func(c *store.EmailChange) { c.To, c.Logins = "GRACE@example.com", nil }, everlatch.CodeDuplicate},
			"taken by a login":           {func(c *store.EmailChange) { c.Logins[0].EntityKey = "login@example.com" }, everlatch.CodeDuplicate},
		} {
			c := f.change(t, ada, identity, "new@example.com")
			tt.spoil(&c)
			require.Equal(t, tt.code, everlatch.ErrorCode(f.ChangeEmail(ctx, c)), name)
			taken, err := f.EmailTaken(ctx, c)
			require.NoError(t, err)
			require.Equal(t, tt.code == everlatch.CodeDuplicate, taken, name)
			account, err := f.Customer(ctx, ada.ID)
			require.NoError(t, err)
			require.Equal(t, "ada@example.com", *account.Email, name)
			login, err := f.FindCredential(ctx, "emailpass", "ada@example.com")
			require.NoError(t, err, name)
			require.Equal(t, int64(1), login.Identity.CredentialVersion, name)
			require.Empty(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventEmailChanged}), name)
		}
		skipping := f.change(t, ada, identity, "new@example.com")
		skipping.Logins[0].FormerKey, skipping.Logins[0].Optional = "x@example.com", true
		require.NoError(t, f.ChangeEmail(ctx, skipping), "what an undo does not find, it leaves")
		_, err := f.FindCredential(ctx, "emailpass", "ada@example.com")
		require.NoError(t, err)
		require.Error(t, f.ChangeEmail(ctx, store.EmailChange{ActorType: "customer", ActorID: grace.ID}), "without an event")

		// A guest may have the address of an account, and no account to change.
		guest, err := f.CreateGuest(ctx, everlatch.Customer{ID: "cus_guest", Email: new("guest@example.com")})
		require.NoError(t, err)
		c := f.change(t, grace, identity, "x@example.com")
		c.ActorID, c.From = guest.ID, "guest@example.com"
		require.ErrorIs(t, f.ChangeEmail(ctx, c), everlatch.ErrConflict)
	})
}

// docs/weak-spots.md#w13: as long as a change can be undone, no other account gets the former address.
func TestFormerEmailIsHeld(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx := t.Context()
		ada, identity := f.customer(t, "ada@example.com")
		eve, evil := f.customer(t, "eve@example.com")
		require.NoError(t, f.ChangeEmail(ctx, f.change(t, ada, identity, "new@example.com")))
		held := func() bool {
			t.Helper()
			held, err := f.EmailHeld(ctx, " ADA@example.com")
			require.NoError(t, err)
			return held
		}
		typed := newIdentity("ada@example.com")
		typed.Typed = true
		register := func() error {
			_, err := f.RegisterIdentity(ctx, typed)
			return err
		}
		account := func(has bool) error {
			_, err := f.CreateCustomer(ctx, everlatch.Customer{
				ID: id(ids.Customer), Email: new("Ada@example.com"), HasAccount: has,
			}, everlatch.Event{})
			return err
		}
		require.True(t, held())
		require.ErrorIs(t, register(), everlatch.ErrDuplicate)
		require.ErrorIs(t, account(true), everlatch.ErrDuplicate)
		require.NoError(t, account(false), "a guest takes nothing")
		require.ErrorIs(t, f.ChangeEmail(ctx, f.change(t, eve, evil, "ada@example.com")), everlatch.ErrDuplicate)
		_, err := f.UpdateCustomer(ctx, eve.ID, store.CustomerPatch{Email: store.To(new("ada@example.com"))})
		require.ErrorIs(t, err, everlatch.ErrDuplicate)
		require.ErrorIs(t, f.AddCredential(ctx, store.NewCredential{
			ID: "pi_2", IdentityID: evil.ID, Provider: "other", EntityID: "ada@example.com", EntityKey: "ada@example.com", Typed: true,
		}), everlatch.ErrDuplicate)
		require.NoError(t, f.AddCredential(ctx, store.NewCredential{
			ID: "pi_3", IdentityID: evil.ID, Provider: "google", EntityID: "ada@example.com", EntityKey: "ada@example.com",
		}), "what another provider vouches for is no matter of ours")
		_, err = f.CreateUser(ctx, everlatch.User{ID: "user_1", Email: "ada@example.com"}, everlatch.Event{})
		require.NoError(t, err, "an administrator is another kind of account")

		f.clock.Advance(72*time.Hour + time.Second)
		require.False(t, held())
		_, err = f.Sweep(ctx, 10)
		require.NoError(t, err)
		var kept int
		require.NoError(t, f.DB().QueryRowContext(ctx, `SELECT count(*) FROM email_hold`).Scan(&kept))
		require.Zero(t, kept)
		require.NoError(t, register())
	})
}

// The owner can take the address back, which ends the hold.
func TestHeldEmailIsRestored(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ada, identity := f.customer(t, "ada@example.com")
		require.NoError(t, f.ChangeEmail(t.Context(), f.change(t, ada, identity, "new@example.com")))
		back := f.change(t, ada, identity, "ada@example.com")
		back.HoldUntil = time.Time{}
		require.NoError(t, f.ChangeEmail(t.Context(), back))
		held, err := f.EmailHeld(t.Context(), "ada@example.com")
		require.NoError(t, err)
		require.False(t, held)
		_, other := f.customer(t, "new@example.com")
		require.NotEmpty(t, other.ID, "and what it was changed to is free")
	})
}

// Of two accounts that concurrently change to one address, exactly one succeeds.
func TestChangeEmailRace(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		const people = 50
		changes := make([]store.EmailChange, people)
		for i := range changes {
			c, identity := f.customer(t, fmt.Sprintf("p%d@example.com", i))
			changes[i] = f.change(t, c, identity, "same@example.com")
			changes[i].Events[0].ID = fmt.Sprint("evt_", i)
		}
		var wg sync.WaitGroup
		errs := make([]error, people)
		for i := range changes {
			wg.Go(func() {
				errs[i] = f.ChangeEmail(t.Context(), changes[i])
				for errors.Is(errs[i], everlatch.ErrUnavailable) { // as an activity is repeated
					errs[i] = f.ChangeEmail(t.Context(), changes[i])
				}
			})
		}
		wg.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, everlatch.ErrDuplicate)
			_, err := f.FindCredential(t.Context(), "emailpass", changes[i].From)
			require.NoError(t, err, "a loser keeps what they had")
		}
		require.Equal(t, 1, won)
	})
}

// docs/weak-spots.md#w13: when an administrator changes the e-mail, the login follows.
func TestUpdateCustomerMovesLogin(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx := t.Context()
		ada, identity := f.customer(t, "ada@example.com")
		f.identity(t, "login@example.com")
		to := func(email string) error {
			_, err := f.UpdateCustomer(ctx, ada.ID, store.CustomerPatch{
				Email: store.To(&email), ChangedBy: store.Actor{Type: "user", ID: "user_1"},
				Follow: func(_, to string, logins []everlatch.ProviderIdentity) ([]everlatch.LoginChange, error) {
					return []everlatch.LoginChange{{ProviderIdentityID: logins[0].ID, FormerKey: logins[0].EntityKey, EntityID: to, EntityKey: to}}, nil
				},
			})
			return err
		}
		require.NoError(t, to("ADA@example.com"), "another way to write it is no other address")
		require.Empty(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventEmailChanged}))

		require.ErrorIs(t, to("login@example.com"), everlatch.ErrDuplicate)
		require.NoError(t, to("new@example.com"))
		login, err := f.FindCredential(ctx, "emailpass", "new@example.com")
		require.NoError(t, err)
		require.Equal(t, identity.ID, login.Identity.ID)
		require.Empty(t, login.Provider.VerifiedEmail, "the address is not verified")
		require.Equal(t, int64(2), login.Identity.CredentialVersion, "tokens end")
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventEmailChanged, Released: new(true)}), 1)
	})
}
