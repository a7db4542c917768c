package store_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func factorEvent(id, name string) everlatch.Event {
	return everlatch.Event{ID: "evt_" + id, Name: name, Data: everlatch.Metadata{"mfa_id": id}}
}

// enrol stores a pending factor.
func enrol(t *testing.T, f fixture, identityID, id string) everlatch.Factor {
	t.Helper()
	factor, err := f.StartFactor(t.Context(), store.NewFactor{
		ID: id, IdentityID: identityID, Provider: "totp", Secret: "sealed " + id, Metadata: everlatch.Metadata{"label": "phone"},
	})
	require.NoError(t, err)
	return factor
}

func enable(t *testing.T, f fixture, use store.FactorUse) bool {
	t.Helper()
	enabled, err := f.EnableFactor(t.Context(), use, factorEvent(use.FactorID, everlatch.EventMFAEnabled))
	require.NoError(t, err)
	return enabled
}

// TestFactorLife: pending, enabled, disabled; the standing of the identity follows.
func TestFactorLife(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx, identity := t.Context(), f.identity(t, "ada@example.com")
		standing := func() everlatch.Standing {
			s, err := f.Standing(ctx, identity.ID, everlatch.ActorCustomer, "")
			require.NoError(t, err)
			return s
		}

		forgotten := enrol(t, f, identity.ID, "authmfa_1")
		require.Equal(t, everlatch.FactorPending, forgotten.Status)
		require.Equal(t, forgotten, enrol(t, f, identity.ID, "authmfa_1"), "the same id again")
		enrol(t, f, identity.ID, "authmfa_2")
		enrol(t, f, identity.ID, "authmfa_expired")
		require.NoError(t, f.ExpireFactor(ctx, "authid_other", "authmfa_expired"))
		require.NoError(t, f.ExpireFactor(ctx, identity.ID, "authmfa_expired"))
		expired, err := f.Factor(ctx, identity.ID, "authmfa_expired")
		require.NoError(t, err)
		require.Equal(t, everlatch.FactorDisabled, expired.Status)
		enrol(t, f, identity.ID, "authmfa_2b")
		first, err := f.Factor(ctx, identity.ID, "authmfa_1")
		require.NoError(t, err)
		require.Equal(t, everlatch.FactorDisabled, first.Status, "replaced")
		require.Empty(t, first.Secret)
		require.Zero(t, standing().MFAEnabledAt, "a pending factor is not required")

		use := store.FactorUse{IdentityID: identity.ID, FactorID: "authmfa_2b", Counter: 7, SignInID: "sign_in"}
		require.True(t, enable(t, f, use))
		require.False(t, enable(t, f, use))
		require.False(t, enable(t, f, store.FactorUse{IdentityID: identity.ID, FactorID: "authmfa_1"}), "disabled factors stay")
		require.Equal(t, start, standing().MFAEnabledAt)
		require.Equal(t, "sign_in", standing().MFAEnabledBy)
		found, err := f.Identity(ctx, identity.ID)
		require.NoError(t, err)
		require.Equal(t, start, found.MFAEnabledAt)

		_, err = f.StartFactor(ctx, store.NewFactor{ID: "authmfa_3", IdentityID: identity.ID, Provider: "totp"})
		require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: store.FactorActive})
		_, err = f.StartFactor(ctx, store.NewFactor{ID: "authmfa_4", IdentityID: identity.ID, Provider: "webauthn", Several: true})
		require.NoError(t, err)
		require.True(t, enable(t, f, store.FactorUse{IdentityID: identity.ID, FactorID: "authmfa_4", Handle: "key"}))

		for counter, counts := range map[int64]bool{7: false, 6: false} {
			got, err := f.UseFactor(ctx, store.FactorUse{IdentityID: identity.ID, FactorID: "authmfa_2b", Counter: counter})
			require.NoError(t, err)
			require.Equal(t, counts, got)
		}
		got, err := f.UseFactor(ctx, store.FactorUse{IdentityID: "authid_other", FactorID: "authmfa_2b", Counter: 9})
		require.NoError(t, err)
		require.False(t, got, "of another identity")

		got, err = f.UseFactor(ctx, store.FactorUse{IdentityID: identity.ID, FactorID: "authmfa_2b", Counter: 8, ID: "use"})
		require.NoError(t, err)
		require.True(t, got)
		used, err := f.Factor(ctx, identity.ID, "authmfa_2b")
		require.NoError(t, err)
		require.EqualValues(t, 8, used.Counter)
		require.Equal(t, "use", used.UsedBy)
		require.NoError(t, f.ExpireFactor(ctx, identity.ID, "authmfa_2b"))

		disabled, err := f.DisableFactor(ctx, identity.ID, "authmfa_2b", factorEvent("off", everlatch.EventMFADisabled))
		require.NoError(t, err)
		require.True(t, disabled)
		require.NotZero(t, standing().MFAEnabledAt, "another one is left")
		disabled, err = f.DisableFactor(ctx, identity.ID, "authmfa_4", factorEvent("off too", everlatch.EventMFADisabled))
		require.NoError(t, err)
		require.True(t, disabled)
		require.Zero(t, standing().MFAEnabledAt)
		require.Empty(t, standing().MFAEnabledBy)
		disabled, err = f.DisableFactor(ctx, identity.ID, "authmfa_4", factorEvent("again", everlatch.EventMFADisabled))
		require.NoError(t, err)
		require.False(t, disabled)
		_, err = f.DisableFactor(ctx, identity.ID, "authmfa_none", factorEvent("none", everlatch.EventMFADisabled))
		require.ErrorIs(t, err, everlatch.ErrNotFound)

		factors, err := f.Factors(ctx, identity.ID)
		require.NoError(t, err)
		require.Len(t, factors, 5)
	})
}

