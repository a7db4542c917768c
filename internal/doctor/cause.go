package doctor

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/everlatch/everlatch"
)

// Cause says in words why a call got no answer, "" for nil. The errors of Go's network and
// of gRPC carry the names of their layers, which mean nothing to an operator.
func Cause(err error) string {
	if err == nil {
		return ""
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	// What clients are told about an outage says less than its private cause.
	for e, ok := errors.AsType[*everlatch.Error](err); ok && e.Err != nil; e, ok = errors.AsType[*everlatch.Error](err) {
		err = e.Err
	}
	text := err.Error()
	if m := failedDial.FindStringSubmatch(text); m != nil {
		text = cmp.Or(m[1], m[2]) + ": " + m[3]
	}
	return strings.ReplaceAll(text, context.DeadlineExceeded.Error(), "no answer in time")
}

// failedDial finds an address or the name of a host, and the reason, in the last
// line of Go's words for a connection that failed.
var failedDial = regexp.MustCompile(`(?s).*dial tcp:? (?:(\S+): connect|lookup (\S+)(?: on \S+)?): ([^"]*)`)
