package everlatch

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Code says what a caller can do about an error. The values are the error
// types of the wire contract (docs/contract.md#s4-1) and never change.
type Code string

// The codes, with the HTTP status that the API gives them.
const (
	// CodeInvalidData is a malformed or incomplete input (400).
	CodeInvalidData Code = "invalid_data"
	// CodeNotAllowed is a well-formed input that breaks a rule (400).
	CodeNotAllowed Code = "not_allowed"
	// CodeUnauthorized is a refused credential (401).
	CodeUnauthorized Code = "unauthorized"
	// CodeForbidden is a known caller who lacks the permission (403).
	CodeForbidden Code = "forbidden"
	// CodeNotFound is a record that does not exist for this caller (404).
	CodeNotFound Code = "not_found"
	// CodeConflict is a request that cannot be reconciled with an earlier one,
	// such as an Idempotency-Key with another body (409).
	CodeConflict Code = "conflict"
	// CodeDuplicate is a record that already exists (422).
	CodeDuplicate Code = "duplicate_error"
	// CodeRateLimited is a request that came too soon after others (429). The
	// detail retry_after says after how many seconds it may be sent again.
	CodeRateLimited Code = "too_many_requests"
	// CodeUnavailable is a dependency that is unavailable: the caller may retry
	// the same request (503).
	CodeUnavailable Code = "unavailable"
	// CodeInternal is a failure that the caller cannot resolve (500).
	CodeInternal Code = "unexpected_state"
)

// Reason names the rule that a refusal is about, where its code covers several.
// It is for programs; the API turns it into a message.
type Reason string

// Error is an error whose code and message may be shown to the caller. It has
// a Message, or a Reason with Details, which the API turns into a message. With
// both, the Message is what the API says, and the Reason is told to programs.
//
// Err is the private cause: it is logged, never shown, and does not travel
// through Temporal. Messages and details contain no secrets, machine addresses
// or SQL.
type Error struct {
	Code    Code
	Reason  Reason
	Details map[string]string // the values that Reason is about, by name
	Message string
	Err     error
}

// Error returns the message. Without one it names the reason and its details,
// for logs, and without a reason the code.
func (e *Error) Error() string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Reason == "":
		return string(e.Code)
	case len(e.Details) == 0:
		return string(e.Reason)
	}
	details := make([]string, 0, len(e.Details))
	for _, name := range slices.Sorted(maps.Keys(e.Details)) {
		details = append(details, name+": "+e.Details[name])
	}
	return string(e.Reason) + " (" + strings.Join(details, ", ") + ")"
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an [Error] of the same code, and of the same
// reason and message where target has one. So errors.Is(err, ErrNotFound) holds
// for every record that was not found, also after the error has passed through
// Temporal.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && (t.Reason == "" || t.Reason == e.Reason) && (t.Message == "" || t.Message == e.Message)
}

// Sentinels for errors.Is. Each matches every message of its code.
var (
	ErrInvalidData  = &Error{Code: CodeInvalidData}
	ErrNotAllowed   = &Error{Code: CodeNotAllowed}
	ErrUnauthorized = &Error{Code: CodeUnauthorized}
	ErrNotFound     = &Error{Code: CodeNotFound}
	ErrConflict     = &Error{Code: CodeConflict}
	ErrDuplicate    = &Error{Code: CodeDuplicate}
	ErrUnavailable  = &Error{Code: CodeUnavailable}
)

// Unavailable wraps the failure of a dependency that may work again later.
func Unavailable(what string, cause error) *Error {
	return &Error{Code: CodeUnavailable, Message: what + " is not available. Try again shortly.", Err: cause}
}

// Permanent marks a failure that no retry can fix, such as a mailbox that does
// not exist. Retries stop at once.
func Permanent(cause error) error {
	if cause == nil {
		return nil
	}
	return &permanentError{cause}
}

// IsPermanent reports whether a failure was marked by [Permanent].
func IsPermanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	return ok
}

type permanentError struct{ error }

func (e *permanentError) Unwrap() error { return e.error }

// ErrorCode returns the code of the first [Error] in err's chain, and
// [CodeInternal] when there is none.
func ErrorCode(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// Cause returns an error for the log, whose text continues with the private
// causes that [Error.Error] hides.
func Cause(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Err != nil {
		return fmt.Errorf("%s: %w", err.Error(), Cause(e.Err))
	}
	return err
}

// Refusal is an [Error] as a value: an expected outcome of a flow, not a
// failure. It travels through Temporal as part of a result.
type Refusal struct {
	Code    Code              `json:"code"`
	Reason  Reason            `json:"reason,omitempty"`
	Details map[string]string `json:"details,omitempty"`
	Message string            `json:"message"`
}

// RefusalOf returns an [Error] as a value, without its cause.
func RefusalOf(e *Error) Refusal {
	return Refusal{Code: e.Code, Reason: e.Reason, Details: e.Details, Message: e.Message}
}

// Err returns the refusal as an [Error].
func (r Refusal) Err() error {
	return &Error{Code: r.Code, Reason: r.Reason, Details: r.Details, Message: r.Message}
}
