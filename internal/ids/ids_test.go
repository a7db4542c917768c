package ids_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/ids"
)

func TestDerived(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 13, 47, 46, 0, time.UTC)
	one := ids.Derived(ids.Challenge, at, "seed")
	require.Regexp(t, `^authmfachal_[0-9A-HJKMNP-TV-Z]{26}$`, one)
	require.Equal(t, one, ids.Derived(ids.Challenge, at, "seed"))
	require.NotEqual(t, one, ids.Derived(ids.Challenge, at, "another"))
	require.NotEqual(t, one, ids.Derived(ids.Challenge, at.Add(time.Second), "seed"))
	require.Equal(t, one[:22], ids.New(ids.Challenge, at)[:22], "the time comes first")
}
