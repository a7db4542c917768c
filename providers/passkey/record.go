package passkey

import (
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// stored is what is kept of a passkey. None of it is secret.
type stored struct {
	ID        []byte `json:"id"`
	Handle    []byte `json:"handle"`
	PublicKey []byte `json:"public_key"`
	// Flags are those of the last accepted answer: verified, may be backed up, is
	// backed up.
	Flags      byte     `json:"flags"`
	Transports []string `json:"transports,omitempty"`
	// Model is the AAGUID, the kind of device.
	Model  []byte `json:"aaguid,omitempty"`
	Format string `json:"attestation_format,omitempty"`
	// Attestation is the signed statement of the device's maker, kept where one was asked for.
	Attestation []byte `json:"attestation,omitempty"`
}

func storedOf(c *webauthn.Credential, handle []byte, conveyed bool) stored {
	s := stored{
		ID: c.ID, Handle: handle, PublicKey: c.PublicKey, Flags: byte(c.Flags.ProtocolValue()),
		Model: c.Authenticator.AAGUID, Format: c.AttestationFormat,
	}
	for _, t := range c.Transport {
		s.Transports = append(s.Transports, string(t))
	}
	if conveyed {
		s.Attestation = c.Attestation.Object
	}
	return s
}

func (s stored) credential(counter int64) webauthn.Credential {
	c := webauthn.Credential{
		ID: s.ID, PublicKey: s.PublicKey, AttestationFormat: s.Format,
		Flags:         webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(s.Flags)),
		Authenticator: webauthn.Authenticator{AAGUID: s.Model, SignCount: uint32(counter)}, //nolint:gosec // it was one
	}
	for _, t := range s.Transports {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

func (s stored) id() string { return base64.RawURLEncoding.EncodeToString(s.ID) }

// data is the record as free JSON.
func (s stored) data() (out everlatch.Metadata, err error) {
	raw, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	return out, err
}

func open(data everlatch.Metadata) (s stored, err error) {
	raw, err := json.Marshal(data)
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err == nil && (len(s.ID) == 0 || len(s.PublicKey) == 0) {
		err = errors.New("the record is not a passkey")
	}
	return s, err
}

func descriptors(ids []string) []protocol.CredentialDescriptor {
	out := make([]protocol.CredentialDescriptor, 0, len(ids))
	for _, id := range ids {
		if raw, err := base64.RawURLEncoding.DecodeString(id); err == nil {
			out = append(out, protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: raw})
		}
	}
	return out
}

// owner is a user of the library.
type owner struct {
	handle      []byte
	name        string
	credentials []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return o.handle }
func (o owner) WebAuthnName() string                       { return o.name }
func (o owner) WebAuthnDisplayName() string                { return o.name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

var _ providers.Passkeys = (*Provider)(nil)
