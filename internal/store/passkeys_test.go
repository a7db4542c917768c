package store_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// passkeyOf adds a passkey to an identity.
func (f fixture) passkeyOf(t *testing.T, identityID, id string) error {
	t.Helper()
	return f.AddCredential(t.Context(), store.NewCredential{
		ID: "pi_" + id, IdentityID: identityID, Provider: "passkey", EntityID: id, EntityKey: id, Most: store.MaxPasskeys, Counter: 3,
		UserMetadata: everlatch.Metadata{"label": "Phone"}, ProviderMetadata: everlatch.Metadata{"public_key": "k"},
		Event: everlatch.Event{ID: "evt_" + id, Name: everlatch.EventIdentityLinked},
	})
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx, ada, bob := t.Context(), f.identity(t, "ada@example.com"), f.identity(t, "bob@example.com")
		for i := range store.MaxPasskeys {
			require.NoError(t, f.passkeyOf(t, ada.ID, "key"+strconv.Itoa(i)))
		}
		require.NoError(t, f.passkeyOf(t, ada.ID, "key0"), "the same id again")
		require.ErrorIs(t, f.passkeyOf(t, ada.ID, "key"), &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonPasskeysFull})
		require.ErrorIs(t, f.passkeyOf(t, bob.ID, "key0"), everlatch.ErrDuplicate)

		found, err := f.FindPasskey(ctx, "passkey", "key0")
		require.NoError(t, err)
		require.EqualValues(t, 3, found.Counter)
		require.Equal(t, ada.ID, found.Identity.ID)
		require.Equal(t, "k", found.Provider.ProviderMetadata["public_key"])
		require.Zero(t, found.Provider.LastUsedAt)

		use := store.PasskeyUse{IdentityID: ada.ID, ProviderIdentityID: found.Provider.ID, UsedBy: "flow 1", Metadata: everlatch.Metadata{"public_key": "l"}}
		for _, step := range []struct {
			counter int64
			flow    string
			want    bool
		}{
			{4, "flow 1", true}, {4, "flow 1", true}, {4, "flow 2", false}, {3, "flow 2", false}, {0, "flow 2", false}, {9, "flow 2", true},
		} {
			use.Counter, use.UsedBy = step.counter, step.flow
			got, err := f.UsePasskey(ctx, use)
			require.NoError(t, err)
			require.Equal(t, step.want, got, "%+v", step)
		}
		use.IdentityID = bob.ID
		use.Counter = 99
		got, err := f.UsePasskey(ctx, use)
		require.NoError(t, err)
		require.False(t, got, "not his")
		found, err = f.FindPasskey(ctx, "passkey", "key0")
		require.NoError(t, err)
		require.EqualValues(t, 9, found.Counter)
		require.Equal(t, "flow 2", found.UsedBy)
		require.Equal(t, "l", found.Provider.ProviderMetadata["public_key"])
		require.False(t, found.Provider.LastUsedAt.IsZero())
		_, err = f.FindPasskey(ctx, "passkey", "no one's")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
	})
}

// Of many answers with one counter, one counts; of many with none, all do.
func TestPasskeyUseRace(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ada := f.identity(t, "ada@example.com")
		require.NoError(t, f.passkeyOf(t, ada.ID, "key"))
		var won atomic.Int32
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				got, err := f.UsePasskey(context.WithoutCancel(t.Context()), store.PasskeyUse{
					IdentityID: ada.ID, ProviderIdentityID: "pi_key", Counter: 4, UsedBy: "flow " + strconv.Itoa(i),
				})
				if err == nil && got {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, won.Load())
	})
}

func TestPasskeyNames(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx, ada, bob := t.Context(), f.identity(t, "ada@example.com"), f.identity(t, "bob@example.com")
		require.NoError(t, f.passkeyOf(t, ada.ID, "key"))
		_, err := f.StartFactor(ctx, store.NewFactor{ID: "authmfa_1", IdentityID: ada.ID, Provider: "webauthn", Several: true})
		require.NoError(t, err)
		credential := store.CredentialRef{IdentityID: ada.ID, ID: "pi_key", Provider: "passkey"}
		factor := store.CredentialRef{IdentityID: ada.ID, ID: "authmfa_1", Provider: "webauthn", Factor: true}
		metadata := func() (of []everlatch.Metadata) {
			identity, err := f.Identity(ctx, ada.ID)
			require.NoError(t, err)
			stored, err := f.Factor(ctx, ada.ID, "authmfa_1")
			require.NoError(t, err)
			for _, p := range identity.Providers {
				if p.Provider == "passkey" {
					of = append(of, p.UserMetadata)
				}
			}
			return append(of, stored.Metadata)
		}

		require.NoError(t, f.RenameCredential(ctx, credential, "Key"))
		require.NoError(t, f.RenameCredential(ctx, factor, "Laptop"))
		require.Equal(t, []everlatch.Metadata{{"label": "Key"}, {"label": "Laptop"}}, metadata())
		for _, ref := range []store.CredentialRef{
			{IdentityID: bob.ID, ID: "pi_key", Provider: "passkey"},
			{IdentityID: ada.ID, ID: "pi_key", Provider: "emailpass"},
			{IdentityID: bob.ID, ID: "authmfa_1", Provider: "webauthn", Factor: true},
			{IdentityID: ada.ID, ID: "authmfa_1", Provider: "totp", Factor: true},
		} {
			require.ErrorIs(t, f.RenameCredential(ctx, ref, "Mine"), everlatch.ErrNotFound)
		}

		anyMethod := factor
		anyMethod.Provider = ""
		require.NoError(t, f.RenameCredential(ctx, anyMethod, "Tablet"))
		require.Equal(t, "Tablet", metadata()[1]["label"])
		require.NoError(t, f.RenameCredential(ctx, anyMethod, "Laptop"))
		anyMethod.IdentityID = bob.ID
		require.ErrorIs(t, f.RenameCredential(ctx, anyMethod, "Mine"), everlatch.ErrNotFound)

		cloned := func(id string) everlatch.Event {
			return everlatch.Event{ID: id, Name: everlatch.EventPasskeyCloned, AuthIdentityID: ada.ID}
		}
		require.NoError(t, f.MarkCloned(ctx, credential, cloned("evt_c1")))
		require.NoError(t, f.MarkCloned(ctx, credential, cloned("evt_c2")))
		require.NoError(t, f.MarkCloned(ctx, factor, cloned("evt_c3")))
		require.NoError(t, f.RenameCredential(ctx, credential, ""))
		at := start.UTC().Format("2006-01-02T15:04:05Z07:00")
		require.Equal(t, []everlatch.Metadata{{"cloned_at": at}, {"label": "Laptop", "cloned_at": at}}, metadata())
		_, err = f.Event(ctx, "evt_c1")
		require.NoError(t, err)
		_, err = f.Event(ctx, "evt_c2")
		require.ErrorIs(t, err, everlatch.ErrNotFound, "told once")
	})
}

