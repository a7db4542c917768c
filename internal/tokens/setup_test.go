package tokens_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

const secret = "0123456789abcdef0123456789abcdef" // 32 bytes

// instant is the "now" of every test that does not say otherwise.
var instant = time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func newTokens(tb testing.TB, cfg tokens.Config) *tokens.Tokens {
	tb.Helper()
	tok, err := tokens.New(cfg, at(instant))
	require.NoError(tb, err)
	return tok
}

func ada() everlatch.Principal {
	return everlatch.Principal{
		AuthIdentityID:    "authid_01ADA",
		AuthProvider:      "emailpass",
		ActorType:         everlatch.ActorCustomer,
		ActorID:           "cus_01ADA",
		CredentialVersion: 3,
		Links:             map[string]string{"customer": "cus_01ADA", "user": "user_01ADA"},
	}
}

func issue(tb testing.TB, tok *tokens.Tokens) string {
	tb.Helper()
	raw, _, err := tok.Issue(ada(), instant, "jti_1")
	require.NoError(tb, err)
	return raw
}

// sign makes a token by hand, as another issuer would.
func sign(tb testing.TB, algorithm string, key any, claims map[string]any) string {
	tb.Helper()
	raw, err := jwt.NewWithClaims(jwt.GetSigningMethod(algorithm), jwt.MapClaims(claims)).SignedString(key)
	require.NoError(tb, err)
	return raw
}

// plain is a valid access payload; with overrides a key set to nil is removed.
func plain(override map[string]any) map[string]any {
	claims := map[string]any{
		"actor_id": "", "actor_type": "customer", "auth_identity_id": "authid_01ADA",
		"purpose": "access", "iat": instant.Unix(), "exp": instant.Add(time.Hour).Unix(),
	}
	for k, v := range override {
		if v == nil {
			delete(claims, k)
			continue
		}
		claims[k] = v
	}
	return claims
}

func newKey(tb testing.TB, algorithm string) crypto.Signer {
	tb.Helper()
	var key crypto.Signer
	var err error
	switch algorithm {
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	require.NoError(tb, err)
	return key
}

func pkcs8(tb testing.TB, key crypto.Signer) string {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(tb, err)
	return armor("PRIVATE KEY", der)
}

func pkix(tb testing.TB, key crypto.Signer) string {
	tb.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(tb, err)
	return armor("PUBLIC KEY", der)
}

func armor(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func privatePEM(tb testing.TB, algorithm string) string {
	tb.Helper()
	return pkcs8(tb, newKey(tb, algorithm))
}
