package workflows_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch/workflows"
)

func TestEnding(t *testing.T) {
	t.Parallel()
	var e workflows.Ending
	require.Equal(t, workflows.EndSucceeded, e.Outcome(nil))
	require.Equal(t, workflows.EndCancelled, e.Outcome(temporal.NewCanceledError()))
	require.Equal(t, workflows.EndFailed, e.Outcome(errors.New("the database is away: ada@example.com")))
}
