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

// signIn is one of an identity, an hour long.
func signIn(identity everlatch.AuthIdentity, id string, at time.Time) everlatch.SignIn {
	return everlatch.SignIn{
		ID: id, AuthIdentityID: identity.ID, AuthProvider: "emailpass", ActorType: everlatch.ActorCustomer,
		CredentialVersion: identity.CredentialVersion, Device: "Firefox on Linux", Network: "192.0.2.0/24",
		CreatedAt: at, LastUsedAt: at, ExpiresAt: at.Add(24 * time.Hour),
	}
}

// record records a sign-in as the API does.
func (f fixture) record(t *testing.T, in everlatch.SignIn, events ...everlatch.Event) {
	t.Helper()
	seen, err := f.SignInsSeen(t.Context(), in.AuthIdentityID, in.Device, in.Network)
	require.NoError(t, err)
	var event everlatch.Event
	if len(events) > 0 {
		event = events[0]
	}
	require.NoError(t, f.RecordSignIn(t.Context(), in, seen, f.clock.Now().Add(720*time.Hour), event))
}

// live returns the ids of the sign-ins that live.
func (f fixture) live(t *testing.T, identity everlatch.AuthIdentity) []string {
	t.Helper()
	found, err := f.SignIns(t.Context(), identity.ID)
	require.NoError(t, err)
	ids := []string{}
	for _, one := range found {
		if one.Live {
			ids = append(ids, one.ID)
		}
	}
	return ids
}

func TestRecordSignIn(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		in := signIn(identity, "s1", start)
		seen, err := f.SignInsSeen(t.Context(), identity.ID, in.Device, in.Network)
		require.NoError(t, err)
		require.Equal(t, store.SignInsSeen{RegisteredAt: start.Truncate(time.Microsecond)}, seen)

		event := everlatch.Event{ID: id("evt_"), Name: everlatch.EventSignInFromNewDevice, AuthIdentityID: identity.ID, ReleasedAt: new(start)}
		f.record(t, in, event)
		f.record(t, in, event)
		found, err := f.SignIns(t.Context(), identity.ID)
		require.NoError(t, err)
		in.Live = true
		require.Equal(t, []everlatch.SignIn{in}, found)
		one, err := f.SignIn(t.Context(), "s1")
		require.NoError(t, err)
		require.Equal(t, in, one)
		_, count, err := f.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInFromNewDevice}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, count)

		seen, err = f.SignInsSeen(t.Context(), identity.ID, in.Device, in.Network)
		require.NoError(t, err)
		require.True(t, seen.Device)
		seen, err = f.SignInsSeen(t.Context(), identity.ID, in.Device, "198.51.100.0/24")
		require.NoError(t, err)
		require.False(t, seen.Device)
		require.Equal(t, 1, seen.Count)

		_, err = f.SignIn(t.Context(), "s2")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		_, err = f.SignInsSeen(t.Context(), "authid_gone", in.Device, in.Network)
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		gone := in
		gone.ID, gone.AuthIdentityID = "s3", "authid_gone"
		require.ErrorIs(t, f.RecordSignIn(t.Context(), gone, seen, start, everlatch.Event{}), everlatch.ErrNotFound)
	})
}

