package temporalkit

import (
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/everlatch/everlatch/internal/vault"
)

// encodingSealed marks a payload that [NewDataConverter] encrypted; its
// metadata "key" holds the id of the key.
const (
	encodingSealed = "binary/everlatch-sealed"
	metadataKeyID  = "key"
)

// payloadAAD binds a ciphertext to its use, so that a sealed payload cannot
// pass for another kind of sealed value under the same key.
var payloadAAD = []byte("temporal payload")

// NewDataConverter returns the default converter behind AES-256-GCM. The ring
// must be derived for this purpose alone; its older keys keep decrypting.
func NewDataConverter(ring *vault.KeyRing) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), NewCodec(ring))
}

// NewCodec returns the codec of [NewDataConverter], for a remote codec endpoint
// and for tests that read histories.
func NewCodec(ring *vault.KeyRing) converter.PayloadCodec { return &codec{ring: ring} }

type codec struct{ ring *vault.KeyRing }

// Encode implements [converter.PayloadCodec].
func (c *codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("marshal payload: %w", err)
		}
		keyID, sealed := c.ring.Seal(plain, payloadAAD)
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(encodingSealed),
				metadataKeyID:              []byte(keyID),
			},
			Data: sealed,
		}
	}
	return out, nil
}

// Decode implements [converter.PayloadCodec]. Payloads that were never sealed
// pass unchanged, so that histories from before encryption stay readable.
func (c *codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encodingSealed {
			out[i] = p
			continue
		}
		plain, err := c.ring.Open(string(p.GetMetadata()[metadataKeyID]), p.GetData(), payloadAAD)
		if err != nil {
			return nil, errors.New("open payload: the key is unknown or the payload was changed")
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, fmt.Errorf("unmarshal payload: %w", err)
		}
	}
	return out, nil
}
