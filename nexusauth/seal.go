package nexusauth

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/nexus-rpc/sdk-go/nexus"
)

// The algorithms of a [Sealed].
const (
	KeyAlgorithm      = jose.ECDH_ES
	ContentEncryption = jose.A256GCM
)

const (
	// DefaultValidFor is how long a sealed input is good.
	DefaultValidFor = 15 * time.Minute
	// LongestValidFor is as long as it can be.
	LongestValidFor = time.Hour
	// MaxSealed is how many characters a sealed input may have.
	MaxSealed = 64 << 10
)

// SealerOptions configure [NewSealer].
type SealerOptions struct {
	Keys Keys
	// APIKey is a secret API key (sk_…) of the service.
	APIKey string
	// ValidFor is how long a sealed input is good: longer than the service and its
	// database may be away, and at most [LongestValidFor]. 0 is [DefaultValidFor].
	ValidFor time.Duration
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
}

// Sealer seals inputs. It is safe for concurrent use.
type Sealer struct{ opts SealerOptions }

// NewSealer returns a sealer.
func NewSealer(o SealerOptions) (*Sealer, error) {
	if o.Keys.current.Key == nil {
		return nil, errors.New("nexusauth: the keys of the service are needed")
	}
	if o.APIKey == "" {
		return nil, errors.New("nexusauth: a secret API key is needed")
	}
	if o.ValidFor == 0 {
		o.ValidFor = DefaultValidFor
	}
	if o.ValidFor < time.Second || o.ValidFor > LongestValidFor {
		return nil, errors.New("nexusauth: a sealed input is valid for a second to an hour")
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default in another program
	}
	return &Sealer{o}, nil
}

// Seal seals the input of an operation, for one request. It makes a random id, so call it
// outside of workflow code: where the input arrives, or in an activity.
func Seal[I, O any](s *Sealer, operation nexus.OperationReference[Sealed[I], O], in I) (Sealed[I], error) {
	input, err := json.Marshal(in)
	if err != nil {
		return Sealed[I]{}, errors.New("nexusauth: the input is not JSON") // the cause may quote a secret
	}
	now := s.opts.Now()
	text, err := json.Marshal(Envelope{ //nolint:gosec // it is encrypted below
		APIKey: s.opts.APIKey, Operation: operation.Name(), ID: uuid.NewString(),
		IssuedAt: now.Unix(), ExpiresAt: now.Add(s.opts.ValidFor).Unix(), Input: input,
	})
	if err != nil {
		return Sealed[I]{}, err
	}
	encrypter, err := jose.NewEncrypter(ContentEncryption, jose.Recipient{
		Algorithm: KeyAlgorithm, Key: s.opts.Keys.current.Key, KeyID: s.opts.Keys.current.KeyID,
	}, nil)
	if err != nil {
		return Sealed[I]{}, err
	}
	object, err := encrypter.Encrypt(text)
	if err != nil {
		return Sealed[I]{}, err
	}
	sealed, err := object.CompactSerialize()
	if err == nil && len(sealed) > MaxSealed {
		err = errors.New("nexusauth: the input is too long")
	}
	return Sealed[I]{Sealed: sealed}, err
}
