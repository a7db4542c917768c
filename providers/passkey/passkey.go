package passkey

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// Identifier is the provider's kind and its id.
const Identifier = "passkey"

// MaxAnswer is the most bytes of an answer: those with the certificates of a device's maker
// are the largest.
const MaxAnswer = 32 << 10

// Provider implements [providers.Passkeys].
type Provider struct {
	opts    Options
	library *webauthn.WebAuthn
}

// New returns a provider, or an error that lists everything that is wrong with the options.
func New(o Options) (*Provider, error) {
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	config, err := o.config()
	if err != nil {
		return nil, err
	}
	library, err := webauthn.New(config)
	if err != nil {
		return nil, err
	}
	return &Provider{opts: o, library: library}, nil
}

// Identifier implements [providers.Provider].
func (*Provider) Identifier() string { return Identifier }

// AMR implements [providers.MethodReferrer]: proof of a key, which may be one in hardware or
// a synced one, by someone who was there.
func (*Provider) AMR() []string { return []string{"pop", "user"} }

// DisplayName implements [providers.Provider].
func (*Provider) DisplayName() string { return "Passkey" }

// Timeout implements [providers.Passkeys].
func (p *Provider) Timeout() time.Duration { return p.opts.Timeout }

// RelatedOrigins are the origins that browsers look up at /.well-known/webauthn.
func (p *Provider) RelatedOrigins() []string { return slices.Clone(p.opts.RelatedOrigins) }

// Request implements [providers.Passkeys].
func (p *Provider) Request(challenge string) ([]byte, error) {
	return p.request(challenge, nil)
}

func (p *Provider) request(challenge string, allowed []protocol.CredentialDescriptor) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		return nil, errors.New("the challenge is not base64url")
	}
	assertion, _, err := p.library.BeginDiscoverableLogin(webauthn.WithChallenge(raw), webauthn.WithAllowedCredentials(allowed), p.patience)
	if err != nil {
		return nil, err
	}
	return json.Marshal(assertion.Response)
}

func (p *Provider) patience(o *protocol.PublicKeyCredentialRequestOptions) error {
	o.Timeout = int(p.opts.Timeout.Milliseconds())
	return nil
}

// Create implements [providers.Passkeys].
func (p *Provider) Create(challenge string, user providers.PasskeyUser) ([]byte, error) {
	return p.create(challenge, user, protocol.ResidentKeyRequirementRequired)
}

func (p *Provider) create(challenge string, user providers.PasskeyUser, discoverable protocol.ResidentKeyRequirement) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		return nil, errors.New("the challenge is not base64url")
	}
	name := cmp.Or(user.Name, p.library.Config.RPDisplayName)
	creation, _, err := p.library.BeginRegistration(owner{handle: user.Handle, name: name},
		webauthn.WithResidentKeyRequirement(discoverable), webauthn.WithExclusions(descriptors(user.Existing)),
		func(o *protocol.PublicKeyCredentialCreationOptions) error {
			o.Challenge, o.Timeout = raw, int(p.opts.Timeout.Milliseconds())
			return nil
		})
	if err != nil {
		return nil, err
	}
	return json.Marshal(creation.Response)
}

// Read implements [providers.Passkeys].
func (*Provider) Read(answer []byte) (out providers.PasskeyClaim, err error) {
	if len(answer) > MaxAnswer {
		return out, refused(fmt.Errorf("the answer is larger than %d bytes", MaxAnswer))
	}
	var in struct {
		ID       string `json:"id"`
		Response struct {
			ClientData string `json:"clientDataJSON"`
			Handle     string `json:"userHandle"`
		} `json:"response"`
	}
	if json.Unmarshal(answer, &in) != nil {
		return out, refused(errors.New("the answer is not that of a passkey"))
	}
	raw, err := base64.RawURLEncoding.DecodeString(in.Response.ClientData)
	var client struct {
		Challenge string `json:"challenge"`
	}
	if err != nil || json.Unmarshal(raw, &client) != nil || client.Challenge == "" || in.ID == "" {
		return out, refused(errors.New("the answer has no challenge or no id"))
	}
	handle, err := base64.RawURLEncoding.DecodeString(in.Response.Handle)
	if err != nil {
		return out, refused(errors.New("the user handle is not base64url"))
	}
	return providers.PasskeyClaim{ID: in.ID, Challenge: client.Challenge, Handle: handle}, nil
}

// Register implements [providers.Passkeys].
func (p *Provider) Register(answer []byte, challenge string, handle []byte) (out providers.PasskeyRecord, err error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return out, refused(err)
	}
	session := p.session(challenge)
	session.UserID, session.CredParams = handle, webauthn.CredentialParametersDefault()
	created, err := p.library.CreateCredential(owner{handle: handle}, session, parsed)
	if err != nil {
		return out, refused(err)
	}
	s := storedOf(created, handle, p.library.Config.AttestationPreference != protocol.PreferNoAttestation)
	data, err := s.data()
	return providers.PasskeyRecord{ID: s.id(), Counter: int64(created.Authenticator.SignCount), Data: data}, err
}

// Verify implements [providers.Passkeys].
func (p *Provider) Verify(answer []byte, challenge string, rec *providers.PasskeyRecord) (providers.PasskeyUse, error) {
	return p.verify(answer, rec, func(o owner, parsed *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
		_, c, err := p.library.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return o, nil }, p.session(challenge), parsed)
		return c, err
	})
}

func (p *Provider) verify(
	answer []byte, rec *providers.PasskeyRecord,
	validate func(owner, *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error),
) (out providers.PasskeyUse, err error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return out, refused(err)
	}
	if rec == nil {
		return out, refused(errors.New("there is no such passkey"))
	}
	s, err := open(rec.Data)
	if err != nil {
		return out, err
	}
	used, err := validate(owner{handle: s.Handle, credentials: []webauthn.Credential{s.credential(rec.Counter)}}, parsed)
	if err != nil {
		return out, refused(err)
	}
	if used.Authenticator.CloneWarning {
		return out, &everlatch.Error{
			Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonPasskeyCloned,
			Err: errors.New("the signature counter has not grown"),
		}
	}
	flags := parsed.Response.AuthenticatorData.Flags
	s.Flags = byte(used.Flags.ProtocolValue())
	out = providers.PasskeyUse{
		Counter: int64(used.Authenticator.SignCount), UserVerified: flags.HasUserVerified(), Synced: flags.HasBackupEligible(),
	}
	out.Data, err = s.data()
	return out, err
}

// session is what the library compares an answer with.
func (p *Provider) session(challenge string) webauthn.SessionData {
	return webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: p.opts.RPID, UserVerification: p.library.Config.AuthenticatorSelection.UserVerification,
	}
}

// refused is the answer to everything that is wrong with an answer. The cause is for
// the log: those of the library quote no challenge and no signature.
func refused(cause error) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonPasskeyRefused, Err: cause}
}
