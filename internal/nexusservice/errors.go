package nexusservice

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"

	"github.com/nexus-rpc/sdk-go/nexus"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/nexusauth"
)

// answer turns an error into what Temporal understands: a refusal is the result of the
// operation, an outage is repeated, and what the caller did wrong is not.
func (s *service) answer(ctx context.Context, operation string, e nexusauth.Envelope, err error) error {
	if wrong, ok := errors.AsType[*nexus.HandlerError](err); ok {
		return wrong
	}
	code := everlatch.ErrorCode(err)
	if ctx.Err() != nil {
		code = everlatch.CodeUnavailable // a repetition finds the flow, which goes on
	}
	switch code {
	case everlatch.CodeUnavailable:
		s.Log.WarnContext(ctx, "a Nexus operation is to be repeated",
			slog.String("operation", operation), slog.Any("error", everlatch.Cause(err)))
		return nexus.NewHandlerErrorf(nexus.HandlerErrorTypeUnavailable, "The service is not available.")
	case everlatch.CodeInternal:
		s.Log.ErrorContext(ctx, "a Nexus operation broke down",
			slog.String("operation", operation), slog.Any("error", everlatch.Cause(err)))
		return nexus.NewHandlerErrorf(nexus.HandlerErrorTypeInternal, "An internal error.")
	default:
		refusal, _ := errors.AsType[*everlatch.Error](err) // it has a code
		return s.refused(refusal, e.Input)
	}
}

// refused is the failure of an operation, with the code and what may be said. It stays in
// the history of the caller, so it repeats nothing of the input.
func (s *service) refused(e *everlatch.Error, input json.RawMessage) error {
	said := everlatch.Refusal{Code: e.Code, Reason: e.Reason, Message: without(s.Message(e), input)}
	if after := e.Details["retry_after"]; after != "" {
		said.Details = map[string]string{"retry_after": after}
	}
	return &nexus.OperationError{
		State:   nexus.OperationStateFailed,
		Message: said.Message,
		Cause: temporal.NewApplicationErrorWithOptions(said.Message, string(e.Code), temporal.ApplicationErrorOptions{
			NonRetryable: true, Details: []any{said}, Category: temporal.ApplicationErrorCategoryBenign,
		}),
	}
}

// shortest is the length below which a text is no address and no secret, but a word that
// the message may have itself.
const shortest = 4

// without returns a message without the texts of an input.
func without(message string, input json.RawMessage) string {
	var value any
	if json.Unmarshal(input, &value) != nil {
		return message
	}
	for _, text := range texts(value) {
		if len(text) >= shortest {
			message = strings.ReplaceAll(message, text, "…")
			message = strings.ReplaceAll(message, strings.ToLower(text), "…")
		}
	}
	return message
}

// texts are all texts in the objects below value that a user may have typed.
func texts(value any) (out []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			out = append(out, texts(one)...)
		}
	case map[string]any:
		for name, one := range v {
			if name != "actor_type" && name != "provider" && name != "name" {
				out = append(out, texts(one)...)
			}
		}
	}
	return out
}
