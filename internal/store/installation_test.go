package store_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// All processes of a database learn one id, also when they start together for
// the first time; another database has another.
func TestInstallation(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		seen := make([]string, 50)
		errs := storetest.InParallel(t.Context(), len(seen), func(ctx context.Context, i int) (err error) {
			seen[i], err = f.Installation(ctx)
			return err
		})
		require.Equal(t, len(seen), succeeded(errs), "%v", errs)
		for _, id := range seen {
			require.Equal(t, seen[0], id)
			require.Regexp(t, `^[0-9a-z]{26}$`, id)
		}
		again, err := store.Open(t.Context(), f.url, f.clock.Now)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, again.Close()) })
		id, err := again.Installation(t.Context())
		require.NoError(t, err)
		require.Equal(t, seen[0], id)
	})
}