// TestSignInsLive: a sign-in is shown as live for as long as something of it counts.
func TestSignInsLive(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		another := f.identity(t, "bob@example.com")
		for _, one := range []string{"s1", "s2", "s3"} {
			f.record(t, signIn(identity, one, f.clock.Now()))
			f.clock.Advance(time.Second)
		}
		f.record(t, signIn(another, "other", f.clock.Now()))
		require.Equal(t, []string{"s3", "s2", "s1"}, f.live(t, identity), "the latest first")

		until := start.Add(720 * time.Hour)
		ended, err := f.EndSignInOf(t.Context(), store.SignInEnd{
			SignInID: "s2", AuthIdentityID: identity.ID, ActorType: "customer", Until: until, Reason: store.EndedByOwner,
			By: everlatch.ActorRef{ActorType: "user", ActorID: "user_1"}, Note: "stolen laptop",
		})
		require.NoError(t, err)
		require.True(t, ended)
		require.Equal(t, []string{"s3", "s1"}, f.live(t, identity))
		events, _, err := f.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInEnded}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, everlatch.Metadata{
			"sign_in_id": "s2", "auth_identity_id": identity.ID, "actor_type": "customer", "actor_id": "", "reason": "ended_by_owner",
			"ended_by": everlatch.Metadata{"actor_type": "user", "actor_id": "user_1"}, "note": "stolen laptop",
		}, events[0].Data)

		// A session of one outlives the end of all tokens.
		session := newSession(f.clock.Now(), everlatch.Principal{AuthIdentityID: identity.ID, SignInID: "s1", CredentialVersion: 2})
		require.NoError(t, f.CreateSession(t.Context(), session, "of s1"))
		_, err = f.DB().ExecContext(t.Context(), `UPDATE auth_identity SET credential_version = 2 WHERE id = '`+identity.ID+`'`)
		require.NoError(t, err)
		require.Equal(t, []string{"s1"}, f.live(t, identity))
		renewed := signIn(identity, "s3", f.clock.Now())
		renewed.CredentialVersion = 2
		require.NoError(t, f.TouchSignIn(t.Context(), renewed, until))
		require.Equal(t, []string{"s3", "s1"}, f.live(t, identity))

		count, err := f.EndOtherSignIns(t.Context(), identity.ID, "s3", until)
		require.NoError(t, err)
		require.Equal(t, 1, count)
		require.Equal(t, []string{"s3"}, f.live(t, identity))
		_, _, err = f.Session(t.Context(), "of s1")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		count, err = f.EndOtherSignIns(t.Context(), identity.ID, "s3", until)
		require.NoError(t, err)
		require.Zero(t, count, "again")

		require.NoError(t, f.EndCredentials(t.Context(), identity.ID))
		require.Empty(t, f.live(t, identity))
		require.Equal(t, []string{"other"}, f.live(t, another))
	})
}

// TestEndOtherSignInsWithoutRecord: a session whose sign-in is not recorded ends too.
func TestEndOtherSignInsWithoutRecord(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		for _, one := range []string{"mine", "theirs"} {
			session := newSession(start, everlatch.Principal{AuthIdentityID: identity.ID, SignInID: one, CredentialVersion: 1})
			require.NoError(t, f.CreateSession(t.Context(), session, one))
		}
		_, err := f.EndOtherSignIns(t.Context(), identity.ID, "mine", start.Add(time.Hour))
		require.NoError(t, err)
		_, _, err = f.Session(t.Context(), "theirs")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		_, _, err = f.Session(t.Context(), "mine")
		require.NoError(t, err)
	})
}

func TestTouchSignIn(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		until := start.Add(720 * time.Hour)
		used := func(after time.Duration) everlatch.SignIn {
			in := signIn(identity, "s1", start)
			in.LastUsedAt, in.ExpiresAt = start.Add(after), start.Add(after+24*time.Hour)
			return in
		}
		touch := func(in everlatch.SignIn) everlatch.SignIn {
			require.NoError(t, f.TouchSignIn(t.Context(), in, until))
			found, err := f.SignIn(t.Context(), in.ID)
			require.NoError(t, err)
			return found
		}
		require.Equal(t, start, touch(used(0)).CreatedAt, "one that isn't recorded is recorded")
		require.Equal(t, start, touch(used(29*time.Minute)).LastUsedAt, "the record covers it")
		require.Equal(t, start.Add(24*time.Hour+30*time.Minute), touch(used(30*time.Minute)).ExpiresAt, "a token that lives longer")
		require.Equal(t, start.Add(2*time.Hour), touch(used(2*time.Hour)).LastUsedAt)
		require.Equal(t, start.Add(2*time.Hour), touch(used(time.Hour)).LastUsedAt, "never back")

		registered := used(2 * time.Hour)
		registered.ActorID = "cus_1"
		require.Equal(t, "cus_1", touch(registered).ActorID)
		require.Equal(t, "cus_1", touch(used(4*time.Hour)).ActorID, "an actor stays")

		standing, err := f.Standing(t.Context(), identity.ID, everlatch.ActorCustomer, "s1")
		require.NoError(t, err)
		require.Equal(t, start.Add(4*time.Hour), standing.SignInUsedAt)
		standing, err = f.StandingWithAccess(t.Context(), identity.ID, everlatch.ActorCustomer, "s2")
		require.NoError(t, err)
		require.Zero(t, standing.SignInUsedAt)

		foreign := used(8 * time.Hour)
		foreign.AuthIdentityID = f.identity(t, "bob@example.com").ID
		require.Equal(t, start.Add(4*time.Hour), touch(foreign).LastUsedAt, "not of this identity")
	})
}

