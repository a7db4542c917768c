package tokens_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

func adasReset() tokens.Reset {
	return tokens.Reset{
		EntityID: "ada@example.com", Provider: "emailpass", ActorType: "customer", ID: "jti_1",
		IssuedAt: instant, ExpiresAt: instant.Add(15 * time.Minute),
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	cfg := tokens.Config{Secret: []byte(secret), Issuer: "shop", Audience: []string{"web"}}
	raw, err := newTokens(t, cfg).IssueReset(adasReset())
	require.NoError(t, err)
	require.JSONEq(t, `{"entity_id":"ada@example.com","provider":"emailpass","actor_type":"customer","purpose":"reset",`+
		`"iat":1795449600,"exp":1795450500,"aud":"web","iss":"shop","jti":"jti_1"}`, segment(t, raw, 1))

	got, err := newTokens(t, cfg).VerifyReset(raw)
	require.NoError(t, err)
	require.Equal(t, adasReset(), got)

	_, err = newTokens(t, cfg).Verify(raw, tokens.PurposeAccess)
	require.ErrorIs(t, err, everlatch.ErrUnauthorized, "it does not sign in")
	other := cfg
	other.Issuer = "another shop"
	_, err = newTokens(t, other).VerifyReset(raw)
	require.ErrorIs(t, err, tokens.ErrIssuer)
	late, err := tokens.New(cfg, at(instant.Add(16*time.Minute)))
	require.NoError(t, err)
	_, err = late.VerifyReset(raw)
	require.ErrorIs(t, err, tokens.ErrExpired)
}

func TestVerifyResetRefuses(t *testing.T) {
	t.Parallel()
	tok := newTokens(t, tokens.Config{Secret: []byte(secret)})
	full := map[string]any{
		"entity_id": "a", "provider": "p", "actor_type": "customer", "purpose": "reset", "jti": "j",
		"iat": instant.Unix(), "exp": instant.Add(time.Minute).Unix(),
	}
	_, err := tok.VerifyReset(sign(t, "HS256", []byte(secret), full))
	require.NoError(t, err)
	for _, claim := range []string{"entity_id", "provider", "actor_type", "purpose", "jti", "exp"} {
		less := map[string]any{}
		for k, v := range full {
			if k != claim {
				less[k] = v
			}
		}
		_, err := tok.VerifyReset(sign(t, "HS256", []byte(secret), less))
		require.ErrorIs(t, err, everlatch.ErrUnauthorized, "without %s", claim)
	}
	_, err = tok.VerifyReset(issue(t, tok))
	require.ErrorIs(t, err, tokens.ErrPurpose)
	_, err = tok.VerifyReset("nothing")
	require.ErrorIs(t, err, tokens.ErrMalformed)
}
