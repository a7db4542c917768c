package auth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/tokens"
)

var start = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// issuer is a service with a key set that can be rotated.
type issuer struct {
	clock   *clocktest.Clock
	tokens  atomic.Pointer[tokens.Tokens]
	fetches atomic.Int64
	broken  atomic.Bool
	url     string
}

func newIssuer(t *testing.T, cfg tokens.Config) *issuer {
	t.Helper()
	i := &issuer{clock: clocktest.At(start)}
	i.sign(t, cfg)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.fetches.Add(1)
		keys, ok := i.tokens.Load().JWKS()
		if i.broken.Load() || !ok || r.URL.Path != "/.well-known/jwks.json" {
			http.Error(w, "away", http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(keys)
	}))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

func (i *issuer) sign(t *testing.T, cfg tokens.Config) {
	t.Helper()
	made, err := tokens.New(cfg, i.clock.Now)
	require.NoError(t, err)
	i.tokens.Store(made)
}

func (i *issuer) issue(t *testing.T) string {
	t.Helper()
	p := everlatch.Principal{
		AuthIdentityID: "authid_1", AuthProvider: "emailpass", ActorType: "customer", ActorID: "cus_1",
		CredentialVersion: 1, AuthenticatedAt: i.clock.Now(),
	}
	token, _, err := i.tokens.Load().Issue(p, i.clock.Now(), "jti")
	require.NoError(t, err)
	return token
}

func (i *issuer) jwks(t *testing.T, change func(*auth.JWKSOptions)) *auth.JWKS {
	t.Helper()
	o := auth.JWKSOptions{URL: i.url, Now: i.clock.Now}
	if change != nil {
		change(&o)
	}
	v, err := auth.NewJWKS(o)
	require.NoError(t, err)
	return v
}

func keyPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func publicPEM(t *testing.T, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func es256(t *testing.T, key *ecdsa.PrivateKey) tokens.Config {
	t.Helper()
	return tokens.Config{Algorithm: "ES256", PrivateKeyPEM: keyPEM(t, key), ExpiresIn: time.Hour}
}

func refused(t *testing.T, v auth.Verifier, token string) {
	t.Helper()
	_, err := v.Verify(t.Context(), token)
	require.ErrorIs(t, err, everlatch.ErrUnauthorized)
	if token != "" {
		require.NotContains(t, everlatch.Cause(err).Error(), token)
	}
}

func TestJWKSVerifies(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, es256(t, ecKey(t)))
	v, token := i.jwks(t, nil), i.issue(t)
	for range 20 {
		claims, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, "cus_1", claims.ActorID)
		require.Equal(t, "jti", claims.SignInID)
	}
	require.EqualValues(t, 1, i.fetches.Load(), "the keys are remembered")
	reset, err := i.tokens.Load().IssueReset(tokens.Reset{
		EntityID: "a", Provider: "p", ActorType: "customer", ID: "1", IssuedAt: start, ExpiresAt: start.Add(time.Hour),
	})
	require.NoError(t, err)
	refused(t, v, reset)
	i.clock.Advance(time.Hour + time.Second)
	refused(t, v, token)
	tolerant := i.jwks(t, func(o *auth.JWKSOptions) { o.ClockTolerance = time.Minute })
	_, err = tolerant.Verify(t.Context(), token)
	require.NoError(t, err)
}

