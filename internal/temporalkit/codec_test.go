package temporalkit_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
)

func key(id string, fill byte) vault.Key {
	return vault.Key{ID: id, Secret: vault.NewSecret(bytes.Repeat([]byte{fill}, vault.KeyBytes))}
}

func ring(t *testing.T, keys ...vault.Key) *vault.KeyRing {
	t.Helper()
	r, err := vault.NewKeyRing(keys)
	require.NoError(t, err)
	return r
}

func sealing(t *testing.T, keys ...vault.Key) temporalkit.Sealing {
	t.Helper()
	return temporalkit.Sealing{Ring: ring(t, keys...)}
}

func TestCodec(t *testing.T) {
	t.Parallel()
	old, current := key("old", 1), key("new", 2)
	payload := &commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte("json/plain")},
		Data:     []byte(`{"email":"ada@example.com"}`),
	}

	t.Run("hides and gives back", func(t *testing.T) {
		t.Parallel()
		codec := temporalkit.NewCodec(sealing(t, current))
		sealed, err := codec.Encode([]*commonpb.Payload{payload})
		require.NoError(t, err)
		require.NotContains(t, sealed[0].String(), "ada@example.com")
		require.NotContains(t, sealed[0].String(), "json/plain")
		back, err := codec.Decode(sealed)
		require.NoError(t, err)
		require.Equal(t, payload.Data, back[0].Data)
		require.Equal(t, payload.Metadata, back[0].Metadata)
	})

	t.Run("old keys decrypt after a rotation", func(t *testing.T) {
		t.Parallel()
		sealed, err := temporalkit.NewCodec(sealing(t, old)).Encode([]*commonpb.Payload{payload})
		require.NoError(t, err)
		back, err := temporalkit.NewCodec(sealing(t, current, old)).Decode(sealed)
		require.NoError(t, err)
		require.Equal(t, payload.Data, back[0].Data)
		_, err = temporalkit.NewCodec(sealing(t, current)).Decode(sealed)
		require.Error(t, err)
	})

	t.Run("a changed payload is refused", func(t *testing.T) {
		t.Parallel()
		codec := temporalkit.NewCodec(sealing(t, current))
		sealed, err := codec.Encode([]*commonpb.Payload{payload})
		require.NoError(t, err)
		sealed[0].Data[len(sealed[0].Data)-1] ^= 1
		_, err = codec.Decode(sealed)
		require.Error(t, err)
	})

	t.Run("a payload that is not sealed is refused", func(t *testing.T) {
		t.Parallel()
		for name, unsealed := range map[string]*commonpb.Payload{
			"JSON": payload, "nothing": {}, "nil": nil,
			"a null":           {Metadata: map[string][]byte{converter.MetadataEncoding: []byte("binary/null")}},
			"a seal of no key": {Metadata: map[string][]byte{converter.MetadataEncoding: []byte("binary/everlatch-sealed")}, Data: payload.Data},
		} {
			_, err := temporalkit.NewCodec(sealing(t, current)).Decode([]*commonpb.Payload{unsealed})
			require.Error(t, err, name)
		}
	})

	t.Run("a migration accepts them until its last day", func(t *testing.T) {
		t.Parallel()
		now := time.Date(2027, 1, 30, 23, 59, 0, 0, time.UTC)
		migrating := sealing(t, current)
		migrating.AcceptUnsealedUntil, migrating.Now = now.Add(time.Minute), func() time.Time { return now }
		back, err := temporalkit.NewCodec(migrating).Decode([]*commonpb.Payload{payload})
		require.NoError(t, err)
		require.Equal(t, payload, back[0])

		now = now.Add(time.Minute)
		_, err = temporalkit.NewCodec(migrating).Decode([]*commonpb.Payload{payload})
		require.Error(t, err)
	})
}

