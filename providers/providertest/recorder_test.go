package providertest_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorder is a test that may fail.
type recorder struct {
	testing.TB

	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Logf(string, ...any) {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// failures returns what a suite complains about.
func failures[C any](t *testing.T, suite func(tb testing.TB, c C), c C) []string {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		suite(r, c)
	}()
	<-done
	return r.failures
}

// requireFailure wants a complaint.
func requireFailure(t *testing.T, got []string, want string) {
	t.Helper()
	for _, failure := range got {
		if strings.Contains(failure, want) {
			return
		}
	}
	shown := strings.Join(got, "\n")
	require.Failf(t, "the suite does not find out", "wanted %q, got\n%.4000s", want, shown)
}