// TestJWKSRefuses: what an attacker could try (RFC 8725).
func TestJWKSRefuses(t *testing.T) {
	t.Parallel()
	key := ecKey(t)
	i := newIssuer(t, es256(t, key))
	v, good := i.jwks(t, nil), i.issue(t)
	claims, err := v.Verify(t.Context(), good)
	require.NoError(t, err)
	kid := kidOf(t, good)
	forge := func(method jwt.SigningMethod, key any, kid string) string {
		token := jwt.NewWithClaims(method, jwt.MapClaims{
			"actor_id": "cus_2", "actor_type": "customer", "auth_identity_id": claims.AuthIdentityID, "purpose": "access",
			"exp": start.Add(time.Hour).Unix(), "iat": start.Unix(),
		})
		token.Header["kid"] = kid
		text, err := token.SignedString(key)
		require.NoError(t, err)
		return text
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), forge(jwt.SigningMethodES256, key, kid))
	require.NoError(t, err, "the forger can sign")
	for name, token := range map[string]string{
		"unsigned":                   forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid),
		"another key":                forge(jwt.SigningMethodES256, ecKey(t), kid),
		"another kind of key":        forge(jwt.SigningMethodRS256, rsaKey, kid),
		"the public key as a secret": forge(jwt.SigningMethodHS256, []byte(publicPEM(t, &key.PublicKey)), kid),
		"an unknown key":             forge(jwt.SigningMethodES256, key, "unknown"),
		"no key":                     forge(jwt.SigningMethodES256, key, ""),
		"cut off":                    good[:len(good)-4],
		"nothing":                    "",
		"too long":                   strings.Repeat("a", 20<<10),
	} {
		t.Log(name)
		refused(t, v, token)
	}
	require.LessOrEqual(t, i.fetches.Load(), int64(2), "unknown keys cause no load")
	refused(t, i.jwks(t, func(o *auth.JWKSOptions) { o.Issuer = "another" }), good)
	refused(t, i.jwks(t, func(o *auth.JWKSOptions) { o.Audience = []string{"another"} }), good)
	refused(t, i.jwks(t, func(o *auth.JWKSOptions) { o.Algorithms = []string{"RS256"} }), good)
	for _, bad := range []auth.JWKSOptions{{}, {URL: i.url, Algorithms: []string{"HS256"}}, {URL: i.url, ClockTolerance: -1}} {
		_, err := auth.NewJWKS(bad)
		require.Error(t, err)
	}
}

func kidOf(t *testing.T, token string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	require.NoError(t, err)
	kid, _ := parsed.Header["kid"].(string)
	require.NotEmpty(t, kid)
	return kid
}

func TestJWKSFollowsRotation(t *testing.T) {
	t.Parallel()
	former, next := ecKey(t), ecKey(t)
	i := newIssuer(t, es256(t, former))
	v, before := i.jwks(t, nil), i.issue(t)
	_, err := v.Verify(t.Context(), before)
	require.NoError(t, err)

	cfg := es256(t, next)
	cfg.PreviousPublicKeys = []tokens.PublicKey{{PEM: publicPEM(t, &former.PublicKey)}}
	i.sign(t, cfg)
	i.clock.Advance(11 * time.Second)
	for _, token := range []string{i.issue(t), before} {
		_, err = v.Verify(t.Context(), token)
		require.NoError(t, err, "both keys count")
	}
	require.EqualValues(t, 2, i.fetches.Load())

	// A key that is withdrawn counts until the keys are refreshed.
	i.sign(t, es256(t, next))
	i.clock.Advance(10 * time.Minute)
	refused(t, v, before)

	i.broken.Store(true)
	i.clock.Advance(30 * time.Minute)
	after := i.issue(t)
	_, err = v.Verify(t.Context(), after)
	require.NoError(t, err, "an outage of the service is none of its callers")
	i.clock.Advance(25 * time.Hour)
	_, err = v.Verify(t.Context(), i.issue(t))
	require.Equal(t, everlatch.CodeUnavailable, everlatch.ErrorCode(err), "but not for ever")
	_, err = i.jwks(t, nil).Verify(t.Context(), after)
	require.Equal(t, everlatch.CodeUnavailable, everlatch.ErrorCode(err))
}

// fixed is a verifier of tokens that are words.
type fixed map[string]auth.Claims

func (f fixed) Verify(_ context.Context, token string) (auth.Claims, error) {
	if token == "away" {
		return auth.Claims{}, everlatch.Unavailable("The service", nil)
	}
	claims, ok := f[token]
	if !ok {
		return claims, &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Unauthorized"}
	}
	return claims, nil
}