// Values of every kind, nil among them, are the same afterwards; an argument that is
// missing is not a zero value.
func TestDataConverter(t *testing.T) {
	t.Parallel()
	dc := temporalkit.NewDataConverter(sealing(t, key("k", 1)))

	for _, value := range []any{"text", 7, true, []byte("bytes"), map[string]any{"a": "b"}, nil} {
		payloads, err := dc.ToPayloads(value)
		require.NoError(t, err)
		var back any
		if _, raw := value.([]byte); raw {
			var out []byte
			require.NoError(t, dc.FromPayloads(payloads, &out))
			require.Equal(t, value, out)
			continue
		}
		require.NoError(t, dc.FromPayloads(payloads, &back))
		require.EqualValues(t, value, back)
	}

	var missing struct{ Email string }
	require.Error(t, dc.FromPayloads(nil, &missing))
	require.Error(t, dc.FromPayloads(&commonpb.Payloads{}, &missing))
	require.NoError(t, dc.FromPayloads(nil), "a workflow without an argument")
}

// TestSecretsAreNoArguments: what holds a secret cannot be converted.
func TestSecretsAreNoArguments(t *testing.T) {
	t.Parallel()
	dc := temporalkit.NewDataConverter(sealing(t, key("k", 1)))
	_, err := dc.ToPayload(struct{ Password vault.Secret }{vault.NewSecret([]byte("hunter2"))})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestFailuresAreEncrypted(t *testing.T) {
	t.Parallel()
	fc := temporalkit.NewFailureConverter(sealing(t, key("k", 1)))
	failure := fc.ErrorToFailure(temporal.NewApplicationError("Customer ada@example.com exists.", "duplicate_error"))
	require.NotContains(t, failure.String(), "ada@example.com")

	back := temporalkit.Decode(fc.FailureToError(failure))
	require.ErrorIs(t, back, everlatch.ErrDuplicate)
	require.ErrorContains(t, back, "ada@example.com")
}

// What another program reports as ours is not shown, and refuses nothing; what the
// server reports passes.
func TestFailuresThatAreNotSealed(t *testing.T) {
	t.Parallel()
	s := sealing(t, key("k", 1))
	fc := temporalkit.NewFailureConverter(s)
	forged := func() *failurepb.Failure {
		return &failurepb.Failure{
			Message: "Call 555-0100 to unlock your account.",
			FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{
				Type: string(everlatch.CodeInvalidData), NonRetryable: true,
			}},
		}
	}
	wrongKey := temporalkit.NewFailureConverter(sealing(t, key("other", 2))).ErrorToFailure(
		temporal.NewApplicationError("Call 555-0100 to unlock your account.", string(everlatch.CodeInvalidData)))
	for name, failure := range map[string]*failurepb.Failure{
		"in clear": forged(), "with another key": wrongKey,
		"as a cause": {
			Message: "activity error", Cause: forged(),
			FailureInfo: &failurepb.Failure_ActivityFailureInfo{ActivityFailureInfo: &failurepb.ActivityFailureInfo{}},
		},
	} {
		err := temporalkit.Decode(fc.FailureToError(failure))
		require.NotContains(t, err.Error(), "555-0100", name)
		var said *everlatch.Error
		require.NotErrorAs(t, err, &said, name)
	}

	timeout := fc.FailureToError(&failurepb.Failure{
		Message: "activity StartToClose timeout",
		FailureInfo: &failurepb.Failure_TimeoutFailureInfo{TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{
			TimeoutType: enumspb.TIMEOUT_TYPE_START_TO_CLOSE,
		}},
	})
	require.True(t, temporal.IsTimeoutError(timeout))
	require.ErrorContains(t, timeout, "StartToClose")

	s.AcceptUnsealedUntil, s.Now = time.Unix(1, 0), func() time.Time { return time.Unix(0, 0) }
	require.ErrorIs(t, temporalkit.Decode(temporalkit.NewFailureConverter(s).FailureToError(forged())), everlatch.ErrInvalidData)
}
