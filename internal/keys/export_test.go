package keys

import (
	"context"

	"github.com/everlatch/everlatch/internal/store"
)

// Refresh is refresh.
func (r *Rings) Refresh(ctx context.Context) error { return r.refresh(ctx) }

// Sources are the tables that are sealed again.
func Sources() (out []store.SealedSource) {
	for _, s := range sources {
		out = append(out, s.source)
	}
	return out
}
