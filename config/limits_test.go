package config_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(config.Sources{Environ: []string{
		"EVERLATCH_LIMITS_SIGN_IN=7/1h30m", "EVERLATCH_LIMITS_MAIL=off",
		"EVERLATCH_LIMITS_EXEMPT_NETWORKS=10.0.0.0/8, ::1", "EVERLATCH_HTTP_TRUSTED_PROXIES=192.0.2.1",
	}})
	require.NoError(t, err)
	count, per, ok := cfg.Limits.SignIn.Parts()
	require.True(t, ok)
	require.Equal(t, 7, count)
	require.Equal(t, 90*time.Minute, per)
	count, _, ok = cfg.Limits.Mail.Parts()
	require.True(t, ok)
	require.Zero(t, count)
	require.Equal(t, "[10.0.0.0/8 ::1/128]", fmt.Sprint(config.Networks(cfg.Limits.ExemptNetworks)))
	require.Equal(t, "[192.0.2.1/32]", fmt.Sprint(config.Networks(cfg.HTTP.TrustedProxies)))
}

func TestWrongLimits(t *testing.T) {
	t.Parallel()
	for variable, key := range map[string]string{
		"EVERLATCH_LIMITS_SIGN_IN=30":               "limits.sign_in",
		"EVERLATCH_LIMITS_RESET=0/1m":               "limits.reset",
		"EVERLATCH_LIMITS_MAIL=5/1ms":               "limits.mail",
		"EVERLATCH_LIMITS_ACCOUNT_LOCK_AFTER=2":     "limits.account.lock_after",
		"EVERLATCH_LIMITS_ACCOUNT_LOCK_FOR=5h":      "limits.account.lock_for",
		"EVERLATCH_LIMITS_EXEMPT_NETWORKS=10.0.0/8": "limits.exempt_networks",
		"EVERLATCH_HTTP_TRUSTED_PROXIES=all":        "http.trusted_proxies",
	} {
		_, err := config.Load(config.Sources{Environ: []string{variable}})
		var problems config.Problems
		require.ErrorAs(t, err, &problems, variable)
		require.Len(t, problems, 1)
		require.Contains(t, problems[0].Key, key)
	}
}
