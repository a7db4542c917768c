package tokens_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

// requireRefused checks that the client sees only "Unauthorized" and the log
// only the reason, never a part of the token.
func requireRefused(t *testing.T, err, cause error, raw string) {
	t.Helper()
	require.ErrorIs(t, err, cause)
	e, ok := err.(*everlatch.Error) //nolint:errorlint // the outermost error is what is shown
	require.True(t, ok)
	require.Equal(t, everlatch.CodeUnauthorized, e.Code)
	require.Equal(t, "Unauthorized", e.Message)
	for part := range strings.SplitSeq(raw, ".") {
		if len(part) > 3 {
			require.NotContains(t, e.Error()+e.Err.Error(), part)
		}
	}
}

func TestVerifyRefusals(t *testing.T) {
	t.Parallel()

	hs256 := tokens.Config{Secret: []byte(secret)}
	with := func(override map[string]any) string {
		return sign(t, "HS256", []byte(secret), plain(override))
	}
	tests := map[string]struct {
		cfg   tokens.Config
		raw   string
		cause error
	}{
		"empty":                        {hs256, "", tokens.ErrMalformed},
		"no token at all":              {hs256, "Bearer", tokens.ErrMalformed},
		"two segments":                 {hs256, "e30.e30", tokens.ErrMalformed},
		"four segments":                {hs256, with(nil) + ".e30", tokens.ErrSignature},
		"too long to look at":          {hs256, with(map[string]any{"x": strings.Repeat("x", tokens.MaxBytes)}), tokens.ErrMalformed},
		"payload is a list":            {hs256, signed(t, `{"alg":"HS256"}`, `[]`), tokens.ErrMalformed},
		"wrong secret":                 {hs256, sign(t, "HS256", []byte("another"), plain(nil)), tokens.ErrSignature},
		"HS512 where HS256 is set":     {hs256, sign(t, "HS512", []byte(secret), plain(nil)), tokens.ErrSignature},                  // docs/weak-spots.md#w37
		"algorithm none":               {hs256, sign(t, "none", jwt.UnsafeAllowNoneSignatureType, plain(nil)), tokens.ErrSignature}, // docs/weak-spots.md#w37
		"an unknown algorithm":         {hs256, withHeader(t, `{"alg":"HS257"}`), tokens.ErrSignature},                              // docs/weak-spots.md#w37
		"a critical extension":         {hs256, withHeader(t, `{"alg":"HS256","crit":["exp"]}`), tokens.ErrSignature},
		"header is no JSON":            {hs256, withHeader(t, `{"alg"`), tokens.ErrMalformed},
		"no algorithm":                 {hs256, withHeader(t, `{"typ":"JWT"}`), tokens.ErrSignature}, // docs/weak-spots.md#w37
		"algorithm is a number":        {hs256, withHeader(t, `{"alg":256}`), tokens.ErrMalformed},   // docs/weak-spots.md#w37
		"expired":                      {hs256, with(map[string]any{"exp": instant.Unix()}), tokens.ErrExpired},
		"never expires":                {hs256, with(map[string]any{"exp": nil}), tokens.ErrIncomplete},
		"expiry is text":               {hs256, with(map[string]any{"exp": "tomorrow"}), tokens.ErrMalformed},
		"not valid yet":                {hs256, with(map[string]any{"nbf": instant.Unix() + 1}), tokens.ErrNotYetValid},
		"a reset token":                {hs256, with(map[string]any{"purpose": "reset"}), tokens.ErrPurpose},                   // docs/weak-spots.md#w36
		"an invite token":              {hs256, with(map[string]any{"purpose": "invite"}), tokens.ErrPurpose},                  // docs/weak-spots.md#w36
		"no purpose":                   {hs256, with(map[string]any{"purpose": nil}), tokens.ErrPurpose},                       // docs/weak-spots.md#w36
		"no identity":                  {hs256, with(map[string]any{"auth_identity_id": nil}), tokens.ErrPurpose},              // docs/weak-spots.md#w36
		"no actor type":                {hs256, with(map[string]any{"actor_type": nil}), tokens.ErrPurpose},                    // docs/weak-spots.md#w36
		"no issuer where one is due":   {tokens.Config{Secret: []byte(secret), Issuer: "us"}, with(nil), tokens.ErrIncomplete}, // docs/weak-spots.md#w36
		"another issuer":               {tokens.Config{Secret: []byte(secret), Issuer: "us"}, with(map[string]any{"iss": "them"}), tokens.ErrIssuer},
		"no audience where one is due": {tokens.Config{Secret: []byte(secret), Audience: []string{"a"}}, with(nil), tokens.ErrIncomplete}, // docs/weak-spots.md#w36
		"another audience":             {tokens.Config{Secret: []byte(secret), Audience: []string{"a"}}, with(map[string]any{"aud": "b"}), tokens.ErrIssuer},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := newTokens(t, tt.cfg).Verify(tt.raw, tokens.PurposeAccess)
			requireRefused(t, err, tt.cause, tt.raw)
		})
	}
}

// withHeader signs a valid payload with the right secret under another header.
func withHeader(t *testing.T, header string) string {
	t.Helper()
	payload, err := json.Marshal(plain(nil))
	require.NoError(t, err)
	return signed(t, header, string(payload))
}

// signed makes a token of any two texts with the right secret.
func signed(t *testing.T, header, payload string) string {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(header)) + "." + b64([]byte(payload))
	signature, err := jwt.SigningMethodHS256.Sign(text, []byte(secret))
	require.NoError(t, err)
	return text + "." + b64(signature)
}

