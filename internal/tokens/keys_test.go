package tokens_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/tokens"
)

func TestRotation(t *testing.T) {
	t.Parallel()

	oldKey := newKey(t, "ES256")
	tests := map[string]struct{ before, after tokens.Config }{
		"shared secret": {
			before: tokens.Config{Secret: []byte("old")},
			after:  tokens.Config{Secret: []byte("new"), PreviousSecrets: [][]byte{[]byte("older"), []byte("old")}},
		},
		"key pair": {
			before: tokens.Config{Algorithm: "ES256", PrivateKeyPEM: pkcs8(t, oldKey)},
			after: tokens.Config{
				Algorithm: "ES256", PrivateKeyPEM: privatePEM(t, "ES256"),
				PreviousPublicKeys: []tokens.PublicKey{{PEM: pkix(t, oldKey)}},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			before, after := newTokens(t, tt.before), newTokens(t, tt.after)
			_, err := after.Verify(issue(t, before), tokens.PurposeAccess)
			require.NoError(t, err, "a token of the old key goes on")
			raw := issue(t, after)
			_, err = after.Verify(raw, tokens.PurposeAccess)
			require.NoError(t, err)
			_, err = before.Verify(raw, tokens.PurposeAccess)
			requireRefused(t, err, tokens.ErrSignature, raw)
		})
	}
}

func TestPrivateKeyFormats(t *testing.T) {
	t.Parallel()

	rsaKey, ok := newKey(t, "RS256").(*rsa.PrivateKey)
	require.True(t, ok)
	ecKey, ok := newKey(t, "ES256").(*ecdsa.PrivateKey)
	require.True(t, ok)
	sec1, err := x509.MarshalECPrivateKey(ecKey)
	require.NoError(t, err)
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: instant.Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, rsaKey.Public(), rsaKey)
	require.NoError(t, err)

	tests := map[string]tokens.Config{
		"PKCS#8":                     {Algorithm: "RS256", PrivateKeyPEM: pkcs8(t, rsaKey)},
		"PKCS#1":                     {Algorithm: "RS256", PrivateKeyPEM: armor("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))},
		"SEC 1":                      {Algorithm: "ES256", PrivateKeyPEM: armor("EC PRIVATE KEY", sec1)},
		"with its PKIX public key":   {Algorithm: "RS256", PrivateKeyPEM: pkcs8(t, rsaKey), PublicKeyPEM: pkix(t, rsaKey)},
		"with its PKCS#1 public key": {Algorithm: "RS256", PrivateKeyPEM: pkcs8(t, rsaKey), PublicKeyPEM: armor("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey))},
		"with its certificate":       {Algorithm: "RS256", PrivateKeyPEM: pkcs8(t, rsaKey), PublicKeyPEM: armor("CERTIFICATE", cert)},
	}
	for name, cfg := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			tok := newTokens(t, cfg)
			_, err := tok.Verify(issue(t, tok), tokens.PurposeAccess)
			require.NoError(t, err)
		})
	}
}

