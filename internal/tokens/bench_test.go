package tokens_test

import (
	"testing"

	"github.com/everlatch/everlatch/internal/tokens"
)

func BenchmarkIssue(b *testing.B) {
	for name, cfg := range benchConfigs(b) {
		b.Run(name, func(b *testing.B) {
			tok := newTokens(b, cfg)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := tok.Issue(ada(), instant, "jti"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for name, cfg := range benchConfigs(b) {
		b.Run(name, func(b *testing.B) {
			tok := newTokens(b, cfg)
			raw := issue(b, tok)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tok.Verify(raw, tokens.PurposeAccess); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchConfigs(tb testing.TB) map[string]tokens.Config {
	tb.Helper()
	return map[string]tokens.Config{
		"HS256": {Secret: []byte(secret)},
		"RS256": {Algorithm: "RS256", PrivateKeyPEM: privatePEM(tb, "RS256")},
		"ES256": {Algorithm: "ES256", PrivateKeyPEM: privatePEM(tb, "ES256")},
		"EdDSA": {Algorithm: "EdDSA", PrivateKeyPEM: privatePEM(tb, "EdDSA")},
	}
}
