package emailcode_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailcode"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	p, err := emailcode.New(emailcode.Options{})
	require.NoError(t, err)
	require.Equal(t, providers.EmailCodeRules{TTL: 10 * time.Minute, Tries: 5}, p.Rules())
	p, err = emailcode.New(emailcode.Options{TTL: 3 * time.Minute, Tries: 2, Register: true})
	require.NoError(t, err)
	require.Equal(t, providers.EmailCodeRules{TTL: 3 * time.Minute, Tries: 2, Register: true}, p.Rules())
	for _, ttl := range []time.Duration{11 * time.Minute, time.Second, -time.Minute} {
		_, err := emailcode.New(emailcode.Options{TTL: ttl})
		require.EqualError(t, err, "ttl is a duration between 1m and 10m", ttl)
	}
	for _, tries := range []int64{-1, 6} {
		_, err := emailcode.New(emailcode.Options{Tries: tries})
		require.EqualError(t, err, "tries is a number between 1 and 5")
	}
}

func TestSubject(t *testing.T) {
	t.Parallel()
	p, err := emailcode.New(emailcode.Options{})
	require.NoError(t, err)
	for typed, key := range map[string]string{
		" Ada@Example.COM ": "ada@example.com", "ada@bücher.example": "ada@xn--bcher-kva.example",
		"ada": "", "": "", "a..b@example.com": "", "ada@": "",
	} {
		require.Equal(t, providers.Subject{EntityID: key, EntityKey: key}, p.Subject(typed), "%q", typed)
	}
	require.Equal(t, []string{"otp"}, p.AMR())
}
