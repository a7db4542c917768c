package nexusauth

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
)

// AsError returns the refusal of an operation, from the error that the workflow got. It
// has a code, and a message that a user may read. An error that is none, such as a timeout
// or an input that was not sealed, is not ok.
func AsError(err error) (e *everlatch.Error, ok bool) {
	for err != nil {
		if app, isApp := err.(*temporal.ApplicationError); isApp { //nolint:errorlint // the chain is walked here
			var said everlatch.Refusal
			if app.HasDetails() && app.Details(&said) == nil && said.Code != "" && string(said.Code) == app.Type() {
				return &everlatch.Error{Code: said.Code, Reason: said.Reason, Details: said.Details, Message: said.Message, Err: err}, true
			}
		}
		err = errors.Unwrap(err)
	}
	return nil, false
}