func TestNewReportsAllProblems(t *testing.T) {
	t.Parallel()

	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	rsaPEM, ecPEM := privatePEM(t, "RS256"), privatePEM(t, "ES256")
	tests := map[string]struct {
		cfg  tokens.Config
		want []string
	}{
		"nothing configured":        {tokens.Config{}, []string{"HS256 needs a secret"}},
		"unknown algorithm":         {tokens.Config{Algorithm: "none", Secret: []byte(secret)}, []string{`unknown token algorithm "none"`}},
		"several at once":           {tokens.Config{ExpiresIn: time.Millisecond, ClockTolerance: -1}, []string{"lifetime", "tolerance", "needs a secret"}},
		"an empty previous secret":  {tokens.Config{Secret: []byte(secret), PreviousSecrets: [][]byte{nil}}, []string{"previous secret 1 is empty"}},
		"a public key as secret":    {tokens.Config{Secret: []byte(pkix(t, small))}, []string{"is a PEM key"}}, // docs/weak-spots.md#w37
		"a key pair under HS256":    {tokens.Config{Secret: []byte(secret), PrivateKeyPEM: rsaPEM}, []string{"set the algorithm of that key"}},
		"a secret under RS256":      {tokens.Config{Algorithm: "RS256", Secret: []byte(secret), PrivateKeyPEM: rsaPEM}, []string{"but a secret is configured"}},
		"no private key":            {tokens.Config{Algorithm: "RS256"}, []string{"no private key"}},
		"not PEM":                   {tokens.Config{Algorithm: "RS256", PrivateKeyPEM: "hunter2hunter2"}, []string{"not PEM"}},
		"PEM of something else":     {tokens.Config{Algorithm: "RS256", PrivateKeyPEM: armor("PRIVATE KEY", []byte("hunter2"))}, []string{"neither PKCS#8"}},
		"RSA key too short":         {tokens.Config{Algorithm: "RS256", PrivateKeyPEM: pkcs8(t, small)}, []string{"1024 bits"}},
		"EC key under RS256":        {tokens.Config{Algorithm: "RS256", PrivateKeyPEM: ecPEM}, []string{"RSA key is needed"}},
		"RSA key under ES256":       {tokens.Config{Algorithm: "ES256", PrivateKeyPEM: rsaPEM}, []string{"curve P-256"}},
		"EC key of another curve":   {tokens.Config{Algorithm: "ES512", PrivateKeyPEM: ecPEM}, []string{"curve P-521"}},
		"RSA key under EdDSA":       {tokens.Config{Algorithm: "EdDSA", PrivateKeyPEM: rsaPEM}, []string{"Ed25519"}},
		"another pair's public key": {tokens.Config{Algorithm: "RS256", PrivateKeyPEM: rsaPEM, PublicKeyPEM: pkix(t, newKey(t, "RS256"))}, []string{"does not belong"}},
		"public key not PEM":        {tokens.Config{Algorithm: "RS256", PrivateKeyPEM: rsaPEM, PublicKeyPEM: "x"}, []string{"public key is not PEM"}},
		"bad previous public key": {tokens.Config{
			Algorithm: "RS256", PrivateKeyPEM: rsaPEM,
			PreviousPublicKeys: []tokens.PublicKey{{PEM: armor("PUBLIC KEY", []byte("x"))}, {PEM: pkix(t, small)}},
		}, []string{"previous public key 1", "previous public key 2"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := tokens.New(tt.cfg, at(instant))
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestJWKS(t *testing.T) {
	t.Parallel()

	_, ok := newTokens(t, tokens.Config{Secret: []byte(secret)}).JWKS()
	require.False(t, ok, "a shared secret has no public half")

	for _, algorithm := range []string{"RS256", "ES384", "EdDSA"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()

			key, old := newKey(t, algorithm), newKey(t, algorithm)
			tok := newTokens(t, tokens.Config{
				Algorithm: algorithm, PrivateKeyPEM: pkcs8(t, key),
				PreviousPublicKeys: []tokens.PublicKey{{PEM: pkix(t, old), KeyID: "of-2025"}},
			})
			text, ok := tok.JWKS()
			require.True(t, ok)
			require.NotContains(t, string(text), `"d":`, "no private part")

			var set jose.JSONWebKeySet
			require.NoError(t, json.Unmarshal(text, &set))
			require.Len(t, set.Keys, 2)
			require.Equal(t, "of-2025", set.Keys[1].KeyID)
			current := set.Keys[0]
			sum, err := current.Thumbprint(crypto.SHA256)
			require.NoError(t, err)
			require.Equal(t, base64.RawURLEncoding.EncodeToString(sum), current.KeyID, "kid is the thumbprint of RFC 7638")
			require.Equal(t, algorithm, current.Algorithm)
			require.Equal(t, "sig", current.Use)

			// A client that has only the key set can verify a token.
			raw := issue(t, tok)
			require.Contains(t, segment(t, raw, 0), `"kid":"`+current.KeyID+`"`)
			parsed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
			require.NoError(t, err)
			payload, err := parsed.Verify(set.Key(current.KeyID)[0].Key)
			require.NoError(t, err)
			require.Contains(t, string(payload), `"purpose":"access"`)
		})
	}
}

func TestKeyID(t *testing.T) {
	t.Parallel()

	raw := issue(t, newTokens(t, tokens.Config{Algorithm: "EdDSA", PrivateKeyPEM: privatePEM(t, "EdDSA"), KeyID: "mine"}))
	require.JSONEq(t, `{"alg":"EdDSA","typ":"JWT","kid":"mine"}`, segment(t, raw, 0))
}
