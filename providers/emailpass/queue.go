package emailpass

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/everlatch/everlatch"
)

// DefaultWaiting is how many sign-ins may wait for each core, or hash on it: about
// a second and a half of work.
const DefaultWaiting = 64

// Queue is where password hashes wait for memory. All providers of a process share
// one, so that together they use no more than it has. It is first in, first out.
type Queue struct {
	memoryKiB int64
	slots     *semaphore.Weighted
	// signIns counts those that wait or hash, of which the limit is most.
	signIns atomic.Int64
	most    int64
}

// NewQueue returns a queue for the memory of all hashes that run at once. waiting
// bounds the sign-ins in it; zero is [DefaultWaiting] for each core.
func NewQueue(memoryKiB int64, waiting int) *Queue {
	return &Queue{
		memoryKiB: memoryKiB, slots: semaphore.NewWeighted(memoryKiB),
		most: int64(cmp.Or(waiting, DefaultWaiting*runtime.GOMAXPROCS(0))),
	}
}

// signIn takes a place for a sign-in, or refuses it at once with
// [everlatch.ReasonBusy]. What writes a password waits instead: it is not
// anonymous, and a refusal would stand as the answer to its repetition.
func (q *Queue) signIn() (leave func(), err error) {
	if q.signIns.Add(1) > q.most {
		q.signIns.Add(-1)
		return nil, &everlatch.Error{
			Code: everlatch.CodeUnavailable, Reason: everlatch.ReasonBusy,
			Err: errors.New("too many sign-ins wait for a password hash"),
		}
	}
	return func() { q.signIns.Add(-1) }, nil
}

// run does work while it holds its share of the memory, unless ctx ends before:
// nothing is computed for a caller who has gone.
func (q *Queue) run(ctx context.Context, memoryKiB int64, work func()) error {
	// No work weighs more than the total, or it would wait forever.
	weight := min(memoryKiB, q.memoryKiB)
	if err := q.slots.Acquire(ctx, weight); err != nil {
		return fmt.Errorf("wait for a turn to hash: %w", err)
	}
	defer q.slots.Release(weight)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait for a turn to hash: %w", err)
	}
	work()
	return nil
}
