package providertest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/everlatch/everlatch"
)

// maxText is the maximum length of an error's text, in bytes.
const maxText = 4096

// refusals are the codes of refusals. The others are outages.
var refusals = []everlatch.Code{
	everlatch.CodeInvalidData, everlatch.CodeNotAllowed, everlatch.CodeUnauthorized, everlatch.CodeForbidden,
	everlatch.CodeNotFound, everlatch.CodeConflict, everlatch.CodeDuplicate,
}

// refusal returns the refusal in an error, nil for an outage.
func refusal(err error) *everlatch.Error {
	e, ok := errors.AsType[*everlatch.Error](err)
	if !ok || e.Code == everlatch.CodeUnavailable || e.Code == everlatch.CodeInternal {
		return nil
	}
	return e
}

// checkError checks an error that a provider returned.
func checkError(tb testing.TB, what string, err error, s secrets) {
	tb.Helper()
	if err == nil || errors.Is(err, errPanic) {
		return
	}
	if e, ok := errors.AsType[*everlatch.Error](err); ok {
		outage := e.Code == everlatch.CodeUnavailable || e.Code == everlatch.CodeInternal
		if !outage && !slices.Contains(refusals, e.Code) {
			tb.Errorf("%s: the code %q of the error is none of everlatch's: the code decides about the status of the answer", what, e.Code)
		}
		if strings.TrimSpace(e.Message) == "" || !utf8.ValidString(e.Message) {
			tb.Errorf("%s: the error has no Message that can be shown: it must be a sentence for the person", what)
		}
	}
	for _, text := range texts(err) {
		if where := s.in(text); where != "" {
			tb.Errorf("%s: the error holds %s: neither its text nor that of a cause may, because both are logged", what, where)
			break
		}
	}
	if len(err.Error()) > maxText {
		tb.Errorf("%s: the error is %d bytes long: it must not repeat what came in", what, len(err.Error()))
	}
}

// texts returns every printed form of an error and its causes.
func texts(err error) []string {
	if err == nil {
		return nil
	}
	out := []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)}
	switch e := err.(type) { //nolint:errorlint // the tree is walked
	case interface{ Unwrap() error }:
		out = append(out, texts(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			out = append(out, texts(cause)...)
		}
	}
	return out
}

// wantRefusal requires a refusal.
func wantRefusal(tb testing.TB, what string, err error) {
	tb.Helper()
	switch {
	case errors.Is(err, errPanic): // reported
	case err == nil:
		tb.Errorf("%s is accepted: it must be refused", what)
	case refusal(err) == nil:
		tb.Errorf("%s gives %s, which is an outage: a refusal must be an *everlatch.Error with a code and a message, "+
			"because everything else is tried again and answered with a 5xx", what, shown(err))
	}
}

// wantOutage requires an error after which the same call may be repeated.
func wantOutage(tb testing.TB, what string, err error) {
	tb.Helper()
	switch {
	case errors.Is(err, errPanic):
	case err == nil:
		tb.Errorf("%s gives no error: nothing was proven", what)
	case refusal(err) != nil:
		tb.Errorf("%s gives the refusal %s: it must be everlatch.Unavailable, because the person has done nothing wrong "+
			"and the same call may succeed later", what, shown(err))
	}
}

// wantSuccess requires that there is no error, and reports whether there is
// none.
func wantSuccess(tb testing.TB, what string, err error) bool {
	tb.Helper()
	if err != nil && !errors.Is(err, errPanic) {
		tb.Errorf("%s gives %s: it must be accepted", what, shown(err))
	}
	return err == nil
}

// shown formats an error for a message.
func shown(err error) string { return fmt.Sprintf("%T %s", err, brief(err.Error())) }
