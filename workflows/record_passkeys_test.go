//go:build record

package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/passkeytest"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordPasskeys records sign-ups and sign-ins with a passkey: accepted, refused,
// expired and cancelled.
func TestRecordPasskeys(t *testing.T) {
	r := newRecorder(t)
	h := r.house
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // see resets
	h.acts.Accounts.AnyEmail = true
	s := &passkeyScene{house: h, t: t, device: &passkeytest.Device{Origin: shop, Verifies: true, Counts: true}}
	s.enter(h)

	play := func(name string, workflow, in any, answers ...workflows.PasskeyAnswer) {
		run := r.start(t, name, workflow, in)
		for _, a := range answers {
			r.send(t, run, workflows.UpdateAnswer, a)
		}
		require.NoError(t, run.Get(t.Context(), nil))
		r.write(t, name, run)
	}
	registration := func(identity string) workflows.PasskeyRegistrationInput {
		in := registrationOf(firstChallenge)
		in.IdentityID, in.ProviderIdentityID, in.EventID = identity, "pi_"+identity, "evt_"+identity
		return in
	}
	account := func(identity, customer, email string) workflows.PasskeyAnswer {
		a := s.creates(identity, firstChallenge)
		a.Customer = &everlatch.Customer{ID: customer, Email: &email, HasAccount: true, CreatedAt: h.clock.Now(), UpdatedAt: h.clock.Now()}
		return a
	}

	play("PasskeyRegistration/created", workflows.PasskeyRegistration, registration("authid_p"), s.creates("authid_p", firstChallenge))
	play("PasskeySignIn/signed_in", workflows.PasskeySignIn, signInWith(otherChallenge), s.signs(otherChallenge))
	play("PasskeySignIn/refused", workflows.PasskeySignIn, signInWith(otherChallenge), s.signs(firstChallenge))
	play("PasskeyRegistration/refused", workflows.PasskeyRegistration, registration("authid_q"), s.creates("authid_q", otherChallenge))
	play("PasskeyRegistration/signed_up", workflows.PasskeyRegistration, registration("authid_r"), account("authid_r", "cus_r", "r@example.com"))
	play("PasskeyRegistration/account_refused", workflows.PasskeyRegistration, registration("authid_s"), account("authid_s", "cus_s", "r@example.com"))
	h.known(t, "authid_own", "emailpass", "own@example.com", "own@example.com")
	link := registration("authid_own")
	link.Link, link.ProviderIdentityID = true, "pi_own_passkey"
	linked := s.creates("authid_own", firstChallenge)
	linked.SignedInAs = "authid_own"
	play("PasskeyRegistration/linked", workflows.PasskeyRegistration, link, linked)

	soon := signInWith(otherChallenge)
	soon.TTL = 2 * time.Second
	play("PasskeySignIn/expired", workflows.PasskeySignIn, soon)
	late := registration("authid_t")
	late.TTL = 2 * time.Second
	play("PasskeyRegistration/expired", workflows.PasskeyRegistration, late)

	run := r.start(t, "PasskeySignIn/cancelled", workflows.PasskeySignIn, signInWith(otherChallenge))
	require.NoError(t, r.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
	require.Error(t, run.Get(t.Context(), nil))
	r.write(t, "PasskeySignIn/cancelled", run)

	run = r.start(t, "PasskeyRegistration/undone", workflows.PasskeyRegistration, registration("authid_u"))
	h.faults.set(fault{activities: []string{"CreatePasskey"}, times: -1, after: true})
	r.send(t, run, workflows.UpdateAnswer, s.creates("authid_u", firstChallenge))
	h.faults.set()
	require.NoError(t, r.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
	t.Logf("undone ends in %v", run.Get(t.Context(), nil))
	r.write(t, "PasskeyRegistration/undone", run)
}
