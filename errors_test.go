package everlatch_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

func TestCause(t *testing.T) {
	t.Parallel()
	away := errors.New("dial tcp 10.0.0.1: connection refused")
	err := fmt.Errorf("find customer: %w", everlatch.Unavailable("The database", away))
	require.NotContains(t, err.Error(), "10.0.0.1", "the message may be shown")

	cause := everlatch.Cause(err)

	require.EqualError(t, cause, "find customer: The database is not available. Try again shortly.: dial tcp 10.0.0.1: connection refused")
	require.ErrorIs(t, cause, away)
	require.Equal(t, away, everlatch.Cause(away))
	require.NoError(t, everlatch.Cause(nil))
	require.Equal(t, everlatch.ErrConflict, everlatch.Cause(everlatch.ErrConflict))
}
