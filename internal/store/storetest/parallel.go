package storetest

import (
	"context"
	"sync"
)

// InParallel runs n calls at once and returns their errors.
func InParallel(ctx context.Context, n int, call func(ctx context.Context, i int) error) []error {
	errs := make([]error, n)
	ready := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-ready
			errs[i] = call(ctx, i)
		})
	}
	close(ready)
	done.Wait()
	return errs
}
