package vault

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// errSealed is the error of every attempt to serialize a [Secret].
var errSealed = errors.New("vault: a secret cannot be serialised, pass a vault.Ref")

// redacted is the printed form of a secret.
const redacted = "[secret]"

// Secret is a value that may be used but never shown. Encoding one is an error;
// printing or logging one shows "[secret]". The zero Secret is empty.
//
// The bytes are in a closure because fmt calls no methods on unexported fields
// and follows pointers for verbs that do not fit: reflection cannot look into a
// function. The price is that two Secrets are never equal to ==,
// [reflect.DeepEqual] or a test; compare what they reveal.
type Secret struct {
	reveal func() []byte
}

// NewSecret takes over b, which the caller must not change afterwards.
func NewSecret(b []byte) Secret { return Secret{reveal: func() []byte { return b }} }

// Reveal returns the bytes, which the caller must not change, log, or put into
// an error or a payload.
func (s Secret) Reveal() []byte {
	if s.reveal == nil {
		return nil
	}
	return s.reveal()
}

// String implements [fmt.Stringer] with "[secret]".
func (s Secret) String() string { return redacted }

// GoString implements [fmt.GoStringer] with "[secret]".
func (s Secret) GoString() string { return redacted }

// Format implements [fmt.Formatter] with "[secret]" for every verb, so also
// for %x and %d.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer] with "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON always fails; Temporal's data converter and every JSON response
// go through it.
func (s Secret) MarshalJSON() ([]byte, error) { return nil, errSealed }

// UnmarshalJSON always fails: a secret in a request body is read as a string
// and sealed on purpose.
func (s *Secret) UnmarshalJSON([]byte) error { return errSealed }

// MarshalText always fails.
func (s Secret) MarshalText() ([]byte, error) { return nil, errSealed }

// MarshalBinary always fails.
func (s Secret) MarshalBinary() ([]byte, error) { return nil, errSealed }

// GobEncode always fails.
func (s Secret) GobEncode() ([]byte, error) { return nil, errSealed }