// docs/weak-spots.md#w37: a client that has the public key must not be able to sign with it.
func TestPublicKeyIsNoSecret(t *testing.T) {
	t.Parallel()

	key := newKey(t, "RS256")
	tok := newTokens(t, tokens.Config{Algorithm: "RS256", PrivateKeyPEM: pkcs8(t, key)})
	for name, forged := range map[string]string{
		"PEM as it is": pkix(t, key),
		"PEM trimmed":  strings.TrimSpace(pkix(t, key)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			raw := sign(t, "HS256", []byte(forged), plain(nil))
			_, err := tok.Verify(raw, tokens.PurposeAccess)
			requireRefused(t, err, tokens.ErrSignature, raw)
		})
	}
}

// docs/weak-spots.md#w36: a token is valid for its own purpose only.
func TestPurposesAreSeparate(t *testing.T) {
	t.Parallel()

	tok := newTokens(t, tokens.Config{Secret: []byte(secret), AcceptUntyped: true})
	purposes := []tokens.Purpose{tokens.PurposeAccess, tokens.PurposeReset, tokens.PurposeInvite}
	for _, made := range purposes {
		for _, asked := range purposes {
			_, err := tok.Verify(sign(t, "HS256", []byte(secret), plain(map[string]any{"purpose": made})), asked)
			require.Equal(t, made == asked, err == nil, "made for %s, used for %s", made, asked)
		}
	}
}

// docs/weak-spots.md#w36: the compatibility option accepts Medusa's access tokens, and nothing else.
func TestAcceptUntyped(t *testing.T) {
	t.Parallel()

	tok := newTokens(t, tokens.Config{Secret: []byte(secret), AcceptUntyped: true})
	untyped := sign(t, "HS256", []byte(secret), plain(map[string]any{"purpose": nil}))
	claims, err := tok.Verify(untyped, tokens.PurposeAccess)
	require.NoError(t, err)
	require.Equal(t, "authid_01ADA", claims.AuthIdentityID)
	require.NotNil(t, claims.AppMetadata)
	require.NotNil(t, claims.UserMetadata)

	_, err = tok.Verify(untyped, tokens.PurposeReset)
	requireRefused(t, err, tokens.ErrPurpose, untyped)

	// Medusa's invites carry no purpose either.
	invite := sign(t, "HS256", []byte(secret), map[string]any{
		"id": "invite_1", "email": "a@b.c", "exp": instant.Add(time.Hour).Unix(),
	})
	_, err = tok.Verify(invite, tokens.PurposeAccess)
	requireRefused(t, err, tokens.ErrPurpose, invite)
}

// Tokens of other issuers with the same key are accepted, whatever the order of
// their header and its kid.
func TestOtherHeadersAreUnderstood(t *testing.T) {
	t.Parallel()

	tok := newTokens(t, tokens.Config{Secret: []byte(secret)})
	for _, header := range []string{`{"typ":"JWT","alg":"HS256"}`, `{ "alg": "HS256" }`, `{"alg":"HS256","kid":"other","typ":"at+jwt"}`} {
		_, err := tok.Verify(withHeader(t, header), tokens.PurposeAccess)
		require.NoError(t, err, header)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()

	raw := issue(t, newTokens(t, tokens.Config{Secret: []byte(secret), ExpiresIn: time.Hour}))
	tests := map[string]struct {
		now       time.Duration
		tolerance time.Duration
		want      error
	}{
		"the last second":       {now: time.Hour - time.Second},
		"the hour is over":      {now: time.Hour, want: tokens.ErrExpired},
		"over, but tolerated":   {now: time.Hour + 4*time.Second, tolerance: 5 * time.Second},
		"over beyond tolerance": {now: time.Hour + 5*time.Second, tolerance: 5 * time.Second, want: tokens.ErrExpired},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			tok, err := tokens.New(tokens.Config{Secret: []byte(secret), ClockTolerance: tt.tolerance}, at(instant.Add(tt.now)))
			require.NoError(t, err)
			_, err = tok.Verify(raw, tokens.PurposeAccess)
			require.ErrorIs(t, err, tt.want)
		})
	}
}

func TestIssuerAndAudience(t *testing.T) {
	t.Parallel()

	cfg := tokens.Config{Secret: []byte(secret), Issuer: "everlatch", Audience: []string{"shop", "admin"}}
	raw := issue(t, newTokens(t, cfg))

	cfg.Audience = []string{"admin"} // one of the token's is enough
	claims, err := newTokens(t, cfg).Verify(raw, tokens.PurposeAccess)
	require.NoError(t, err)
	require.Equal(t, tokens.Audience{"shop", "admin"}, claims.Audience)
	require.Equal(t, "everlatch", claims.Issuer)
}

func TestTamperingAnyByteFails(t *testing.T) {
	t.Parallel()

	tok := newTokens(t, tokens.Config{Secret: []byte(secret)})
	raw := issue(t, tok)
	rapid.Check(t, func(t *rapid.T) {
		changed := []byte(raw)
		i := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
		changed[i] = rapid.Byte().Filter(func(b byte) bool { return b != raw[i] }).Draw(t, "byte")
		if _, err := tok.Verify(string(changed), tokens.PurposeAccess); err == nil {
			t.Fatalf("accepted with byte %d changed", i)
		}
	})
}
