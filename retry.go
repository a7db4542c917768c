package everlatch

import (
	"errors"
	"time"
)

// RetryAfter marks a failure whose other side asked for a pause before the next
// attempt, as HTTP's Retry-After does. What works through retries honours it within
// its own bounds. A delay of 0 takes an earlier mark away.
func RetryAfter(cause error, delay time.Duration) error {
	if cause == nil {
		return nil
	}
	return &retryAfterError{cause, delay}
}

// RetryDelay returns the pause that [RetryAfter] has marked a failure with, 0 for none.
func RetryDelay(err error) time.Duration {
	if e, ok := errors.AsType[*retryAfterError](err); ok {
		return max(0, e.delay)
	}
	return 0
}

type retryAfterError struct {
	error

	delay time.Duration
}

func (e *retryAfterError) Unwrap() error { return e.error }
