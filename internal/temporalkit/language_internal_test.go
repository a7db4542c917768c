package temporalkit

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/vault"
)

func speak(ctx context.Context) (string, error) { return everlatch.LanguageOf(ctx), nil }

// conversation asks an activity, a local activity and, on a disconnected context, an activity.
func conversation(ctx workflow.Context) ([]string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
	apart, _ := workflow.NewDisconnectedContext(ctx)
	out := make([]string, 3)
	for i, f := range []workflow.Future{
		workflow.ExecuteActivity(ctx, speak), workflow.ExecuteLocalActivity(ctx, speak), workflow.ExecuteActivity(apart, speak),
	} {
		if err := f.Get(ctx, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func TestLanguageReachesSteps(t *testing.T) {
	t.Parallel()

	keys, err := vault.NewKeyRing([]vault.Key{{ID: "k", Secret: vault.NewSecret(bytes.Repeat([]byte{1}, vault.KeyBytes))}})
	require.NoError(t, err)
	sealed := languages{NewDataConverter(Sealing{Ring: keys})}
	payload := func(c converter.DataConverter, value string) *commonpb.Payload {
		p, err := c.ToPayload(value)
		require.NoError(t, err)
		return p
	}
	require.NotContains(t, string(payload(sealed.payloads, "de-AT").GetData()), "de-AT")
	for name, tt := range map[string]struct {
		header *commonpb.Payload
		want   string
	}{
		"a language":         {payload(sealed.payloads, "de"), "de"},
		"none":               {nil, ""},
		"not sealed":         {payload(converter.GetDefaultDataConverter(), "de"), ""},
		"what is no tag":     {payload(sealed.payloads, "de\r\nBcc: x"), ""},
		"one that is a book": {payload(sealed.payloads, string(bytes.Repeat([]byte("a"), 36))), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var suite testsuite.WorkflowTestSuite
			suite.SetContextPropagators([]workflow.ContextPropagator{sealed})
			header := &commonpb.Header{Fields: map[string]*commonpb.Payload{}}
			if tt.header != nil {
				header.Fields[languageHeader] = tt.header
			}
			suite.SetHeader(header)
			env := suite.NewTestWorkflowEnvironment()
			env.RegisterWorkflow(conversation)
			env.RegisterActivity(speak)
			env.ExecuteWorkflow(conversation)
			require.NoError(t, env.GetWorkflowError())
			var got []string
			require.NoError(t, env.GetWorkflowResult(&got))
			require.Equal(t, []string{tt.want, tt.want, tt.want}, got)
		})
	}
}