// A removed passkey ends what began with a passkey, and nothing else. Its owner goes on
// while they have another one.
func TestDisablePasskey(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx, ada := t.Context(), f.identity(t, "ada@example.com")
		bob := f.identity(t, "bob@example.com")
		enable := func(id, identityID string) {
			_, err := f.StartFactor(ctx, store.NewFactor{ID: id, IdentityID: identityID, Provider: "webauthn", Several: true})
			require.NoError(t, err)
			_, err = f.EnableFactor(ctx, store.FactorUse{IdentityID: identityID, FactorID: id, Handle: id}, everlatch.Event{ID: "evt_on_" + id, Name: everlatch.EventMFAEnabled})
			require.NoError(t, err)
		}
		removal := func(id, keep string) store.PasskeyRemoval {
			return store.PasskeyRemoval{
				IdentityID: ada.ID, FactorID: id, Provider: "passkey", KeptSignIn: keep,
				Event: everlatch.Event{ID: "evt_off_" + id, Name: everlatch.EventMFADisabled, AuthIdentityID: ada.ID},
			}
		}
		for _, id := range []string{"one", "two"} {
			enable(id, ada.ID)
		}
		enable("bobs", bob.ID)
		for i, id := range []string{"own", "phone", "laptop", "password"} {
			in := signIn(ada, id, f.clock.Now())
			if in.AuthProvider = "passkey"; i == 3 {
				in.AuthProvider = "emailpass"
			}
			f.record(t, in)
		}
		his := signIn(bob, "his", f.clock.Now())
		his.AuthProvider = "passkey"
		f.record(t, his)
		_, err := f.StartFactor(ctx, store.NewFactor{ID: "never", IdentityID: ada.ID, Provider: "webauthn", Several: true})
		require.NoError(t, err)
		disabled, err := f.DisablePasskey(ctx, removal("never", ""))
		require.NoError(t, err)
		require.True(t, disabled)
		require.Len(t, f.live(t, ada), 4, "a pending one has signed no one in")

		has := func(want bool) {
			t.Helper()
			got, err := f.HasPasskey(ctx, ada.ID, "passkey", "webauthn")
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		has(true)
		disabled, err = f.DisablePasskey(ctx, removal("one", "own"))
		require.NoError(t, err)
		require.True(t, disabled)
		require.ElementsMatch(t, []string{"own", "password"}, f.live(t, ada))
		f.record(t, func() everlatch.SignIn {
			in := signIn(ada, "later", f.clock.Now())
			in.AuthProvider = "passkey"
			return in
		}())
		disabled, err = f.DisablePasskey(ctx, removal("one", "own"))
		require.NoError(t, err)
		require.False(t, disabled, "again it changes nothing")
		require.Len(t, f.live(t, ada), 3)
		has(true)
		_, err = f.DisablePasskey(ctx, removal("two", "own"))
		require.NoError(t, err)
		require.Equal(t, []string{"password"}, f.live(t, ada), "with the last one ends the sign-in of its owner, too")
		has(false)
		require.Equal(t, []string{"his"}, f.live(t, bob))
		standing, err := f.Standing(ctx, ada.ID, everlatch.ActorCustomer, "phone")
		require.NoError(t, err)
		require.True(t, standing.SignInEnded)
		require.Zero(t, standing.MFAEnabledAt)
		ended, _, err := f.Events(ctx, store.EventFilter{Name: everlatch.EventSignInEnded}, store.Page{})
		require.NoError(t, err)
		require.Len(t, ended, 4)
		for _, e := range ended {
			require.Equal(t, "passkey_removed", e.Data["reason"])
		}
		_, err = f.DisablePasskey(ctx, removal("bobs", ""))
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		require.NoError(t, f.passkeyOf(t, ada.ID, "credential"))
		has(true)
	})
}
