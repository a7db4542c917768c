package temporalkit

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
)

// internalType is the error type of everything that is not an
// [everlatch.Error]. Its cause stays in the log of the process where it arose.
const internalType = "internal"

// Encode turns an error into the one shape that survives a history: an
// application error whose type is the code, whose message may be shown, and
// whose details are the reason of a refusal that has one.
//
// Refusals and what [everlatch.Permanent] marks are not retried; outages and
// everything unknown are, after the pause that [everlatch.RetryAfter] asks for. The message of
// an unknown error is dropped, because it may name an address, a host or a
// row. Errors of Temporal itself (cancellation, continue-as-new) pass.
func Encode(err error) error {
	if err == nil || isControl(err) {
		return err
	}
	if e, ok := errors.AsType[*everlatch.Error](err); ok {
		options := temporal.ApplicationErrorOptions{
			NonRetryable: e.Code != everlatch.CodeUnavailable,
			Category:     temporal.ApplicationErrorCategoryBenign,

			NextRetryDelay: everlatch.RetryDelay(err),
		}
		if e.Reason != "" {
			options.Details = []any{everlatch.RefusalOf(e)}
		}
		return temporal.NewApplicationErrorWithOptions(e.Error(), string(e.Code), options)
	}
	// Custom activities may return Temporal's errors, whose messages are meant to be
	// read.
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app
	}
	return temporal.NewApplicationErrorWithOptions("An internal error.", internalType, temporal.ApplicationErrorOptions{
		NonRetryable: everlatch.IsPermanent(err),
	})
}

// Decode is the inverse of [Encode]: it finds the outermost application error
// in the chain and returns it as an [everlatch.Error]. Errors that carry no
// code are returned unchanged.
func Decode(err error) error {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		return err
	}
	if !isOurs(app.Type()) {
		return err
	}
	code := everlatch.Code(app.Type())
	var said everlatch.Refusal
	if app.HasDetails() && app.Details(&said) == nil && said.Reason != "" && said.Code == code {
		return &everlatch.Error{Code: code, Reason: said.Reason, Details: said.Details, Message: said.Message, Err: err}
	}
	return &everlatch.Error{Code: code, Message: app.Message(), Err: err}
}

// isOurs reports that an error type is a code of everlatch.
func isOurs(errorType string) bool {
	switch everlatch.Code(errorType) {
	case everlatch.CodeInvalidData, everlatch.CodeNotAllowed, everlatch.CodeUnauthorized, everlatch.CodeForbidden,
		everlatch.CodeNotFound, everlatch.CodeConflict, everlatch.CodeDuplicate, everlatch.CodeRateLimited, everlatch.CodeUnavailable,
		everlatch.CodeInternal:
		return true
	}
	return false
}

// isControl reports errors that steer Temporal rather than describe a fault.
func isControl(err error) bool {
	var (
		canceled   *temporal.CanceledError
		terminated *temporal.TerminatedError
	)
	return errors.As(err, &canceled) || errors.As(err, &terminated) || temporal.IsTimeoutError(err) && !isApplication(err)
}

func isApplication(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app)
}
