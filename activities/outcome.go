package activities

import (
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
// answer.
func refusal(err error) (*everlatch.Refusal, error) {
	var e *everlatch.Error
	if !errors.As(err, &e) || e.Code == everlatch.CodeUnavailable || e.Code == everlatch.CodeInternal {
		return nil, err
	}
	return &everlatch.Refusal{Code: e.Code, Message: e.Error()}, nil
}