func TestRequire(t *testing.T) {
	t.Parallel()
	long, just := new("2026-11-29T10:00:00.000Z"), new("2026-11-29T11:59:00.000Z")
	v := fixed{
		"customer": {ActorType: "customer", ActorID: "cus_1", AuthTime: start.Unix()},
		"fresh":    {ActorType: "customer", AuthTime: start.Unix()},
		"user":     {ActorType: "user", ActorID: "user_1"},
		"factor":   {ActorType: "customer", ActorID: "cus_1", MFAEnabled: true},
		"passed":   {ActorType: "customer", ActorID: "cus_1", MFAEnabled: true, MFACompletedAt: just},
		"old":      {ActorType: "customer", ActorID: "cus_1", MFAEnabled: true, MFACompletedAt: long, AuthTime: start.Add(-2 * time.Hour).Unix()},
	}
	customers := auth.Options{ActorTypes: []string{"customer"}}
	with := func(change func(*auth.Options)) auth.Options {
		o := customers
		change(&o)
		return o
	}
	open := with(func(o *auth.Options) { o.AllowUnauthenticated = true })
	tests := map[string]struct {
		header string
		o      auth.Options
		want   string // the actor, "-" for none, or the body of a refusal
	}{
		"a customer":               {"Bearer customer", customers, "cus_1"},
		"the scheme in lower case": {"bearer customer", customers, "cus_1"},
		"no header":                {"", customers, "Unauthorized"},
		"basic":                    {"Basic customer", customers, "Unauthorized"},
		"two words":                {"Bearer customer x", customers, "Unauthorized"},
		"an invalid token":         {"Bearer forged", customers, "Unauthorized"},
		"another actor type":       {"Bearer user", customers, "Unauthorized"},
		"any actor type":           {"Bearer user", auth.Options{ActorTypes: []string{auth.AnyActor}}, "user_1"},
		"no actor type":            {"Bearer user", auth.Options{}, "Unauthorized"},
		"no actor":                 {"Bearer fresh", customers, "Unauthorized"},
		"no actor, allowed":        {"Bearer fresh", with(func(o *auth.Options) { o.AllowUnregistered = true }), ""},
		"open, nothing":            {"", open, "-"},
		"open, an invalid token":   {"Bearer forged", open, "-"},
		"open, another actor":      {"Bearer user", open, "-"},
		"open, no actor":           {"Bearer fresh", open, "-"},
		"open, a customer":         {"Bearer customer", open, "cus_1"},
		"open, a factor missing":   {"Bearer factor", open, "cus_1"},
		"a factor missing":         {"Bearer factor", customers, "MFA verification is required to complete this request"},
		"not required":             {"Bearer factor", with(func(o *auth.Options) { o.RequireMFA = new(false) }), "cus_1"},
		"a factor passed":          {"Bearer passed", with(func(o *auth.Options) { o.MFAMaxAge = time.Hour }), "cus_1"},
		"a factor too old":         {"Bearer old", with(func(o *auth.Options) { o.MFAMaxAge = time.Hour }), "MFA was verified too long ago to complete this request"},
		"signed in just now":       {"Bearer customer", with(func(o *auth.Options) { o.MaxAge = time.Hour }), "cus_1"},
		"signed in too long ago":   {"Bearer old", with(func(o *auth.Options) { o.MaxAge = time.Hour }), "This request needs a recent sign-in. Sign in again and repeat it."},
		"the service is away":      {"Bearer away", open, "The service is not available. Try again shortly."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.o.Now = func() time.Time { return start }
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				claims, ok := auth.ClaimsFrom(r.Context())
				if !ok {
					claims.ActorID = "-"
				}
				_, _ = w.Write([]byte(claims.ActorID))
			})
			e := echo.New()
			e.Any("/", echo.WrapHandler(handler), echo.WrapMiddleware(auth.Require(v, tt.o)))
			for server, h := range map[string]http.Handler{"net/http": auth.Require(v, tt.o)(handler), "echo": e} {
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				if tt.header != "" {
					r.Header.Set("Authorization", tt.header)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code == http.StatusOK {
					require.Equal(t, tt.want, w.Body.String(), server)
					continue
				}
				require.JSONEq(t, `{"message":"`+tt.want+`"}`, w.Body.String(), server)
				if strings.Contains(tt.header, "away") {
					require.Equal(t, http.StatusServiceUnavailable, w.Code, server)
				} else {
					require.Equal(t, http.StatusUnauthorized, w.Code, server)
					require.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"), server)
				}
			}
		})
	}
}