// TestFactorRaces: one of many counts.
func TestFactorRaces(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx, identity := t.Context(), f.identity(t, "ada@example.com")
		enrol(t, f, identity.ID, "authmfa_1")
		once := func(what string, do func(i int) (bool, error)) {
			var wins atomic.Int32
			for _, err := range storetest.InParallel(ctx, 50, func(_ context.Context, i int) error {
				won, err := do(i)
				if won {
					wins.Add(1)
				}
				return err
			}) {
				require.NoError(t, err)
			}
			require.EqualValues(t, 1, wins.Load(), what)
		}
		use := store.FactorUse{IdentityID: identity.ID, FactorID: "authmfa_1", Counter: 3}
		once("enable", func(int) (bool, error) {
			return f.EnableFactor(ctx, use, factorEvent("1", everlatch.EventMFAEnabled))
		})
		use.Counter = 4
		once("use a time step", func(int) (bool, error) { return f.UseFactor(ctx, use) })
		require.NoError(t, f.ReplaceRecoveryCodes(ctx, identity.ID, []string{"a", "b"}, factorEvent("codes", everlatch.EventRecoveryCodesGenerated)))
		once("use a recovery code", func(i int) (bool, error) {
			return f.UseRecoveryCode(ctx, identity.ID, []string{"a"}, factorEvent("used "+strconv.Itoa(i), everlatch.EventRecoveryCodeUsed))
		})
		left, err := f.RecoveryCodes(ctx, identity.ID)
		require.NoError(t, err)
		require.Equal(t, 1, left)
		once("disable", func(i int) (bool, error) {
			return f.DisableFactor(ctx, identity.ID, "authmfa_1", factorEvent("off "+strconv.Itoa(i), everlatch.EventMFADisabled))
		})
		left, err = f.RecoveryCodes(ctx, identity.ID)
		require.NoError(t, err)
		require.Zero(t, left, "they go with the last factor")
	})
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx, identity := t.Context(), f.identity(t, "ada@example.com")
		event := func(id string) everlatch.Event { return factorEvent(id, everlatch.EventRecoveryCodesGenerated) }
		err := f.ReplaceRecoveryCodes(ctx, identity.ID, []string{"a"}, event("1"))
		require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: store.NoFactor})
		require.ErrorIs(t, f.ReplaceRecoveryCodes(ctx, "authid_none", nil, event("1")), everlatch.ErrNotFound)

		enrol(t, f, identity.ID, "authmfa_1")
		enable(t, f, store.FactorUse{IdentityID: identity.ID, FactorID: "authmfa_1"})
		require.NoError(t, f.ReplaceRecoveryCodes(ctx, identity.ID, []string{"a", "b", "c"}, event("2")))
		f.clock.Advance(time.Second)
		require.NoError(t, f.ReplaceRecoveryCodes(ctx, identity.ID, []string{"x"}, event("2")), "the same event again")
		left, err := f.RecoveryCodes(ctx, identity.ID)
		require.NoError(t, err)
		require.Equal(t, 3, left)
		require.NoError(t, f.ReplaceRecoveryCodes(ctx, identity.ID, []string{"d"}, event("3")))
		for hash, counts := range map[string]bool{"a": false, "d": true} {
			got, err := f.UseRecoveryCode(ctx, identity.ID, []string{"other", hash}, factorEvent(hash, everlatch.EventRecoveryCodeUsed))
			require.NoError(t, err)
			require.Equal(t, counts, got, hash)
		}
		got, err := f.UseRecoveryCode(ctx, identity.ID, []string{"d"}, factorEvent("d", everlatch.EventRecoveryCodeUsed))
		require.NoError(t, err)
		require.True(t, got, "the step repeated")
		used, err := f.Event(ctx, "evt_d")
		require.NoError(t, err)
		require.EqualValues(t, 0, used.Data["left"])
	})
}
