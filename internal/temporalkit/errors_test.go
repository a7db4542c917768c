package temporalkit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
)

func TestEncodeAndDecode(t *testing.T) {
	t.Parallel()
	refused := &everlatch.Error{Code: everlatch.CodeDuplicate, Message: "It exists.", Err: errors.New("db at 10.0.0.1")}

	tests := map[string]struct {
		err       error
		code      everlatch.Code
		message   string
		retryable bool
	}{
		"refusal":            {err: refused, code: everlatch.CodeDuplicate, message: "It exists."},
		"wrapped refusal":    {err: fmt.Errorf("create: %w", refused), code: everlatch.CodeDuplicate, message: "It exists."},
		"joined refusal":     {err: errors.Join(errors.New("other"), refused), code: everlatch.CodeDuplicate, message: "It exists."},
		"outage is retried":  {err: everlatch.Unavailable("The database", errors.New("dial tcp 10.0.0.1")), code: everlatch.CodeUnavailable, message: "The database is not available. Try again shortly.", retryable: true},
		"code without words": {err: everlatch.ErrConflict, code: everlatch.CodeConflict, message: "conflict"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			encoded := temporalkit.Encode(tt.err)
			app, ok := errors.AsType[*temporal.ApplicationError](encoded)
			require.True(t, ok)
			require.Equal(t, tt.retryable, !app.NonRetryable())
			require.NotContains(t, encoded.Error(), "10.0.0.1", "a private cause stays here")

			decoded := temporalkit.Decode(fmt.Errorf("wrapped by Temporal: %w", encoded))
			require.Equal(t, tt.code, everlatch.ErrorCode(decoded))
			require.Equal(t, tt.message, decoded.Error())
			require.ErrorIs(t, decoded, &everlatch.Error{Code: tt.code})

			again := temporalkit.Decode(temporalkit.Encode(decoded))
			require.Equal(t, tt.code, everlatch.ErrorCode(again), "V7: the code survives being encoded twice")
		})
	}
}

// A refusal by reason arrives with its reason and details, and without a message.
func TestReasonSurvives(t *testing.T) {
	t.Parallel()
	refused := &everlatch.Error{
		Code: everlatch.CodeNotFound, Reason: "record_not_found", Details: map[string]string{"model": "Customer", "id": "cus_1"},
		Err: errors.New("db at 10.0.0.1"),
	}
	decoded := temporalkit.Decode(fmt.Errorf("wrapped: %w", temporalkit.Encode(temporalkit.Decode(temporalkit.Encode(refused)))))
	arrived, ok := errors.AsType[*everlatch.Error](decoded)
	require.True(t, ok)
	require.Equal(t, everlatch.RefusalOf(refused), everlatch.RefusalOf(arrived))
	require.ErrorIs(t, decoded, &everlatch.Error{Code: everlatch.CodeNotFound, Reason: "record_not_found"})
	require.NotErrorIs(t, decoded, &everlatch.Error{Code: everlatch.CodeNotFound, Reason: "another"})
	require.Equal(t, "record_not_found (id: cus_1, model: Customer)", refused.Error())
}

func TestEncodeKeepsCustomErrors(t *testing.T) {
	t.Parallel()
	own := temporal.NewNonRetryableApplicationError("sold out", "SoldOut", nil)
	app, ok := errors.AsType[*temporal.ApplicationError](temporalkit.Encode(fmt.Errorf("order: %w", own)))
	require.True(t, ok)
	require.Equal(t, "SoldOut", app.Type())
	require.Equal(t, "sold out", app.Message())
	require.True(t, app.NonRetryable())

	app, ok = errors.AsType[*temporal.ApplicationError](temporalkit.Encode(everlatch.Permanent(errors.New("a cause at 10.0.0.1"))))
	require.True(t, ok)
	require.True(t, app.NonRetryable())
	require.NotContains(t, app.Message(), "10.0.0.1")
}

func TestEncodeHidesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	encoded := temporalkit.Encode(errors.New(`duplicate key "ada@example.com"`))
	require.NotContains(t, encoded.Error(), "ada")
	app, ok := errors.AsType[*temporal.ApplicationError](encoded)
	require.True(t, ok)
	require.False(t, app.NonRetryable(), "an unknown fault may pass")
	require.Equal(t, encoded, temporalkit.Decode(encoded))
}

func TestEncodeLetsControlPass(t *testing.T) {
	t.Parallel()
	require.NoError(t, temporalkit.Encode(nil))
	canceled := temporal.NewCanceledError()
	require.Equal(t, canceled, temporalkit.Encode(canceled))
	require.Equal(t, context.Canceled, temporalkit.Decode(context.Canceled))
}
