package codes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/codes"
	"github.com/everlatch/everlatch/providers/providertest"
)

var request = providers.CodeRequest{AuthIdentityID: "authid_1", EntityID: "ada@example.com", EntityType: "email"}

func TestTokenPasses(t *testing.T) {
	t.Parallel()
	providertest.Code(t, providertest.CodeCase{
		New: func(tb testing.TB) providers.CodeProvider {
			tb.Helper()
			p, err := codes.NewToken(codes.Options{})
			require.NoError(tb, err)
			return p
		},
		Request: request,
	})
}

func TestOTPPasses(t *testing.T) {
	t.Parallel()
	providertest.Code(t, providertest.CodeCase{
		New: func(tb testing.TB) providers.CodeProvider {
			tb.Helper()
			p, err := codes.NewOTP(codes.Options{})
			require.NoError(tb, err)
			return p
		},
		Request: request,
		Same: []func(string) string{
			func(code string) string { return " " + code[:3] + " " + code[3:] + " " },
			func(code string) string { return code[:3] + "-" + code[3:] },
		},
	})
}

func TestForms(t *testing.T) {
	t.Parallel()
	token, err := codes.NewToken(codes.Options{})
	require.NoError(t, err)
	code, err := token.NewCode(t.Context(), request)
	require.NoError(t, err)
	require.Regexp(t, `^[A-Za-z0-9_-]{43}$`, code.Value)
	otp, err := codes.NewOTP(codes.Options{})
	require.NoError(t, err)
	for range 1000 { // some begin with zeros
		code, err = otp.NewCode(t.Context(), request)
		require.NoError(t, err)
		require.Regexp(t, `^\d{6}$`, code.Value)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	token, err := codes.NewToken(codes.Options{TTLSeconds: new(2)})
	require.NoError(t, err)
	require.Equal(t, 2*time.Second, token.Rules().TTL)
	otp, err := codes.NewOTP(codes.Options{TTLSeconds: new(600)})
	require.NoError(t, err)
	require.Equal(t, 10*time.Minute, otp.Rules().TTL)
	_, err = codes.NewOTP(codes.Options{TTLSeconds: new(601)})
	require.EqualError(t, err, "ttl_seconds of six digits is at most 600")
	for _, ttl := range []int{0, -1} {
		_, err = codes.NewToken(codes.Options{TTLSeconds: &ttl})
		require.EqualError(t, err, "Verification token TTL must be a positive integer")
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	token, err := codes.NewToken(codes.Options{})
	require.NoError(t, err)
	registry := providers.NewCodes()
	require.NoError(t, registry.Add("token", token))
	require.ErrorContains(t, registry.Add("token", token), "registered twice")
	require.ErrorContains(t, registry.Add("", token), "needs an id")
	require.ErrorContains(t, registry.Add("never", &codes.Token{}), "a second or more")
	require.Equal(t, []string{"token"}, registry.IDs())
	_, err = registry.Get("sms")
	require.ErrorIs(t, err, everlatch.ErrInvalidData)
}
