package activities

import (
	"context"
	"errors"

	"github.com/everlatch/everlatch"
)

// None is the output of an activity that has nothing to say.
type None struct{}

// Verdict is the output of a step that the store may refuse.
type Verdict struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
}

// refusal splits an error into the answer for the caller and the fault for
// Temporal: outages and internal errors are faults, everything else is an
// answer. That there is no room for a sign-in is an answer too: the caller asks
// again, and not Temporal.
func refusal(err error) (*everlatch.Refusal, error) {
	var e *everlatch.Error
	if errors.As(err, &e) && e.Reason == everlatch.ReasonBusy {
		return new(everlatch.RefusalOf(e)), nil
	}
	if e == nil || e.Code == everlatch.CodeUnavailable || e.Code == everlatch.CodeInternal {
		return nil, err
	}
	return new(everlatch.RefusalOf(e)), nil
}

// refusalBy is [refusal] for what a provider has decided. Its cause, which
// is not part of the answer, goes to the log: the reason why a provider refuses everyone can be seen
// nowhere else. A cause holds no secret; providertest sees to that.
func refusalBy(ctx context.Context, provider string, err error) (*everlatch.Refusal, error) {
	answer, fault := refusal(err)
	if e, ok := errors.AsType[*everlatch.Error](err); ok && answer != nil && e.Err != nil {
		loggerOf(ctx).Info("a provider refused a sign-in", "provider", provider, "answer", answer.Message, "cause", e.Err.Error())
	}
	return answer, fault
}
