package workflows_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/providers/totp"
	"github.com/everlatch/everlatch/workflows"
)

// factorHouse has an identity with an enabled TOTP factor, authmfa_1, and its secret.
func factorHouse(t *testing.T) (h *house, secret string) {
	t.Helper()
	s := newEnrollment(t)
	s.enroll(0, 1)
	s.confirm(time.Minute, 1)
	s.plays(workflows.EnrollmentEnabled)
	secret = s.shownSecret(t, s.answers[1])
	s.clock.follow = nil
	s.clock.now = s.env.Now().Add(time.Minute)
	return s.house, secret
}

func (h *house) removal(factorID string) workflows.RemoveFactorInput {
	return workflows.RemoveFactorInput{
		AuthIdentityID: "authid_1", FactorID: factorID, ActorType: "customer", EventID: "evt_removal", AnswerID: "evt_answer",
	}
}

// remove runs a removal. The flow of the enrolment is told, and is usually over by then.
func (h *house) remove(t *testing.T, in workflows.RemoveFactorInput) (out workflows.RemovedFactor, err error) {
	t.Helper()
	env := h.env(t, "remove-factor/authid_1/1")
	method := "totp"
	if f, err := h.store.Factor(t.Context(), in.AuthIdentityID, in.FactorID); err == nil {
		method = f.Provider
	}
	env.OnSignalExternalWorkflow(mock.Anything, workflows.EnrollmentID("authid_1", method), "", workflows.SignalFactorRemoved, in.FactorID).
		Return(errors.New("it is over")).Maybe()
	env.ExecuteWorkflow(workflows.RemoveFactor, in)
	require.True(t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		return out, temporalkit.Decode(err)
	}
	require.NoError(t, env.GetWorkflowResult(&out))
	return out, nil
}

func TestRemoveFactor(t *testing.T) {
	t.Parallel()

	t.Run("by its owner, twice", func(t *testing.T) {
		t.Parallel()
		h, _ := factorHouse(t)
		for range 2 {
			out, err := h.remove(t, h.removal("authmfa_1"))
			require.NoError(t, err)
			require.Nil(t, out.Refusal)
			require.Equal(t, everlatch.FactorDisabled, out.Factor.Status)
		}
		require.Equal(t, []everlatch.Metadata{{
			"auth_identity_id": "authid_1", "mfa_id": "authmfa_1", "provider": "totp", "email": email, "actor_type": "customer",
		}}, h.released(t, everlatch.EventMFADisabled))
		standing, err := h.store.Standing(t.Context(), "authid_1", "customer", "")
		require.NoError(t, err)
		require.Zero(t, standing.MFAEnabledAt)
	})

	t.Run("with an answer", func(t *testing.T) { // docs/contract.md#s10-2
		t.Parallel()
		h, secret := factorHouse(t)
		in := h.removal("authmfa_1")
		in.NeedsAnswer = true
		out, err := h.remove(t, in)
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeInvalidData, "MFA verification code is required to disable MFA")
		in.Method, in.Code = "totp", h.answer(t, "000000")
		out, err = h.remove(t, in)
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeNotAllowed, "Invalid MFA verification code")
		in.Method, in.Code = "sms", h.answer(t, "000000")
		out, err = h.remove(t, in)
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeInvalidData, `There is no MFA method "sms".`)
		require.Empty(t, h.released(t, everlatch.EventMFADisabled))
		code, err := totp.Code(secret, h.clock.Now())
		require.NoError(t, err)
		in.Method, in.Code = "totp", h.answer(t, code)
		out, err = h.remove(t, in)
		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		require.Len(t, h.released(t, everlatch.EventMFADisabled), 1)
	})

	t.Run("with a recovery code", func(t *testing.T) {
		t.Parallel()
		h, _ := factorHouse(t)
		codes := h.generated(t, "recovery-codes/1", 2)
		in := h.removal("authmfa_1")
		in.NeedsAnswer, in.Method, in.Code = true, everlatch.MethodRecoveryCode, h.answer(t, codes[0])
		out, err := h.remove(t, in)
		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		require.EqualValues(t, 1, h.released(t, everlatch.EventRecoveryCodeUsed)[0]["left"])
		left, err := h.store.RecoveryCodes(t.Context(), "authid_1")
		require.NoError(t, err)
		require.Zero(t, left, "they go with the last factor (docs/weak-spots.md#w60)")
	})

	t.Run("by an administrator", func(t *testing.T) {
		t.Parallel()
		h, _ := factorHouse(t)
		in := h.removal("authmfa_1")
		in.RemovedBy, in.Reason = &everlatch.ActorRef{ActorType: "user", ActorID: "user_1"}, "lost phone"
		_, err := h.remove(t, in)
		require.NoError(t, err)
		told := h.released(t, everlatch.EventMFADisabled)[0]
		require.Equal(t, everlatch.Metadata{"actor_type": "user", "actor_id": "user_1"}, told["disabled_by"])
		require.Equal(t, "lost phone", told["reason"])
	})

	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		h, _ := factorHouse(t)
		out, err := h.remove(t, h.removal("authmfa_none"))
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeNotFound, `MFA factor with id "authmfa_none" was not found`)
	})

	for _, step := range []string{"VerifyFactor", "RemoveFactor", "ReleaseEvents"} {
		for name, after := range map[string]bool{"before": false, "after": true} {
			t.Run(step+" fails once, "+name, func(t *testing.T) {
				t.Parallel()
				h, secret := factorHouse(t)
				code, err := totp.Code(secret, h.clock.Now())
				require.NoError(t, err)
				in := h.removal("authmfa_1")
				in.NeedsAnswer, in.Method, in.Code = true, "totp", h.answer(t, code)
				h.faults.set(fault{activities: []string{step}, times: 1, after: after})
				out, err := h.remove(t, in)
				require.NoError(t, err)
				require.Nil(t, out.Refusal, "a code that was used by this very step")
				require.Len(t, h.released(t, everlatch.EventMFADisabled), 1)
				require.Equal(t, 2, h.faults.called(step))
			})
		}
	}
}

