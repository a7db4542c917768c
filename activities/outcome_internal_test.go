package activities

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
)

// What a provider hides from people can be read in the log (docs/weak-spots.md#w51): the cause of
// "Authentication failed" and similar messages. What hides nothing is not logged.
func TestCausesOfRefusalsAreLogged(t *testing.T) {
	t.Parallel()

	hidden := errors.New("the ID token is of another issuer")
	tests := map[string]struct {
		err    error
		answer string // "" for a fault
		logged bool
	}{
		"a cause":         {err: &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Authentication failed", Err: hidden}, answer: "Authentication failed", logged: true},
		"a wrapped one":   {err: fmt.Errorf("acme: %w", &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "No.", Err: hidden}), answer: "No.", logged: true},
		"no cause":        {err: &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Wrong PIN."}, answer: "Wrong PIN."},
		"an outage":       {err: everlatch.Unavailable("Acme", hidden)},
		"something wrong": {err: hidden},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var log bytes.Buffer
			var suite testsuite.WorkflowTestSuite
			suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(&log, nil))))
			env := suite.NewTestActivityEnvironment()
			judge := func(ctx context.Context) (Verdict, error) {
				answer, fault := refusalBy(ctx, "acme", tt.err)
				return Verdict{answer}, fault
			}
			env.RegisterActivity(judge)

			value, err := env.ExecuteActivity(judge)

			require.Equal(t, tt.answer == "", err != nil, "%v", err)
			require.Equal(t, tt.logged, strings.Contains(log.String(), "a provider refused a sign-in"), log.String())
			if err != nil {
				return
			}
			var verdict Verdict
			require.NoError(t, value.Get(&verdict))
			require.Equal(t, &everlatch.Refusal{Code: everlatch.CodeUnauthorized, Message: tt.answer}, verdict.Refusal)
			if tt.logged {
				require.Contains(t, log.String(), `provider=acme answer=`)
				require.Contains(t, log.String(), hidden.Error())
			}
		})
	}
}
