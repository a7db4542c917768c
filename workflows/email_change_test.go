package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/workflows"
)

// docs/weak-spots.md#w13: asked, proved, told, and after three days for good.
func TestEmailChange(t *testing.T) {
	t.Parallel()
	s := newEmailChange(t)
	began := s.env.Now()
	version := s.version()
	requested := s.request(0, 1, "New@example.com")
	s.at(time.Hour, func() {
		s.requireEmail(email)
		require.Equal(t, version, s.version(), "nothing changes before it is proved")
		require.Equal(t, "ask1", s.token(s.events(everlatch.EventEmailRequested)[0], tokens.PurposeEmail))
	})
	confirmed := s.confirm(2*time.Hour, 1, 1)
	again := s.confirm(2*time.Hour, 1, 2)
	s.at(3*time.Hour, func() {
		changed := s.events(everlatch.EventEmailChanged)
		require.Len(t, changed, 1)
		require.Equal(t, "undo1", s.token(changed[0], tokens.PurposeEmailUndo))
		require.Empty(t, s.token(s.events(everlatch.EventEmailRequested)[0], tokens.PurposeEmail), "a used token is shredded")
	})
	late := s.undo(2*time.Hour+3*day-time.Second, 7)
	s.plays()

	requested.requireDone(t)
	require.Nil(t, requested.out.Refusal)
	requireChanged(t, confirmed, "New@example.com")
	requireInvalid(t, again)
	requireInvalid(t, late)
	customer, err := s.store.Customer(t.Context(), "cus_1")
	require.NoError(t, err)
	require.Equal(t, "New@example.com", *customer.Email)
	found, err := s.store.FindCredential(t.Context(), "emailpass", "new@example.com")
	require.NoError(t, err, "the login is compared in its canonical form")
	require.Equal(t, "new@example.com", found.Provider.VerifiedEmail)
	require.Equal(t, version+1, s.version(), "previous tokens and open resets end")
	s.requireLasted(began, 3*day+2*time.Hour)

	asked, told := s.events(everlatch.EventEmailRequested), s.events(everlatch.EventEmailAnnounced)
	require.Len(t, asked, 1)
	require.Len(t, told, 1)
	require.Equal(t, "New@example.com", asked[0].Data["email"])
	require.Equal(t, email, told[0].Data["former_email"])
	require.NotContains(t, told[0].Data, "token", "the old address is told, and proves nothing")
	require.Equal(t, email, s.events(everlatch.EventEmailChanged)[0].Data["former_email"])
	require.Len(t, s.events(everlatch.EventCustomerUpdated), 1)
	require.Equal(t, emailsName, asked[0].GroupID)
}

func TestEmailChangeThatIsNotProved(t *testing.T) {
	t.Parallel()

	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		began := s.env.Now()
		s.request(0, 1, "new@example.com")
		s.plays()
		s.requireLasted(began, day)
		s.requireEmail(email)
	})

	t.Run("superseded by a newer request", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		s.request(0, 1, "new@example.com")
		s.request(time.Second, 2, "newer@example.com")
		old := s.confirm(time.Minute, 1, 1)
		s.at(2*time.Minute, func() {
			require.Empty(t, s.token(s.events(everlatch.EventEmailRequested)[0], tokens.PurposeEmail))
		})
		good := s.confirm(time.Hour, 2, 2)
		s.plays()
		requireInvalid(t, old)
		requireChanged(t, good, "newer@example.com")
		s.requireEmail("newer@example.com")
	})

	t.Run("the same asked again sends one mail a minute", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		s.request(0, 1, "new@example.com")
		s.request(59*time.Second, 2, "new@example.com")
		s.request(61*time.Second, 3, "new@example.com")
		good := s.confirm(2*time.Minute, 3, 1)
		s.plays()
		requireChanged(t, good, "new@example.com")
		require.Len(t, s.events(everlatch.EventEmailRequested), 2)
	})

	t.Run("the credentials have changed since", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		s.request(0, 1, "new@example.com")
		s.at(time.Minute, func() { require.NoError(t, s.store.EndCredentials(t.Context(), "authid_1")) })
		void := s.confirm(time.Hour, 1, 1)
		s.plays()
		requireInvalid(t, void)
		s.requireEmail(email)
		require.Empty(t, s.events(everlatch.EventEmailChanged))
		require.Zero(t, s.sealedUndos(t), "a void undo is deleted")
	})

	t.Run("requested with a previous token", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		s.requestUnder(0, 1, "new@example.com", 77)
		void := s.confirm(time.Minute, 1, 1)
		s.plays()
		requireInvalid(t, void)
		s.requireEmail(email)
	})

	t.Run("the account is gone", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		s.request(0, 1, "new@example.com")
		s.at(time.Minute, func() {
			require.NoError(t, s.store.RemoveCustomer(t.Context(), "cus_1", everlatch.Event{GroupID: "g"}))
		})
		gone := s.request(2*time.Minute, 2, "x@example.com")
		void := s.confirm(time.Hour, 1, 1)
		s.plays()
		requireInvalid(t, void)
		requireRefusal(t, gone.out.Refusal, everlatch.CodeNotFound, "Customer with id: cus_1 was not found")
	})

	t.Run("nothing to change", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		began := s.env.Now()
		same := s.request(0, 1, "ADA@Example.com")
		s.plays()
		requireRefusal(t, same.out.Refusal, everlatch.CodeNotAllowed, "This is your email already.")
		s.requireLasted(began, 0) // nothing is open
	})

	t.Run("too many mails", func(t *testing.T) {
		t.Parallel()
		s := newEmailChange(t)
		for n := range 10 {
			s.request(time.Duration(n)*time.Second, n, fmt.Sprintf("victim%d@example.com", n))
		}
		refused := s.request(time.Hour, 11, "victim11@example.com")
		s.plays()
		require.NotNil(t, refused.out.Refusal)
		require.Equal(t, everlatch.CodeNotAllowed, refused.out.Refusal.Code)
		require.Len(t, s.events(everlatch.EventEmailRequested), 10)
	})
}

