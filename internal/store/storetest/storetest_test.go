package storetest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// TestOpen: each test has a database of its own, in which nothing is left to
// migrate.
func TestOpen(t *testing.T) {
	t.Parallel()
	one, other := storetest.Open(t, time.Now), storetest.Open(t, time.Now)
	pending, err := one.Pending(t.Context())
	require.NoError(t, err)
	require.Zero(t, pending)
	_, err = one.CreateUser(t.Context(), everlatch.User{ID: "user_1", Email: "ada@example.com"}, everlatch.Event{})
	require.NoError(t, err)
	_, err = other.User(t.Context(), "user_1")
	require.ErrorIs(t, err, everlatch.ErrNotFound)
}
