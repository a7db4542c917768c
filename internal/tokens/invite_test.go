package tokens_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

func adasInvite() tokens.Invite {
	return tokens.Invite{
		ID: "invite_1", Email: "ada@example.com", TokenID: "jti_1", IssuedAt: instant, ExpiresAt: instant.Add(24 * time.Hour),
	}
}

// The dashboard decodes the token, so its claims are part of the contract (docs/contract.md#s4-6).
func TestInvite(t *testing.T) {
	t.Parallel()
	cfg := tokens.Config{Secret: []byte(secret), Issuer: "shop", Audience: []string{"web"}}
	raw, err := newTokens(t, cfg).IssueInvite(adasInvite())
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"invite_1","email":"ada@example.com","purpose":"invite",`+
		`"iat":1795449600,"exp":1795536000,"aud":"web","iss":"shop","jti":"jti_1"}`, segment(t, raw, 1))

	got, err := newTokens(t, cfg).VerifyInvite(raw)
	require.NoError(t, err)
	require.Equal(t, adasInvite(), got)

	for _, untyped := range []bool{false, true} {
		cfg.AcceptUntyped = untyped
		_, err = newTokens(t, cfg).Verify(raw, tokens.PurposeAccess)
		require.ErrorIs(t, err, everlatch.ErrUnauthorized, "it does not sign in")
		_, err = newTokens(t, cfg).VerifyReset(raw)
		require.ErrorIs(t, err, everlatch.ErrUnauthorized, "and changes no password")
	}
	other := cfg
	other.Issuer = "another shop"
	_, err = newTokens(t, other).VerifyInvite(raw)
	require.ErrorIs(t, err, tokens.ErrIssuer)
	late, err := tokens.New(cfg, at(instant.Add(25*time.Hour)))
	require.NoError(t, err)
	_, err = late.VerifyInvite(raw)
	require.ErrorIs(t, err, tokens.ErrExpired)
}

func TestVerifyInviteRefuses(t *testing.T) {
	t.Parallel()
	tok := newTokens(t, tokens.Config{Secret: []byte(secret)})
	full := map[string]any{
		"id": "invite_1", "email": "ada@example.com", "purpose": "invite", "jti": "j",
		"iat": instant.Unix(), "exp": instant.Add(time.Minute).Unix(),
	}
	_, err := tok.VerifyInvite(sign(t, "HS256", []byte(secret), full))
	require.NoError(t, err)
	without := func(claim string) string {
		less := map[string]any{}
		for k, v := range full {
			if k != claim {
				less[k] = v
			}
		}
		return sign(t, "HS256", []byte(secret), less)
	}
	for _, claim := range []string{"id", "email", "purpose", "jti", "exp"} {
		_, err := tok.VerifyInvite(without(claim))
		require.ErrorIs(t, err, everlatch.ErrUnauthorized, "without %s", claim)
	}
	_, err = tok.VerifyInvite(issue(t, tok))
	require.ErrorIs(t, err, tokens.ErrPurpose)
	_, err = tok.VerifyInvite("nothing")
	require.ErrorIs(t, err, tokens.ErrMalformed)

	untyped := newTokens(t, tokens.Config{Secret: []byte(secret), AcceptUntyped: true})
	_, err = untyped.VerifyInvite(without("purpose"))
	require.NoError(t, err, "as Medusa signed them")
	_, err = untyped.VerifyInvite(issue(t, untyped))
	require.ErrorIs(t, err, tokens.ErrPurpose, "another purpose is no missing one")
}