// docs/weak-spots.md#w19: the answer does not tell whether an address is in use.
func TestEmailChangeToTakenAddress(t *testing.T) {
	t.Parallel()

	s := newEmailChange(t)
	_, err := s.store.RegisterIdentity(t.Context(), store.NewIdentity{
		ID: "authid_9", ProviderIdentityID: "pi_9", Provider: "emailpass", EntityID: "grace@example.com", EntityKey: "grace@example.com",
	})
	require.NoError(t, err)
	_, err = s.store.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_9", Email: new("alan@example.com"), HasAccount: true}, everlatch.Event{})
	require.NoError(t, err)
	login := s.request(0, 1, "Grace@example.com")
	never := s.confirm(time.Second, 1, 1)
	account := s.request(time.Minute, 2, "alan@example.com")
	free := s.request(time.Hour, 3, "meanwhile@example.com")
	s.at(2*time.Hour, func() {
		_, err := s.store.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_8", Email: new("meanwhile@example.com"), HasAccount: true}, everlatch.Event{})
		require.NoError(t, err)
	})
	tooLate := s.confirm(3*time.Hour, 3, 3)
	s.at(4*time.Hour, func() {
		require.NoError(t, s.store.RemoveCustomer(t.Context(), "cus_8", everlatch.Event{GroupID: "g"}))
	})
	now := s.confirm(5*time.Hour, 3, 4)
	s.plays()

	for _, a := range []*asked[workflows.Outcome]{login, account, free} {
		a.requireDone(t)
		require.Nil(t, a.out.Refusal)
	}
	requireInvalid(t, never)
	asked := s.events(everlatch.EventEmailRequested)
	require.Len(t, asked, 3)
	for _, e := range asked[:2] {
		require.Equal(t, true, e.Data["taken"], "the one who has it is told")
		require.NotContains(t, e.Data, "token")
	}
	tooLate.requireDone(t)
	requireRefusal(t, tooLate.out.Refusal, everlatch.CodeDuplicate, "Another account has this email.")
	requireChanged(t, now, "meanwhile@example.com")
}

// Every move at once: one request, one confirmation, one undo.
func TestEmailChangeMovesInARow(t *testing.T) {
	t.Parallel()
	s := newEmailChange(t)
	s.request(0, 1, "new@example.com")
	confirmations, undos := make([]*asked[workflows.ChangedEmail], 60), make([]*asked[workflows.ChangedEmail], 60)
	for i := range confirmations {
		confirmations[i] = s.confirm(time.Minute, 1, 1)
		undos[i] = s.undo(time.Minute, 1) // confirm against undo
	}
	s.plays()
	won := func(all []*asked[workflows.ChangedEmail]) (n int) {
		for _, a := range all {
			if a.rejected == nil && a.out.Refusal == nil {
				n++
				continue
			}
			requireInvalid(t, a)
		}
		return n
	}
	require.Equal(t, 1, won(confirmations))
	if won(undos) == 0 { // all of them came first
		s.requireEmail("new@example.com")
	} else {
		s.requireEmail(email)
	}
	require.Len(t, s.events(everlatch.EventEmailChanged), 1)
	require.LessOrEqual(t, len(s.events(everlatch.EventEmailRestored)), 1)
}
