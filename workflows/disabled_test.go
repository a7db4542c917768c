package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

func (h *house) disable(t *testing.T, identityID string) {
	t.Helper()
	changed, err := h.store.DisableIdentity(t.Context(), identityID, everlatch.Event{})
	require.NoError(t, err)
	require.True(t, changed)
}

// TestDisabledEveryWayIn: flows that began before an identity was disabled, and those that
// no bearer check precedes, refuse it as they refuse a wrong credential.
func TestDisabledEveryWayIn(t *testing.T) {
	t.Parallel()
	const failed = "Authentication failed"
	for name, c := range map[string]struct {
		try     func(t *testing.T) *everlatch.Refusal
		code    everlatch.Code
		message string
	}{
		"passkey":               {disabledPasskey, everlatch.CodeUnauthorized, notAccepted},
		"passkey that is added": {disabledPasskeyLink, everlatch.CodeUnauthorized, failed},
		"challenge begun":       {disabledChallenge, everlatch.CodeUnauthorized, failed},
		"challenge answered": {func(t *testing.T) *everlatch.Refusal {
			t.Helper()
			return disabledAnswer(t, "pin", rightCode)
		}, everlatch.CodeNotAllowed, "Invalid MFA challenge code"},
		"challenge answered with a recovery code": {func(t *testing.T) *everlatch.Refusal {
			t.Helper()
			return disabledAnswer(t, everlatch.MethodRecoveryCode, "code-a")
		}, everlatch.CodeNotAllowed, "Invalid MFA challenge code"},
		"code for an address requested": {disabledCodeRequest, everlatch.CodeUnauthorized, failed},
		"code for an address confirmed": {disabledCode, everlatch.CodeNotAllowed, "Verification code is invalid or already used"},
		"factor enrolled":               {disabledEnrollment, everlatch.CodeUnauthorized, failed},
		"factor enabled":                {disabledFirstCode, everlatch.CodeNotAllowed, "Invalid TOTP code"},
		"factor removed":                {disabledRemoval, everlatch.CodeUnauthorized, failed},
		"recovery codes":                {disabledRecoveryCodes, everlatch.CodeUnauthorized, failed},
		"password set by a program":     {disabledUpdate, everlatch.CodeConflict, "The credentials have changed meanwhile. Try again."},
		"invite accepted":               {disabledInvitee, everlatch.CodeUnauthorized, failed},
		"account created":               {disabledAccount, everlatch.CodeUnauthorized, failed},
		"password linked":               {disabledLink, everlatch.CodeUnauthorized, failed},
		"provider linked":               {disabledLinkElsewhere, everlatch.CodeUnauthorized, failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireRefusal(t, c.try(t), c.code, c.message)
		})
	}
}

func disabledPasskey(t *testing.T) *everlatch.Refusal {
	t.Helper()
	s := newPasskeys(t)
	s.joins()
	s.disable(t, "authid_p")
	a := s.answer(time.Minute, s.signs(otherChallenge))
	require.Equal(t, workflows.PasskeyRefused, s.play(workflows.PasskeySignIn, signInWith(otherChallenge)))
	require.Empty(t, a.out.Principal)
	return a.out.Refusal
}

func disabledPasskeyLink(t *testing.T) *everlatch.Refusal {
	t.Helper()
	s := newPasskeys(t)
	s.known(t, "authid_own", "emailpass", "ada@example.com", "ada@example.com")
	s.disable(t, "authid_own")
	in := registrationOf(otherChallenge)
	in.Link, in.IdentityID, in.ProviderIdentityID, in.EventID = true, "authid_own", "pi_new", "evt_new"
	a := s.creates("authid_own", otherChallenge)
	a.SignedInAs = "authid_own"
	m := s.register(time.Minute, a)
	require.Equal(t, workflows.PasskeyRefused, s.play(workflows.PasskeyRegistration, in))
	require.Len(t, s.snapshot(t)["credentials"], 1)
	return m.out.Refusal
}

func disabledChallenge(t *testing.T) *everlatch.Refusal {
	t.Helper()
	s := newChallenge(t)
	s.disable(t, "authid_1")
	a := s.begin()
	s.plays(workflows.ChallengeVoid)
	a.requireDone(t)
	return a.out.Refusal
}

func disabledAnswer(t *testing.T, method, code string) *everlatch.Refusal {
	t.Helper()
	s := newChallenge(t)
	s.begin()
	s.env.RegisterDelayedCallback(func() { s.disable(t, "authid_1") }, time.Minute)
	a := s.verify(2*time.Minute, method, code)
	s.plays(workflows.ChallengeExpired)
	a.requireDone(t)
	left, err := s.store.RecoveryCodes(t.Context(), "authid_1")
	require.NoError(t, err)
	require.Equal(t, 2, left, "not used up")
	return a.out.Refusal
}

