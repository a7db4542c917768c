package store_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if postgresMissing() {
		fmt.Fprintf(os.Stderr, "\n*** SKIPPED: the store suite did not run on PostgreSQL; set %s to run it.\n\n", storetest.PostgresVariable)
	}
	os.Exit(m.Run())
}

func postgresMissing() bool { return !storetest.HasPostgres() }

// start is the initial time of every test.
var start = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)

// fixture is a separate, migrated, empty store.
type fixture struct {
	*store.Store
	clock *clocktest.Clock
	url   string
}

// enginesVariable leaves SQLite out when it is "postgres".
const enginesVariable = "TEST_STORE_ENGINES"

// onEachEngine runs a test on SQLite, and on PostgreSQL when it is available.
func onEachEngine(t *testing.T, test func(t *testing.T, f fixture)) {
	t.Helper()
	if os.Getenv(enginesVariable) != "postgres" {
		t.Run("sqlite", func(t *testing.T) {
			t.Parallel()
			test(t, open(t, storetest.URL(t)))
		})
	}
	if postgresMissing() {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, postgresURL(t)))
	})
}

// postgresURL makes a schema that is dropped after the test.
func postgresURL(tb testing.TB) string {
	tb.Helper()
	return storetest.PostgresURL(tb)
}

func open(tb testing.TB, url string) fixture {
	tb.Helper()
	f := fixture{clock: clocktest.At(start), url: url}
	s, err := store.Open(tb.Context(), url, f.clock.Now)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	require.NoError(tb, s.Migrate(tb.Context()))
	f.Store = s
	return f
}

// id makes an id.
func id(prefix string) string { return ids.New(prefix, start) }

// identity registers a user under an e-mail.
func (f fixture) identity(tb testing.TB, email string) everlatch.AuthIdentity {
	tb.Helper()
	identity, err := f.RegisterIdentity(tb.Context(), newIdentity(email))
	require.NoError(tb, err)
	return identity
}

func newIdentity(email string) store.NewIdentity {
	return store.NewIdentity{
		ID: id(ids.AuthIdentity), ProviderIdentityID: id(ids.ProviderIdentity),
		Provider: "emailpass", EntityID: email, EntityKey: strings.ToLower(email),
		UserMetadata:     everlatch.Metadata{"name": "Ada"},
		ProviderMetadata: everlatch.Metadata{"password": "hash"},
	}
}

// customer creates an account and links it to a new identity.
func (f fixture) customer(tb testing.TB, email string) (everlatch.Customer, everlatch.AuthIdentity) {
	tb.Helper()
	identity := f.identity(tb, email)
	customer, err := f.CreateCustomer(tb.Context(), newCustomer(email), everlatch.Event{})
	require.NoError(tb, err)
	f.link(tb, identity.ID, everlatch.ActorCustomer, customer.ID)
	return customer, identity
}

func newCustomer(email string) everlatch.Customer {
	return everlatch.Customer{ID: id(ids.Customer), Email: &email, HasAccount: true}
}

func (f fixture) link(tb testing.TB, identityID, actorType, actorID string) {
	tb.Helper()
	require.NoError(tb, f.LinkActor(tb.Context(), link(identityID, actorType, actorID)))
}

func link(identityID, actorType, actorID string) store.Link {
	return store.Link{IdentityID: identityID, ActorType: actorType, ActorID: actorID, GroupID: "linking"}
}

// session signs an identity in and returns the secret's hash.
func (f fixture) session(tb testing.TB, identityID, actorType, actorID string) string {
	tb.Helper()
	identity, err := f.Identity(tb.Context(), identityID)
	require.NoError(tb, err)
	session := newSession(f.clock.Now(), everlatch.Principal{
		AuthIdentityID: identityID, AuthProvider: "emailpass", ActorType: actorType, ActorID: actorID,
		CredentialVersion: identity.CredentialVersion,
	})
	require.NoError(tb, f.CreateSession(tb.Context(), session, "hash of "+session.ID))
	return "hash of " + session.ID
}

func newSession(now time.Time, p everlatch.Principal) everlatch.Session {
	return everlatch.Session{
		ID: id(ids.Session), Principal: p, CreatedAt: now,
		IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(10 * time.Hour),
	}
}

// standing reads the standing of an identity that exists.
func (f fixture) standing(tb testing.TB, identityID, actorType string) everlatch.Standing {
	tb.Helper()
	standing, err := f.Standing(tb.Context(), identityID, actorType, "")
	require.NoError(tb, err)
	return standing
}

// eventNames lists the events of an identity, oldest first.
func (f fixture) eventNames(tb testing.TB, filter store.EventFilter) []string {
	tb.Helper()
	events, count, err := f.Events(tb.Context(), filter, store.Page{})
	require.NoError(tb, err)
	require.Len(tb, events, count)
	names := []string{}
	for _, e := range events {
		names = append(names, e.Name)
	}
	return names
}

// requireError checks a refusal. details are names and values by turns.
func requireError(tb testing.TB, err error, code everlatch.Code, reason everlatch.Reason, details ...string) {
	tb.Helper()
	refused, ok := errors.AsType[*everlatch.Error](err)
	require.True(tb, ok, "%v", err)
	require.Equal(tb, code, refused.Code)
	require.Equal(tb, reason, refused.Reason)
	require.Empty(tb, refused.Message, "the API words refusals")
	require.Len(tb, refused.Details, len(details)/2)
	for pair := range slices.Chunk(details, 2) {
		require.Equal(tb, pair[1], refused.Details[pair[0]], pair[0])
	}
}

// succeeded counts calls without error.
func succeeded(errs []error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}
