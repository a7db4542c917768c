package tokens_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

// link is a kind of link token.
type link struct {
	content any
	issue   func(*tokens.Tokens) (string, error)
	verify  func(tok *tokens.Tokens, raw string) (content any, err error)
	// claims is the payload, without aud and iss.
	claims map[string]any
}

func links() map[string]link {
	until := instant.Add(15 * time.Minute)
	invite := tokens.Invite{ID: "invite_1", Email: "ada@example.com", TokenID: "jti_1", IssuedAt: instant, ExpiresAt: until}
	reset := tokens.Reset{
		EntityID: "ada@example.com", Provider: "emailpass", ActorType: "customer", ID: "jti_1", IssuedAt: instant, ExpiresAt: until,
	}
	registration := tokens.Registration(reset)
	signIn := tokens.SignIn{SignInID: "s1", ActorType: "customer", ID: "jti_1", IssuedAt: instant, ExpiresAt: until}
	kinds := map[string]link{
		"disown": {
			content: signIn,
			issue:   func(tok *tokens.Tokens) (string, error) { return tok.IssueSignIn(signIn) },
			verify:  func(tok *tokens.Tokens, raw string) (any, error) { return tok.VerifySignIn(raw) },
			claims:  map[string]any{"sign_in_id": "s1", "actor_type": "customer"},
		},
		"invite": {
			content: invite,
			issue:   func(tok *tokens.Tokens) (string, error) { return tok.IssueInvite(invite) },
			verify:  func(tok *tokens.Tokens, raw string) (any, error) { return tok.VerifyInvite(raw) },
			claims:  map[string]any{"id": "invite_1", "email": "ada@example.com"},
		},
		"registration": {
			content: registration,
			issue:   func(tok *tokens.Tokens) (string, error) { return tok.IssueRegistration(registration) },
			verify:  func(tok *tokens.Tokens, raw string) (any, error) { return tok.VerifyRegistration(raw) },
			claims:  map[string]any{"entity_id": "ada@example.com", "provider": "emailpass", "actor_type": "customer"},
		},
		"reset": {
			content: reset,
			issue:   func(tok *tokens.Tokens) (string, error) { return tok.IssueReset(reset) },
			verify:  func(tok *tokens.Tokens, raw string) (any, error) { return tok.VerifyReset(raw) },
			claims:  map[string]any{"entity_id": "ada@example.com", "provider": "emailpass", "actor_type": "customer"},
		},
	}
	for _, purpose := range []tokens.Purpose{tokens.PurposeEmail, tokens.PurposeEmailUndo} {
		change := tokens.Email{
			Purpose: purpose, ActorType: "customer", ActorID: "cus_1", ID: "jti_1", IssuedAt: instant, ExpiresAt: until,
		}
		kinds[string(purpose)] = link{
			content: change,
			issue:   func(tok *tokens.Tokens) (string, error) { return tok.IssueEmail(change) },
			verify:  func(tok *tokens.Tokens, raw string) (any, error) { return tok.VerifyEmail(raw, purpose) },
			claims:  map[string]any{"actor_type": "customer", "actor_id": "cus_1"}, // no address
		}
	}
	for purpose, kind := range kinds {
		maps.Copy(kind.claims, map[string]any{"purpose": purpose, "iat": instant.Unix(), "exp": until.Unix(), "jti": "jti_1"})
	}
	return kinds
}

// The dashboard decodes an invite's token, so its claims are part of the contract
// (docs/contract.md#s4-6).
func TestLinksCarryTheirContent(t *testing.T) {
	t.Parallel()
	cfg := tokens.Config{Secret: []byte(secret), Issuer: "shop", Audience: []string{"web"}}
	tok := newTokens(t, cfg)
	for name, l := range links() {
		raw, err := l.issue(tok)
		require.NoError(t, err)
		l.claims["aud"], l.claims["iss"] = "web", "shop"
		want, err := json.Marshal(l.claims)
		require.NoError(t, err)
		require.JSONEq(t, string(want), segment(t, raw, 1), name)
		got, err := l.verify(tok, raw)
		require.NoError(t, err)
		require.Equal(t, l.content, got)

		foreign := cfg
		foreign.Issuer = "another shop"
		_, err = l.verify(newTokens(t, foreign), raw)
		require.ErrorIs(t, err, tokens.ErrIssuer, name)
		late, err := tokens.New(cfg, at(instant.Add(16*time.Minute)))
		require.NoError(t, err)
		_, err = l.verify(late, raw)
		require.ErrorIs(t, err, tokens.ErrExpired, name)
	}
}

// A token of one kind is refused as every other kind (docs/weak-spots.md#w36).
func TestLinksHaveOneUse(t *testing.T) {
	t.Parallel()
	for _, untyped := range []bool{false, true} {
		tok := newTokens(t, tokens.Config{Secret: []byte(secret), AcceptUntyped: untyped})
		kinds := links()
		for name, l := range kinds {
			raw, err := l.issue(tok)
			require.NoError(t, err)
			_, err = tok.Verify(raw, tokens.PurposeAccess)
			require.ErrorIs(t, err, tokens.ErrPurpose, "%s signs in", name)
			_, err = l.verify(tok, issue(t, tok))
			require.ErrorIs(t, err, tokens.ErrPurpose, "an access token is a link of %s", name)
			for other, o := range kinds {
				if _, err = o.verify(tok, raw); other != name {
					require.ErrorIs(t, err, tokens.ErrPurpose, "%s is %s", name, other)
				}
			}
		}
	}
}

func TestVerifyRefusesIncompleteLinks(t *testing.T) {
	t.Parallel()
	tok := newTokens(t, tokens.Config{Secret: []byte(secret)})
	for name, l := range links() {
		_, err := l.verify(tok, sign(t, "HS256", []byte(secret), l.claims))
		require.NoError(t, err, name)
		for claim := range l.claims {
			if claim == "iat" {
				continue
			}
			_, err := l.verify(tok, sign(t, "HS256", []byte(secret), without(l.claims, claim)))
			require.ErrorIs(t, err, everlatch.ErrUnauthorized, "%s without %s", name, claim)
		}
		_, err = l.verify(tok, "nothing")
		require.ErrorIs(t, err, tokens.ErrMalformed, name)
	}
}

// Medusa signs invites without a purpose.
func TestUntypedInvites(t *testing.T) {
	t.Parallel()
	tok := newTokens(t, tokens.Config{Secret: []byte(secret), AcceptUntyped: true})
	untyped := without(links()["invite"].claims, "purpose")
	_, err := tok.VerifyInvite(sign(t, "HS256", []byte(secret), untyped))
	require.NoError(t, err)
	_, err = tok.VerifyReset(sign(t, "HS256", []byte(secret), without(links()["reset"].claims, "purpose")))
	require.ErrorIs(t, err, tokens.ErrPurpose, "only invites")
}

func TestEmailsHaveAPurposeOfTheirs(t *testing.T) {
	t.Parallel()
	tok := newTokens(t, tokens.Config{Secret: []byte(secret), AcceptUntyped: true})
	_, err := tok.IssueEmail(tokens.Email{Purpose: tokens.PurposeAccess})
	require.Error(t, err)
	for _, purpose := range []tokens.Purpose{tokens.PurposeAccess, ""} {
		_, err = tok.VerifyEmail(issue(t, tok), purpose)
		require.ErrorIs(t, err, tokens.ErrPurpose)
	}
}

func without(claims map[string]any, claim string) map[string]any {
	less := maps.Clone(claims)
	delete(less, claim)
	return less
}
