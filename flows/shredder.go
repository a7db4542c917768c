package flows

import (
	"context"
	"log/slog"
	"time"

	"github.com/everlatch/everlatch/internal/vault"
)

const (
	// shredQueue bounds how many references wait; what does not fit is left to
	// the clean-up schedule, a few minutes later.
	shredQueue = 1024
	shredBatch = 64
)

// shredder deletes sealed requests once their flow has answered. One
// statement deletes many, so that a sign-in does not pay for a write of its
// own, and no caller waits for it.
type shredder struct {
	vault *vault.Vault
	log   *slog.Logger
	refs  chan vault.Ref
	done  chan struct{}
}

func newShredder(v *vault.Vault, log *slog.Logger) *shredder {
	s := &shredder{vault: v, log: log, refs: make(chan vault.Ref, shredQueue), done: make(chan struct{})}
	go s.work()
	return s
}

// shred queues a reference and never blocks.
func (s *shredder) shred(ref vault.Ref) {
	select {
	case s.refs <- ref:
	default:
	}
}

func (s *shredder) close() {
	close(s.refs)
	<-s.done
}

func (s *shredder) work() {
	defer close(s.done)
	for ref := range s.refs {
		batch := []vault.Ref{ref}
		for len(batch) < shredBatch && len(s.refs) > 0 {
			batch = append(batch, <-s.refs)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		if err := s.vault.Delete(ctx, batch...); err != nil {
			s.log.Warn("sealed requests are left to the clean-up", slog.Int("count", len(batch)), slog.Any("error", err))
		}
		cancel()
	}
}
