package temporalkit

import (
	"errors"
	"fmt"
	"time"

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

// Sealing says how payloads are sealed, and whether others are read.
type Sealing struct {
	// Ring must be derived for this purpose alone; its older keys keep decrypting.
	Ring *vault.KeyRing
	// AcceptUnsealedUntil is for a migration: until then payloads that are not
	// sealed are read too. The zero time refuses them.
	AcceptUnsealedUntil time.Time
	// Now is needed with AcceptUnsealedUntil alone.
	Now func() time.Time
}

// NewDataConverter returns the default converter behind AES-256-GCM. It refuses
// what is not sealed: everyone who reaches Temporal could otherwise start a workflow, or
// answer a step, with words of their own. An argument that is missing altogether
// would decode into its zero value, so it is refused as well.
func NewDataConverter(s Sealing) converter.DataConverter {
	return &dataConverter{
		DataConverter: converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), NewCodec(s)), sealing: s,
	}
}

// errUnsealed is what a payload gets that was not sealed with the key ring.
var errUnsealed = errors.New("the payload is not sealed")

func (s Sealing) acceptsUnsealed() bool {
	return !s.AcceptUnsealedUntil.IsZero() && s.Now().Before(s.AcceptUnsealedUntil)
}

type dataConverter struct {
	converter.DataConverter

	sealing Sealing
}

// FromPayloads implements [converter.DataConverter].
func (c *dataConverter) FromPayloads(payloads *commonpb.Payloads, valuePtrs ...any) error {
	if len(payloads.GetPayloads()) == 0 && len(valuePtrs) > 0 && !c.sealing.acceptsUnsealed() {
		return errUnsealed
	}
	return c.DataConverter.FromPayloads(payloads, valuePtrs...)
}

// NewCodec returns the codec of [NewDataConverter], for a remote codec endpoint
// and for tests that read histories.
func NewCodec(s Sealing) converter.PayloadCodec { return &codec{s} }

type codec struct{ Sealing }

// Encode implements [converter.PayloadCodec].
func (c *codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("marshal payload: %w", err)
		}
		keyID, sealed := c.Ring.Seal(plain, payloadAAD)
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

// Decode implements [converter.PayloadCodec].
func (c *codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encodingSealed {
			if !c.acceptsUnsealed() {
				return nil, errUnsealed
			}
			out[i] = p
			continue
		}
		plain, err := c.Ring.Open(string(p.GetMetadata()[metadataKeyID]), p.GetData(), payloadAAD)
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
