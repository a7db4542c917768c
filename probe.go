package everlatch

import (
	"context"
	"time"
)

// Prober is a part that depends on another service and can say whether that one is ready
// for it: a provider, a second factor, a subscriber. `everlatch doctor` asks it.
type Prober interface {
	// Probe asks the service, within the context's deadline, without a user and without
	// changing anything there. Its error tells an operator what is wrong, and holds no
	// secret; [CodeUnavailable] means that the service did not answer, every other error
	// that it answered wrongly or that the options do not fit it.
	Probe(ctx context.Context) (Probed, error)
}

// Probed is what a probe has found.
type Probed struct {
	// Found is for operators, such as "issuer https://id.example, signing keys: 2".
	Found string
	// Clock is what the service's clock showed, to the second, zero when it did not say.
	// At is when it said so, zero for the end of the probe.
	Clock, At time.Time
}
