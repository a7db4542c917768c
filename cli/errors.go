package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/everlatch/everlatch"
)

// explained adds to an outage what may be the reason, and the cause: the person
// who runs a tool can fix it.
func explained(err error) error {
	if !errors.Is(err, everlatch.ErrUnavailable) {
		return err
	}
	return unavailable(err, "is Temporal reachable, and is a worker running?")
}

// unavailable joins an outage, a question that helps, and its cause.
func unavailable(err error, question string) error {
	problems := []error{err, errors.New(question)}
	if why := cause(errors.Unwrap(err)); why != "" {
		problems = append(problems, errors.New("cause: "+why))
	}
	return errors.Join(problems...)
}

// cause says in words why a call got no answer, "" when it does not know more than
// its caller. The errors of Go's network and of gRPC carry the names of their
// layers, which mean nothing to an operator.
func cause(err error) string {
	if err == nil {
		return ""
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	text := err.Error()
	if i := strings.LastIndex(text, "dial tcp "); i >= 0 {
		text = strings.TrimRight(text[i:], `"`)
	}
	return strings.ReplaceAll(text, context.DeadlineExceeded.Error(), "no answer in time")
}
