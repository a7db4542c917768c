package totp_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/providertest"
	"github.com/everlatch/everlatch/providers/totp"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(1234567890)
	clock := func() time.Time { return time.Unix(now.Load(), 0) }
	var secret atomic.Value
	providertest.SecondFactor(t, providertest.FactorCase{
		New: func(tb testing.TB) providers.SecondFactor {
			tb.Helper()
			p, err := totp.New(totp.Options{Now: clock})
			require.NoError(tb, err)
			return p
		},
		Answer: func(tb testing.TB, enrolled *providers.EnrolledFactor, _ *providers.FactorPrompt) string {
			tb.Helper()
			now.Add(60)
			if enrolled != nil {
				secret.Store(enrolled.Public["secret"])
			}
			text, _ := secret.Load().(string)
			code, err := totp.Code(text, clock())
			require.NoError(tb, err)
			return code
		},
		Wrong: []string{"12345", "1234567"},
	})
}
