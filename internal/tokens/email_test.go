package tokens_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

func TestEmail(t *testing.T) {
	t.Parallel()
	cfg := tokens.Config{Secret: []byte(secret), Issuer: "shop", Audience: []string{"web"}}
	tok := newTokens(t, cfg)
	proof := tokens.Email{
		Purpose: tokens.PurposeEmail, ActorType: "customer", ActorID: "cus_1", ID: "jti_1",
		IssuedAt: instant, ExpiresAt: instant.Add(24 * time.Hour),
	}
	raw, err := tok.IssueEmail(proof)
	require.NoError(t, err)
	require.JSONEq(t, `{"actor_type":"customer","actor_id":"cus_1","purpose":"email",`+
		`"iat":1795449600,"exp":1795536000,"aud":"web","iss":"shop","jti":"jti_1"}`, segment(t, raw, 1), "no address")
	got, err := tok.VerifyEmail(raw, tokens.PurposeEmail)
	require.NoError(t, err)
	require.Equal(t, proof, got)

	// No token passes for one of another kind (docs/weak-spots.md#w36).
	_, err = tok.VerifyEmail(raw, tokens.PurposeEmailUndo)
	require.ErrorIs(t, err, tokens.ErrPurpose)
	undo := proof
	undo.Purpose = tokens.PurposeEmailUndo
	undoing, err := tok.IssueEmail(undo)
	require.NoError(t, err)
	_, err = tok.VerifyEmail(undoing, tokens.PurposeEmail)
	require.ErrorIs(t, err, tokens.ErrPurpose)
	for _, untyped := range []bool{false, true} {
		cfg.AcceptUntyped = untyped
		lenient := newTokens(t, cfg)
		_, err = lenient.Verify(raw, tokens.PurposeAccess)
		require.ErrorIs(t, err, everlatch.ErrUnauthorized, "it does not sign in")
		_, err = lenient.VerifyReset(raw)
		require.ErrorIs(t, err, everlatch.ErrUnauthorized)
		_, err = lenient.VerifyInvite(raw)
		require.ErrorIs(t, err, everlatch.ErrUnauthorized)
	}
	access := issue(t, tok)
	for _, purpose := range []tokens.Purpose{tokens.PurposeEmail, tokens.PurposeAccess, ""} {
		_, err = tok.VerifyEmail(access, purpose)
		require.ErrorIs(t, err, tokens.ErrPurpose)
	}

	late, err := tokens.New(cfg, at(instant.Add(25*time.Hour)))
	require.NoError(t, err)
	_, err = late.VerifyEmail(raw, tokens.PurposeEmail)
	require.ErrorIs(t, err, tokens.ErrExpired)
	_, err = tok.VerifyEmail("nothing", tokens.PurposeEmail)
	require.ErrorIs(t, err, tokens.ErrMalformed)
	_, err = tok.IssueEmail(tokens.Email{Purpose: tokens.PurposeAccess})
	require.Error(t, err)
}

func TestVerifyEmailRefuses(t *testing.T) {
	t.Parallel()
	tok := newTokens(t, tokens.Config{Secret: []byte(secret), AcceptUntyped: true})
	full := map[string]any{
		"actor_type": "customer", "actor_id": "cus_1", "purpose": "email", "jti": "j",
		"iat": instant.Unix(), "exp": instant.Add(time.Minute).Unix(),
	}
	_, err := tok.VerifyEmail(sign(t, "HS256", []byte(secret), full), tokens.PurposeEmail)
	require.NoError(t, err)
	for missing := range full {
		if missing == "iat" {
			continue
		}
		less := map[string]any{}
		for k, v := range full {
			if k != missing {
				less[k] = v
			}
		}
		_, err := tok.VerifyEmail(sign(t, "HS256", []byte(secret), less), tokens.PurposeEmail)
		require.ErrorIs(t, err, everlatch.ErrUnauthorized, "without %s", missing)
	}
}