// TestMostSignIns: one too many ends the one that was used longest ago, and forgets
// those that have ended before.
func TestMostSignIns(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.SetSignInRules(store.SignInRules{Most: 3, History: time.Hour})
		identity := f.identity(t, "ada@example.com")
		for i := range 3 {
			f.record(t, signIn(identity, fmt.Sprint("s", i), f.clock.Now()))
			f.clock.Advance(time.Second)
		}
		_, err := f.EndSignIn(t.Context(), everlatch.Principal{AuthIdentityID: identity.ID, SignInID: "s1"}, start.Add(time.Hour))
		require.NoError(t, err)

		f.record(t, signIn(identity, "s3", f.clock.Now()))
		require.Equal(t, []string{"s3", "s2", "s0"}, f.live(t, identity))
		f.clock.Advance(time.Second)
		f.record(t, signIn(identity, "s4", f.clock.Now()))
		require.Equal(t, []string{"s4", "s3", "s2"}, f.live(t, identity))
		standing, err := f.Standing(t.Context(), identity.ID, everlatch.ActorCustomer, "s0")
		require.NoError(t, err)
		require.True(t, standing.SignInEnded)
		events, _, err := f.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInEnded}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, store.EndedAsTooMany, events[len(events)-1].Data["reason"])
	})
}

func TestSweepSignIns(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.SetSignInRules(store.SignInRules{Most: 3, History: 48 * time.Hour})
		identity := f.identity(t, "ada@example.com")
		f.record(t, signIn(identity, "s1", start))
		sweep := func() []everlatch.SignIn {
			_, err := f.Sweep(t.Context(), 10)
			require.NoError(t, err)
			found, err := f.SignIns(t.Context(), identity.ID)
			require.NoError(t, err)
			return found
		}
		f.clock.Advance(24*time.Hour + 30*time.Minute)
		require.True(t, sweep()[0].Live, "its expiry is exact to the hour")
		f.clock.Advance(time.Hour)
		require.False(t, sweep()[0].Live)
		f.clock.Advance(48 * time.Hour)
		require.Empty(t, sweep())

		f.record(t, signIn(identity, "s2", f.clock.Now()))
		require.NoError(t, f.RemoveIdentity(t.Context(), identity.ID, "remove"))
		require.Empty(t, sweep(), "of a removed identity")
		require.NoError(t, f.PurgeIdentity(t.Context(), identity.ID, "remove"))
		_, err := f.SignIn(t.Context(), "s2")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
	})
}

// TestEndOtherSignInsInParallel: each sign-in ends once, however many end it.
func TestEndOtherSignInsInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		for i := range 5 {
			f.record(t, signIn(identity, fmt.Sprint("s", i), f.clock.Now()))
		}
		counts := make([]int, 50)
		errs := storetest.InParallel(t.Context(), len(counts), func(ctx context.Context, i int) (err error) {
			counts[i], err = f.EndOtherSignIns(ctx, identity.ID, "s0", start.Add(time.Hour))
			return err
		})
		require.NoError(t, errors.Join(errs...))
		total := 0
		for _, n := range counts {
			total += n
		}
		require.Equal(t, 4, total)
		_, events, err := f.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInEnded}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, 4, events)
	})
}

// BenchmarkRecordSignIn is what a sign-in costs more because it is recorded, for
// identities with some dozens of them.
func BenchmarkRecordSignIn(b *testing.B) {
	benchOn(b, func(b *testing.B, f fixture, _ everlatch.Customer, _ everlatch.AuthIdentity) {
		var owners []everlatch.AuthIdentity
		for i := range 200 {
			owners = append(owners, f.identity(b, fmt.Sprintf("owner-%d@example.com", i)))
		}
		for i := 0; b.Loop(); i++ {
			in := signIn(owners[i%len(owners)], fmt.Sprint("s", i), start)
			seen, err := f.SignInsSeen(b.Context(), in.AuthIdentityID, in.Device, in.Network)
			require.NoError(b, err)
			require.NoError(b, f.RecordSignIn(b.Context(), in, seen, start, everlatch.Event{}))
		}
	})
}