// generated makes recovery codes and returns them.
func (h *house) generated(t *testing.T, id string, count int) (codes []string) {
	t.Helper()
	out, err := perform[workflows.RecoveryCodes](t, h, id, workflows.GenerateRecoveryCodes, workflows.GenerateRecoveryCodesInput{
		AuthIdentityID: "authid_1", ActorType: "customer", Count: count, Codes: h.vault.NewRef(), TTL: time.Hour, EventID: "evt_" + id, Fingerprint: "f",
	})
	require.NoError(t, err)
	require.Nil(t, out.Refusal)
	require.Equal(t, "f", out.Fingerprint)
	sealed, err := h.vault.Get(t.Context(), out.Codes)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(sealed.Reveal(), &codes))
	require.Len(t, codes, count)
	return codes
}

func TestGenerateRecoveryCodes(t *testing.T) {
	t.Parallel()

	t.Run("without a factor", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		out, err := perform[workflows.RecoveryCodes](t, h, "recovery-codes/1", workflows.GenerateRecoveryCodes, workflows.GenerateRecoveryCodesInput{
			AuthIdentityID: "authid_1", ActorType: "customer", Count: 10, Codes: h.vault.NewRef(), TTL: time.Hour, EventID: "evt_1",
		})
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeNotAllowed, "Recovery codes require an enabled MFA factor")
	})

	t.Run("new ones replace the others", func(t *testing.T) {
		t.Parallel()
		h, _ := factorHouse(t)
		h.generated(t, "recovery-codes/1", 10)
		h.generated(t, "recovery-codes/2", 3)
		left, err := h.store.RecoveryCodes(t.Context(), "authid_1")
		require.NoError(t, err)
		require.Equal(t, 3, left)
		require.Len(t, h.released(t, everlatch.EventRecoveryCodesGenerated), 2)
	})

	for _, step := range []string{"GenerateRecoveryCodes", "ReleaseEvents"} {
		for name, after := range map[string]bool{"before": false, "after": true} {
			t.Run(step+" fails once, "+name, func(t *testing.T) {
				t.Parallel()
				h, _ := factorHouse(t)
				h.faults.set(fault{activities: []string{step}, times: 1, after: after})
				codes := h.generated(t, "recovery-codes/1", 4)
				require.Len(t, h.released(t, everlatch.EventRecoveryCodesGenerated), 1)
				in := h.removal("authmfa_1")
				in.NeedsAnswer, in.Method, in.Code = true, everlatch.MethodRecoveryCode, h.answer(t, codes[3])
				out, err := h.remove(t, in)
				require.NoError(t, err)
				require.Nil(t, out.Refusal, "the codes that were shown are the ones that count")
			})
		}
	}

	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		h, _ := factorHouse(t)
		h.cancelAt = "GenerateRecoveryCodes"
		h.generated(t, "recovery-codes/1", 4)
		require.Len(t, h.released(t, everlatch.EventRecoveryCodesGenerated), 1, "past the point of no return")
		events, _, err := h.store.Events(t.Context(), store.EventFilter{Released: new(false)}, store.Page{})
		require.NoError(t, err)
		require.Empty(t, events)
	})
}

// With a passkey that is removed ends what began with a passkey, whatever breaks down on
// the way, and what its owner is signed in with goes on.
func TestRemovedPasskeyEndsSignIns(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault{"nothing fails": {}, "its step fails": {times: 1}, "its step is repeated": {times: 1, after: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeyChallenge(t, "")
			for id, provider := range map[string]string{"stolen": "passkey", "own": "emailpass"} {
				require.NoError(t, s.store.RecordSignIn(t.Context(), everlatch.SignIn{
					ID: id, AuthIdentityID: "authid_1", AuthProvider: provider, ActorType: "customer", CredentialVersion: 1,
					CreatedAt: s.clock.Now(), LastUsedAt: s.clock.Now(), ExpiresAt: s.clock.Now().Add(day),
				}, store.SignInsSeen{}, s.clock.Now().Add(day), everlatch.Event{}))
			}
			if f.times > 0 {
				f.activities = []string{"RemoveFactor"}
				s.faults.set(f)
			}
			in := s.removal("authmfa_key")
			in.SignInID = "own"
			out, err := s.remove(t, in)
			require.NoError(t, err)
			require.Nil(t, out.Refusal)
			require.Equal(t, everlatch.FactorDisabled, out.Factor.Status)
			for id, live := range map[string]bool{"stolen": false, "own": true} {
				signIn, err := s.store.SignIn(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, live, signIn.Live, id)
			}
		})
	}
}