func disabledCodeRequest(t *testing.T) *everlatch.Refusal {
	t.Helper()
	s := newVerification(t)
	s.disable(t, "authid_1")
	a := s.request(0, 1, "otp")
	s.env.RegisterDelayedCallback(s.env.CancelWorkflow, time.Hour)
	s.env.ExecuteWorkflow(workflows.Verification, workflows.VerificationInput{AuthIdentityID: "authid_1", EntityType: "email", EntityID: email})
	require.True(t, s.env.IsWorkflowCompleted())
	a.requireDone(t)
	require.Empty(t, s.events(everlatch.EventVerificationRequested))
	return a.out.Refusal
}

func disabledCode(t *testing.T) *everlatch.Refusal {
	t.Helper()
	s := newVerification(t)
	s.request(0, 1, "token")
	s.env.RegisterDelayedCallback(func() { s.disable(t, "authid_1") }, time.Minute)
	a := s.confirm(2*time.Minute, 1, "authid_1")
	s.plays()
	a.requireDone(t)
	require.False(t, s.verified())
	return a.out.Refusal
}

func disabledEnrollment(t *testing.T) *everlatch.Refusal {
	t.Helper()
	s := newEnrollment(t)
	s.disable(t, "authid_1")
	a := s.enroll(0, 1)
	s.plays(workflows.EnrollmentVoid)
	a.requireDone(t)
	return a.out.Refusal
}

func disabledFirstCode(t *testing.T) *everlatch.Refusal {
	t.Helper()
	s := newEnrollment(t)
	s.enroll(0, 1)
	s.at(time.Minute, func() { s.disable(t, "authid_1") })
	a := s.confirm(2*time.Minute, 1)
	s.plays(workflows.EnrollmentExpired)
	a.requireDone(t)
	return a.out.Refusal
}

func disabledRemoval(t *testing.T) *everlatch.Refusal {
	t.Helper()
	h, _ := factorHouse(t)
	h.disable(t, "authid_1")
	out, err := h.remove(t, h.removal("authmfa_1"))
	require.NoError(t, err)
	in := h.removal("authmfa_1")
	in.RemovedBy, in.Reason, in.EventID = &everlatch.ActorRef{ActorType: "user", ActorID: "user_1"}, "lost", "evt_admin"
	helped, err := h.remove(t, in)
	require.NoError(t, err)
	require.Nil(t, helped.Refusal, "an administrator can")
	return out.Refusal
}

func disabledRecoveryCodes(t *testing.T) *everlatch.Refusal {
	t.Helper()
	h, _ := factorHouse(t)
	h.disable(t, "authid_1")
	out, err := perform[workflows.RecoveryCodes](t, h, "recovery-codes/1", workflows.GenerateRecoveryCodes, workflows.GenerateRecoveryCodesInput{
		AuthIdentityID: "authid_1", ActorType: "customer", Count: 10, Codes: h.vault.NewRef(), TTL: time.Hour, EventID: "evt_codes",
	})
	require.NoError(t, err)
	return out.Refusal
}

func disabledUpdate(t *testing.T) *everlatch.Refusal {
	t.Helper()
	h := newHouse(t)
	register(t, h, "authid_1")
	h.disable(t, "authid_1")
	identity, err := h.store.Identity(t.Context(), "authid_1")
	require.NoError(t, err)
	out, err := setPassword(t, h, identity.CredentialVersion, newPassword)
	require.NoError(t, err)
	return out.Refusal
}

func disabledInvitee(t *testing.T) *everlatch.Refusal {
	t.Helper()
	s := newInvitation(t)
	s.invite(0)
	s.at(time.Minute, func() { s.disable(t, "authid_1") })
	a := s.accept(time.Hour, 1, "authid_1", 1)
	s.plays(s.input(), workflows.InviteExpired)
	a.requireDone(t)
	require.Empty(t, s.snapshot(t)["users"])
	return a.out.Refusal
}

func disabledAccount(t *testing.T) *everlatch.Refusal {
	t.Helper()
	h := newHouse(t)
	register(t, h, "authid_1")
	h.disable(t, "authid_1")
	out, err := createCustomer(t, h, "authid_1", "cus_1", email)
	require.NoError(t, err)
	require.Empty(t, h.snapshot(t)["customers"])
	return out.Refusal
}

func disabledLink(t *testing.T) *everlatch.Refusal {
	t.Helper()
	h := newHouse(t)
	h.known(t, "authid_own", "elsewhere", "sub-1", email)
	h.disable(t, "authid_own")
	out, err := linkPassword(t, h, email)
	require.NoError(t, err)
	return out.Refusal
}

func disabledLinkElsewhere(t *testing.T) *everlatch.Refusal {
	t.Helper()
	s := linking(t)
	s.disable(t, "authid_own")
	m := s.comes(time.Minute, asOwner)
	require.Equal(t, workflows.LoginRefused, s.play())
	return m.login.Refusal
}
