package temporalkit_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

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

func TestCodec(t *testing.T) {
	t.Parallel()
	old, current := key("old", 1), key("new", 2)
	payload := &commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte("json/plain")},
		Data:     []byte(`{"email":"ada@example.com"}`),
	}

	t.Run("hides and gives back", func(t *testing.T) {
		t.Parallel()
		codec := temporalkit.NewCodec(ring(t, current))
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
		sealed, err := temporalkit.NewCodec(ring(t, old)).Encode([]*commonpb.Payload{payload})
		require.NoError(t, err)
		back, err := temporalkit.NewCodec(ring(t, current, old)).Decode(sealed)
		require.NoError(t, err)
		require.Equal(t, payload.Data, back[0].Data)
		_, err = temporalkit.NewCodec(ring(t, current)).Decode(sealed)
		require.Error(t, err)
	})

	t.Run("a changed payload is refused", func(t *testing.T) {
		t.Parallel()
		codec := temporalkit.NewCodec(ring(t, current))
		sealed, err := codec.Encode([]*commonpb.Payload{payload})
		require.NoError(t, err)
		sealed[0].Data[len(sealed[0].Data)-1] ^= 1
		_, err = codec.Decode(sealed)
		require.Error(t, err)
	})

	t.Run("payloads from before encryption pass", func(t *testing.T) {
		t.Parallel()
		back, err := temporalkit.NewCodec(ring(t, current)).Decode([]*commonpb.Payload{payload})
		require.NoError(t, err)
		require.Equal(t, payload, back[0])
	})
}

// TestSecretsAreNoArguments: what holds a secret cannot be converted.
func TestSecretsAreNoArguments(t *testing.T) {
	t.Parallel()
	dc := temporalkit.NewDataConverter(ring(t, key("k", 1)))
	_, err := dc.ToPayload(struct{ Password vault.Secret }{vault.NewSecret([]byte("hunter2"))})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestFailuresAreEncrypted(t *testing.T) {
	t.Parallel()
	fc := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: temporalkit.NewDataConverter(ring(t, key("k", 1))), EncodeCommonAttributes: true,
	})
	failure := fc.ErrorToFailure(temporal.NewApplicationError("Customer ada@example.com exists.", "duplicate_error"))
	require.NotContains(t, failure.String(), "ada@example.com")
}
