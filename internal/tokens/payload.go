package tokens

import (
	"errors"
	"time"
)

// Payloads checks the claims of access tokens whose signature was verified elsewhere, as
// a service does that has nothing but the public keys.
type Payloads struct{ t *Tokens }

// NewPayloads returns the checks of a configuration, of which it reads Issuer, Audience,
// ClockTolerance and AcceptUntyped.
func NewPayloads(cfg Config, now func() time.Time) (*Payloads, error) {
	if cfg.ClockTolerance < 0 {
		return nil, errors.New("clock tolerance must not be negative")
	}
	cfg = cfg.withoutKeys()
	return &Payloads{&Tokens{cfg: cfg, validator: newValidator(cfg, now)}}, nil
}

// Access returns the claims of a token that is valid now and signs its bearer in. raw is
// the token, and payload what was signed. It fails like [Tokens.Verify].
func (p *Payloads) Access(raw string, payload []byte) (Claims, error) {
	return p.t.claimsOf(raw, payload, PurposeAccess)
}

// MaxLength is the maximum length of a token in bytes. A longer one is none.
const MaxLength = maxBytes
