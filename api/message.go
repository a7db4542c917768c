package api

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
)

// Message returns what a caller is told about a refusal: its message, or the
// sentence of its reason.
func Message(e *everlatch.Error) string {
	sentence, known := sentences[e.Reason]
	if e.Message != "" || !known {
		return e.Error()
	}
	if e.Reason == store.RecordNotFound && slices.Contains(plainModels, e.Details["model"]) {
		sentence = plainlyNotFound
	}
	return filled(sentence, e.Details)
}

// worded returns an error of package query with its message, and every other error
// as it is.
func worded(err error) error {
	invalid, ok := errors.AsType[*query.InvalidError](err)
	if !ok {
		return err
	}
	if len(invalid.Issues) == 0 {
		return &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: reasonOther, Message: invalidPrefix, Err: err}
	}
	issues := make([]string, len(invalid.Issues))
	for i, issue := range invalid.Issues {
		issues[i] = filled(sentences[issue.Reason], issue.Details)
	}
	said := invalidPrefix + strings.Join(issues, "; ")
	first := invalid.Issues[0] // what a client that words it itself shows first
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: said, Reason: first.Reason, Details: first.Details, Err: err}
}

// filled replaces the placeholders of a sentence. What a detail holds is never
// taken for a placeholder.
func filled(sentence string, details map[string]string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(sentence, "{")
		b.WriteString(text)
		if !found {
			return b.String()
		}
		var name string
		name, sentence, _ = strings.Cut(rest, "}")
		if name, quoted := strings.CutSuffix(name, ":quoted"); quoted {
			b.WriteString(strconv.Quote(details[name]))
		} else {
			b.WriteString(details[name])
		}
	}
}

// Describe words an error for the person who runs a command: a refusal as a
// caller would read it, an outage with its cause where that is safe to show.
// What was wrapped around it stays.
func Describe(err error) string {
	text := err.Error()
	e, ok := errors.AsType[*everlatch.Error](err)
	if !ok {
		return text
	}
	said := Message(e)
	if fault, ok := errors.AsType[*store.FaultError](e.Err); ok {
		said = strings.TrimSuffix(said, " Try again shortly.")
		said = strings.TrimSuffix(said, ".") + ": " + fault.Error()
	}
	return strings.Replace(text, e.Error(), said, 1)
}
