package flows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// asked counts the signals of resets.
func (b *testBundle) asked(t *testing.T) *int {
	t.Helper()
	n := 0
	b.temporal.On("SignalWithStartWorkflow", mock.Anything, mock.Anything, workflows.SignalAsk, mock.Anything, mock.Anything,
		mock.Anything, mock.Anything).Run(func(mock.Arguments) { n++ }).Return(mocks.NewWorkflowRun(t), nil)
	return &n
}

func TestResetRequestsAreFolded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := b.options.Now()
	c := b.with(func(o *flows.Options) {
		o.Now, o.ResetResendAfter, o.ResetTTL = func() time.Time { return now }, time.Minute, 15*time.Minute
		o.ActorTypes = []string{"vendor"}
	})
	t.Cleanup(c.Close)
	signals := b.asked(t)
	ask := func(actorType string) int {
		before := *signals
		require.NoError(t, c.RequestPasswordReset(t.Context(), flows.ResetRequest{
			ActorType: actorType, Provider: "emailpass", EntityKey: "ada@example.com",
		}))
		return *signals - before
	}

	require.Equal(t, 1, ask("customer"))
	require.Equal(t, 0, ask("customer"), "the same within the minute")
	require.Equal(t, 1, ask("user"), "for something else")
	now = now.Add(time.Minute)
	require.Equal(t, 1, ask("customer"), "a minute later")

	update := mocks.NewWorkflowUpdateHandle(t)
	update.On("Get", mock.Anything, mock.Anything).Return(nil)
	b.temporal.On("UpdateWorkflow", mock.Anything, mock.Anything).Return(update, nil)
	require.NoError(t, c.CompletePasswordReset(t.Context(), newPassword()))
	require.Equal(t, 1, ask("customer"), "the previous one was used")

	made := 0
	for i := range 10_000 {
		made += ask(fmt.Sprint("type-", i))
	}
	require.Equal(t, 32, made, "however many ask for whatever")
	now = now.Add(time.Minute)
	require.Equal(t, 1, ask("customer"), "and the owner's request is not swallowed")
	require.Equal(t, 1, ask("vendor"), "nor that for a configured type")
	for range 100 {
		now = now.Add(time.Minute / 10)
		ask("customer")
	}
	require.Less(t, *signals, 32+32, "those of one type have an end, too")
	now = now.Add(15 * time.Minute)
	require.Equal(t, 1, ask("customer"), "when the links have expired")
}

// Ten thousand anonymous requests for one address leave its history small, and the
// owner's reset as it was.
func TestResetSurvivesAFlood(t *testing.T) {
	t.Parallel()
	s := startService(t, embedded.Options{})
	defer s.work()()
	s.flows = flows.New(s.with(func(o *flows.Options) { o.ResetResendAfter = time.Minute }))
	t.Cleanup(s.flows.Close)
	login, err := s.flows.Register(t.Context(), flows.AuthRequest{ActorType: "customer", Provider: "emailpass", Input: s.input("a good horse")})
	require.NoError(t, err)
	reset := flows.ResetRequest{ActorType: "customer", Provider: "emailpass", EntityKey: "ada@example.com"}
	require.NoError(t, s.flows.RequestPasswordReset(t.Context(), reset))
	var events []everlatch.Event
	require.Eventually(t, func() bool {
		events, _, err = s.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventPasswordReset, AuthIdentityID: login.Principal.AuthIdentityID}, store.Page{Limit: 10})
		require.NoError(t, err)
		return len(events) == 1
	}, 20*time.Second, 10*time.Millisecond)

	flood := reset
	for i := range 10_000 {
		flood.ActorType = fmt.Sprint("type-", i%100)
		flood.Metadata = everlatch.Metadata{"k": strings.Repeat(fmt.Sprint(i%10), 2000)}
		require.NoError(t, s.flows.RequestPasswordReset(t.Context(), flood))
	}

	id := s.running(t, "PasswordReset")
	described, err := s.temporal.DescribeWorkflowExecution(t.Context(), id, "")
	require.NoError(t, err)
	require.Less(t, described.GetWorkflowExecutionInfo().GetHistorySizeBytes(), int64(1<<20))
	require.Less(t, described.GetWorkflowExecutionInfo().GetHistoryLength(), int64(500))
	ref, _ := everlatch.SecretOf(events[0].Data["token"])
	token, err := s.acts.Deliveries.Vault.Get(t.Context(), vault.Ref(ref))
	require.NoError(t, err)
	verified, err := s.acts.Resets.Tokens.VerifyReset(string(token.Reveal()))
	require.NoError(t, err)
	require.NoError(t, s.flows.CompletePasswordReset(t.Context(), flows.NewPassword{
		ActorType: "customer", Provider: "emailpass", EntityKey: "ada@example.com", TokenID: verified.ID, Input: s.input("another horse"),
	}))
}
