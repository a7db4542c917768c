package authtest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

func challenges(t *testing.T, w World) {
	made := register(t, w)
	create := func(in auth.NewChallenge) (auth.Challenge, error) {
		in.AuthIdentityID = made.ID
		return w.Service.CreateAuthMfaChallenge(t.Context(), in)
	}
	_, err := create(auth.NewChallenge{})
	require.Equal(t, everlatch.ReasonNoMethod, refusal(t, err, everlatch.CodeNotAllowed).Reason)
	_, secret := enabled(t, w, made.ID)

	open, err := create(auth.NewChallenge{AuthProvider: "emailpass", Metadata: everlatch.Metadata{"order": "order_1"}})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(open.ID, "authmfachal_"), open.ID)
	require.False(t, open.ExpiresAt.IsZero())
	require.Equal(t, auth.Challenge{
		ID: open.ID, AuthIdentityID: made.ID, AuthProvider: "emailpass", ActorType: "customer", Methods: []string{"totp"},
		ExpiresAt: open.ExpiresAt, MaxAttempts: 5, Metadata: everlatch.Metadata{"order": "order_1"},
	}, open)
	for name, wrong := range map[string]struct {
		in   auth.NewChallenge
		code everlatch.Code
	}{
		"a provider that it lacks": {auth.NewChallenge{AuthProvider: "github"}, everlatch.CodeInvalidData},
		"large metadata":           {auth.NewChallenge{Metadata: everlatch.Metadata{"x": strings.Repeat("x", 4096)}}, everlatch.CodeInvalidData},
	} {
		_, err := create(wrong.in)
		require.Error(t, err, name)
		refused(t, err, wrong.code)
	}
	_, err = w.Service.CreateAuthMfaChallenge(t.Context(), auth.NewChallenge{AuthIdentityID: "authid_none"})
	refused(t, err, everlatch.CodeNotFound)
	_, err = w.Service.CreateAuthMfaChallenge(t.Context(), auth.NewChallenge{})
	refused(t, err, everlatch.CodeInvalidData)

	verify := func(in auth.ChallengeCode) (auth.Challenge, error) {
		return w.Service.VerifyAuthMfaChallenge(t.Context(), in)
	}
	right := w.TOTP(secret, 1)
	_, err = w.Service.CreateAuthIdentities(t.Context(), newIdentity("authid_b", "bob@example.com", nil))
	require.NoError(t, err)
	for name, wrong := range map[string]struct {
		in   auth.ChallengeCode
		code everlatch.Code
	}{
		"of another identity": {auth.ChallengeCode{ID: open.ID, AuthIdentityID: "authid_b", Method: "totp", Code: right}, everlatch.CodeNotFound},
		"of no identity":      {auth.ChallengeCode{ID: open.ID, Method: "totp", Code: right}, everlatch.CodeInvalidData},
		"unknown":             {auth.ChallengeCode{ID: "authmfachal_none", AuthIdentityID: made.ID, Method: "totp", Code: right}, everlatch.CodeNotFound},
		"another method":      {auth.ChallengeCode{ID: open.ID, AuthIdentityID: made.ID, Method: "sms", Code: right}, everlatch.CodeInvalidData},
		"a wrong code":        {auth.ChallengeCode{ID: open.ID, AuthIdentityID: made.ID, Method: "totp", Code: "000000"}, everlatch.CodeNotAllowed},
	} {
		_, err := verify(wrong.in)
		require.Error(t, err, name)
		refused(t, err, wrong.code)
	}
	_, err = w.Service.PromptAuthMfaChallenge(t.Context(), auth.ChallengePrompt{ID: open.ID, AuthIdentityID: made.ID, Method: "totp"})
	require.NoError(t, err)
	_, err = w.Service.PromptAuthMfaChallenge(t.Context(), auth.ChallengePrompt{ID: open.ID, AuthIdentityID: "authid_b", Method: "totp"})
	refused(t, err, everlatch.CodeNotFound)

	answer := auth.ChallengeCode{ID: open.ID, AuthIdentityID: made.ID, Method: "totp", Code: right, IdempotencyKey: "order_1"}
	passed, err := verify(answer)
	require.NoError(t, err)
	require.False(t, passed.CompletedAt.IsZero())
	want := open
	want.Attempts, want.CompletedAt, want.Method = 1, passed.CompletedAt, "totp"
	require.Equal(t, want, passed)
	answer.IdempotencyKey = ""
	_, err = verify(answer)
	require.Equal(t, everlatch.ReasonChallengePassed, refusal(t, err, everlatch.CodeNotAllowed).Reason)

	// A changed credential ends what was asked before.
	open, err = create(auth.NewChallenge{StepUp: true})
	require.NoError(t, err)
	require.True(t, open.StepUp)
	_, err = w.Service.UpdateProvider(t.Context(), "emailpass", auth.ProviderUpdate{EntityID: "ada@example.com", Body: map[string]any{"password": "another horse battery"}})
	require.NoError(t, err)
	_, err = verify(auth.ChallengeCode{ID: open.ID, AuthIdentityID: made.ID, Method: "totp", Code: w.TOTP(secret, 1)})
	refused(t, err, everlatch.CodeNotFound)
}

// wrongAnswers end a challenge.
func wrongAnswers(t *testing.T, w World) {
	made := register(t, w)
	_, secret := enabled(t, w, made.ID)
	open, err := w.Service.CreateAuthMfaChallenge(t.Context(), auth.NewChallenge{AuthIdentityID: made.ID})
	require.NoError(t, err)
	for attempt := 1; attempt <= open.MaxAttempts+1; attempt++ {
		code, want := "000000", everlatch.ReasonChallengeCode
		switch {
		case attempt == open.MaxAttempts:
			want = everlatch.ReasonChallengeLastCode
		case attempt > open.MaxAttempts:
			code, want = w.TOTP(secret, 1), everlatch.ReasonChallengeExhausted
		}
		_, err := w.Service.VerifyAuthMfaChallenge(t.Context(), auth.ChallengeCode{ID: open.ID, AuthIdentityID: made.ID, Method: "totp", Code: code})
		require.Equal(t, want, refusal(t, err, everlatch.CodeNotAllowed).Reason)
	}
}

func recoveryCodes(t *testing.T, w World) {
	made := register(t, w)
	use := func(ctx context.Context, code string) error {
		return w.Service.UseAuthMfaRecoveryCode(ctx, made.ID, code)
	}
	unknown := func(err error) {
		require.Equal(t, everlatch.ReasonRecoveryCode, refusal(t, err, everlatch.CodeNotAllowed).Reason)
	}
	unknown(use(t.Context(), "0000-0000"))
	_, err := w.Service.GenerateAuthMfaRecoveryCodes(t.Context(), made.ID, 1)
	refused(t, err, everlatch.CodeNotAllowed)
	enabled(t, w, made.ID)
	unknown(use(t.Context(), "0000-0000"))
	codes, err := w.Service.GenerateAuthMfaRecoveryCodes(t.Context(), made.ID, 2)
	require.NoError(t, err)
	require.Len(t, codes, 2)
	require.NotEqual(t, codes[0], codes[1])

	unknown(use(t.Context(), "0000-0000"))
	require.NoError(t, use(t.Context(), codes[0]))
	unknown(use(t.Context(), codes[0]))
	require.NoError(t, use(t.Context(), codes[1]))
	refused(t, w.Service.UseAuthMfaRecoveryCode(t.Context(), "authid_none", codes[1]), everlatch.CodeNotFound)
}
