package everlatch_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	cause := errors.New("shop.example answers 429")
	marked := everlatch.RetryAfter(cause, time.Minute)
	require.EqualError(t, marked, "shop.example answers 429")
	require.ErrorIs(t, marked, cause)
	require.Equal(t, time.Minute, everlatch.RetryDelay(fmt.Errorf("deliver: %w", marked)))
	require.Zero(t, everlatch.RetryDelay(everlatch.RetryAfter(marked, 0)), "the outermost mark counts")
	require.Zero(t, everlatch.RetryDelay(everlatch.RetryAfter(cause, -time.Minute)))
	require.Zero(t, everlatch.RetryDelay(cause))
	require.NoError(t, everlatch.RetryAfter(nil, time.Minute))
}
