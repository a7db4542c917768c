package tokens_test

import (
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/tokens"
)

// FuzzVerify looks for a token that is accepted although this key did not sign
// it, and for a panic.
func FuzzVerify(f *testing.F) {
	own := newTokens(f, tokens.Config{Secret: []byte(secret)})
	other := newTokens(f, tokens.Config{Secret: []byte("another secret of thirty-two byte")})
	good := issue(f, own)
	for _, seed := range []string{
		good, issue(f, other), "", ".", "..", "e30.e30.", strings.TrimRight(good, "A"), good + ".", good + "=",
		sign(f, "none", jwt.UnsafeAllowNoneSignatureType, plain(nil)),
		sign(f, "HS512", []byte(secret), plain(nil)),
		sign(f, "HS256", []byte(secret), plain(map[string]any{"exp": 1e300, "aud": []any{1}})),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		claims, err := own.Verify(raw, tokens.PurposeAccess)
		if err != nil {
			if len(raw) > 8 {
				require.NotContains(t, err.Error(), raw)
			}
			return
		}
		require.Equal(t, good, raw, "only the token that was issued is accepted, got %+v", claims)
	})
}
