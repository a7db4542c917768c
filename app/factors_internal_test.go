package app

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
)

type pin struct{ method string }

func (p pin) Method() string    { return p.method }
func (pin) DisplayName() string { return "PIN" }
func (pin) Enroll(context.Context, providers.FactorEnrollment) (providers.EnrolledFactor, error) {
	return providers.EnrolledFactor{}, nil
}

func (pin) Verify(context.Context, providers.FactorAnswer) (providers.FactorVerdict, error) {
	return providers.FactorVerdict{}, nil
}

func TestNewFactors(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Unix(0, 0) }
	entry := func(id string, options map[string]any) config.MFA {
		return config.MFA{Providers: []config.MFAProvider{{ID: id, Options: options}}}
	}

	built, err := newFactors(config.MFA{}, nil, nil, now)
	require.NoError(t, err)
	require.Equal(t, []string{"totp"}, built.Methods(), "always there")
	built, err = newFactors(entry("pin", nil), nil, []providers.SecondFactor{pin{"pin"}}, now)
	require.NoError(t, err)
	require.Equal(t, []string{"totp", "pin"}, built.Methods())
	built, err = newFactors(entry("totp", map[string]any{"issuer": "Acme", "digits": 6, "window": 0, "encryption_key": "of Medusa"}), nil, nil, now)
	require.NoError(t, err)
	f, err := built.Method("totp")
	require.NoError(t, err)
	made, err := f.Enroll(t.Context(), providers.FactorEnrollment{AuthIdentityID: "authid_1"})
	require.NoError(t, err)
	require.Contains(t, made.Public["otpauth_url"], "otpauth://totp/Acme:authid_1?")

	for want, tt := range map[string]struct {
		cfg config.MFA
		own []providers.SecondFactor
	}{
		`auth.mfa.providers: MFA provider "sms" must include a provider resolver.`:      {cfg: entry("sms", nil)},
		`auth.mfa.providers, id "totp": TOTP digits must be 6, 7, or 8`:                 {cfg: entry("totp", map[string]any{"digits": 9})},
		`auth.mfa.providers, id "totp": TOTP period must be a positive integer`:         {cfg: entry("totp", map[string]any{"period": 0})},
		`auth.mfa.providers, id "totp": TOTP window must be a non-negative integer`:     {cfg: entry("totp", map[string]any{"window": -1})},
		`auth.mfa.providers, id "totp": option digit:`:                                  {cfg: entry("totp", map[string]any{"digit": 6})},
		`auth.mfa.providers: "pin" gets its options from the program that registers it`: {cfg: entry("pin", map[string]any{"a": 1}), own: []providers.SecondFactor{pin{"pin"}}},
		`second factor "totp" is registered twice`:                                      {own: []providers.SecondFactor{pin{"totp"}}},
		`"recovery_code" is built in and can't be registered`:                           {own: []providers.SecondFactor{pin{"recovery_code"}}},
		`the method of a second factor must be 1 to 64 of a-z 0-9 _ -, and is "a/b"`:    {own: []providers.SecondFactor{pin{"a/b"}}},
		"a second factor is missing":                                                    {own: []providers.SecondFactor{nil}},
	} {
		_, err := newFactors(tt.cfg, nil, tt.own, now)
		require.ErrorContains(t, err, want)
	}
}

func TestMedusaKey(t *testing.T) {
	t.Parallel()
	require.Empty(t, medusaKey(config.MFA{}).Reveal())
	require.Equal(t, "a", string(medusaKey(config.MFA{EncryptionKey: "a"}).Reveal()))
	own := config.MFA{EncryptionKey: "a", Providers: []config.MFAProvider{{ID: "totp", Options: map[string]any{"encryption_key": "b"}}}}
	require.Equal(t, "b", string(medusaKey(own).Reveal()))
}
