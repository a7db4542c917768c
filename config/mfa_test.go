package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

// TestMFA: the options of the contract, with its sentences for values that cannot be
// right, which are known at the start (docs/contract.md#s5-2).
func TestMFA(t *testing.T) {
	t.Parallel()

	load := func(t *testing.T, file string) (config.Config, error) {
		t.Helper()
		return config.Load(config.Sources{File: write(t, file+"\n")})
	}
	defaults, err := config.Load(config.Sources{})
	require.NoError(t, err)
	require.Equal(t, 10, defaults.Auth.MFA.RecoveryCodeCount)
	require.Equal(t, 300, defaults.Auth.MFA.ChallengeTTLSeconds)
	require.Equal(t, 5, defaults.Auth.MFA.ChallengeMaxAttempts)
	require.Equal(t, config.DisableBySession, defaults.Auth.MFA.DisablePolicy)

	cfg, err := load(t, "auth: {mfa: {disable_policy: challenge, providers: [{id: totp, options: {issuer: Acme, digits: 8}}, {resolve: sms}]}}")
	require.NoError(t, err)
	require.Equal(t, config.DisableByChallenge, cfg.Auth.MFA.DisablePolicy)
	require.Equal(t, "totp", cfg.Auth.MFA.Providers[0].Method())
	require.Equal(t, "Acme", cfg.Auth.MFA.Providers[0].Options["issuer"])
	require.Equal(t, "sms", cfg.Auth.MFA.Providers[1].Method())

	for text, want := range map[string]string{
		"recovery_code_count: 0":                     "auth.mfa.recovery_code_count: Recovery code count must be between 1 and 50",
		"recovery_code_count: 51":                    "Recovery code count must be between 1 and 50",
		"challenge_ttl_seconds: 0":                   "auth.mfa.challenge_ttl_seconds: MFA challenge TTL must be a positive integer",
		"challenge_ttl_seconds: 86401":               "MFA challenge TTL must be at most a day",
		"challenge_max_attempts: -1":                 "auth.mfa.challenge_max_attempts: MFA challenge max attempts must be a positive integer",
		"disable_policy: never":                      `auth.mfa.disable_policy: MFA disable policy must be either "challenge" or "session"`,
		"providers: [{options: {}}]":                 "auth.mfa.providers: an entry has neither id nor resolve",
		"providers: [{id: totp}, {resolve: totp}]":   `auth.mfa.providers: the id "totp" is given twice`,
		"providers: [{id: totp, resolver: x}]":       "resolver",
		"step_up_within: 1s":                         "auth.mfa.step_up_within",
		"providers: [{id: totp, options: [digits]}]": "auth.mfa.providers",
	} {
		_, err := load(t, "auth: {mfa: {"+text+"}}")
		require.ErrorContains(t, err, want, text)
	}
}
