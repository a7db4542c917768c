package flows_test

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

func TestRequestRegistration(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := map[string]bool{}
	b.temporal.On("SignalWithStartWorkflow", mock.Anything, mock.Anything, workflows.SignalAsk, mock.Anything, mock.Anything,
		mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		id := args.String(1)
		require.Regexp(t, `^confirmed-registration/emailpass/h:[a-z2-7]+$`, id, "the id tells no address")
		ids[id] = true
		ask, _ := args.Get(3).(workflows.AskRegistration)
		require.Equal(t, "Ada@example.com", ask.EntityID)
		require.NotEmpty(t, ask.Names.TokenID)
		in, _ := args.Get(6).(workflows.ConfirmedRegistrationInput)
		require.Equal(t, flows.DefaultRegistrationTTL, in.TTL)
		require.Equal(t, "ada@example.com", in.EntityKey)
	}).Return(mocks.NewWorkflowRun(t), nil)
	ask := func(actorType string) {
		require.NoError(t, b.flows.RequestRegistration(t.Context(), flows.RegistrationRequest{
			ActorType: actorType, Provider: "emailpass", Subject: providers.Subject{EntityID: "Ada@example.com", EntityKey: "ada@example.com"},
		}))
	}

	ask("customer")
	ask("customer")
	require.Len(t, ids, 1, "one for each address")
	ask("manager")
	require.Len(t, ids, 2, "and each actor type")
}
