package providertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

const (
	// parallel is the number of concurrent calls.
	parallel = 50
	// grace is how long a call may continue after its context has ended.
	grace = 5 * time.Second
)

// errPanic is the result of a call that panicked, which is reported.
var errPanic = errors.New("the call panicked")

// run runs a group of checks: as a subtest if possible, and otherwise in a
// separate goroutine, which Fatalf ends.
func run(tb testing.TB, name string, check func(tb testing.TB)) {
	tb.Helper()
	if t, ok := tb.(*testing.T); ok {
		t.Run(name, func(t *testing.T) { check(t) })
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		check(tb)
	}()
	<-done
}

// safely calls a provider and reports a panic.
func safely(tb testing.TB, what string, call func() error) (err error) {
	tb.Helper()
	defer func() {
		tb.Helper()
		if problem := recover(); problem != nil {
			tb.Errorf("%s panics with %s: whatever a request holds, a provider must answer it, because strangers choose what it holds",
				what, brief(fmt.Sprint(problem)))
			err = errPanic
		}
	}()
	return call()
}

// atOnce runs a call many times at once.
func atOnce(call func(i int)) {
	var wait sync.WaitGroup
	for i := range parallel {
		wait.Go(func() { call(i) })
	}
	wait.Wait()
}

// ends reports whether a call returns soon after its context has ended.
func ends(tb testing.TB, what string, call func() error) (err error, ended bool) {
	tb.Helper()
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err, true
	case <-time.After(grace):
		tb.Errorf("%s still runs %s after its context has ended: pass the context on to everything that can take long, "+
			"or a service cannot stop and requests pile up", what, grace)
		return nil, false
	}
}

// endedContext returns a context that has ended.
func endedContext(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	return ctx
}

// brief shortens a text for a message.
func brief(text string) string {
	const enough = 200
	if len(text) > enough {
		text = text[:enough] + "…"
	}
	return fmt.Sprintf("%q", text)
}
