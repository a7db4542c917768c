package flows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/store"
)

// A flow that serves several requests mails each in the language of that request: who asked
// first does not choose for who asks afterwards.
func TestLanguageOfEachRequest(t *testing.T) {
	t.Parallel()
	s := startService(t, embedded.Options{})
	defer s.work()()
	_, err := s.flows.Register(t.Context(), flows.AuthRequest{ActorType: "customer", Provider: "emailpass", Input: s.input("a good horse")})
	require.NoError(t, err)
	f := flows.New(s.with(func(o *flows.Options) { o.ResetResendAfter = time.Nanosecond }))
	t.Cleanup(f.Close)
	languages := func() (out []string) {
		found, _, err := s.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventPasswordReset}, store.Page{Limit: 9})
		require.NoError(t, err)
		for _, e := range found {
			out = append(out, e.Language)
		}
		return out
	}
	asked := []string{}
	for _, tag := range []string{"ja", "de", ""} {
		reset := flows.ResetRequest{ActorType: "customer", Provider: "emailpass", EntityKey: "ada@example.com"}
		require.NoError(t, f.RequestPasswordReset(everlatch.WithLanguage(t.Context(), tag), reset))
		asked = append(asked, tag)
		require.Eventually(t, func() bool { return len(languages()) == len(asked) }, 20*time.Second, 20*time.Millisecond)
	}
	require.ElementsMatch(t, asked, languages())
}
