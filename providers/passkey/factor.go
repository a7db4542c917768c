package passkey

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// Method is the second factor in routes, challenges and records.
const Method = "webauthn"

// MaxFactors is how many passkeys an identity can have as second factors.
const MaxFactors = 20

var _ providers.Prompter = Factor{}

// Factor is the second factor "webauthn". Its answers are the JSON of the device's answer,
// as text. An identity can have several.
type Factor struct{ provider *Provider }

// Factor returns the second factor that accepts the same passkeys.
func (p *Provider) Factor() Factor { return Factor{p} }

// Method implements [providers.SecondFactor].
func (Factor) Method() string { return Method }

// AMR implements [providers.MethodReferrer].
func (f Factor) AMR() []string { return f.provider.AMR() }

// DisplayName is the name in messages to users.
func (Factor) DisplayName() string { return "passkey" }

// Several reports that an identity can have more than one.
func (Factor) Several() bool { return true }

// asked is what is kept of options until their answer.
type asked struct {
	Challenge string    `json:"challenge"`
	Until     time.Time `json:"until"`
}

func (f Factor) ask() (asked, error) {
	challenge, err := protocol.CreateChallenge()
	if err != nil {
		return asked{}, err
	}
	return asked{Challenge: challenge.String(), Until: f.provider.opts.Now().Add(f.provider.opts.Timeout)}, nil
}

// answered opens what was asked, while there is time to answer.
func (f Factor) answered(kept []byte) (challenge string, err error) {
	var a asked
	if json.Unmarshal(kept, &a) != nil || a.Challenge == "" {
		return "", refused(errors.New("there is no challenge to answer"))
	}
	if !f.provider.opts.Now().Before(a.Until) {
		return "", refused(errors.New("the challenge has expired"))
	}
	return a.Challenge, nil
}

// options is the answer of a request for something to sign.
func (f Factor) options(a asked, options []byte) (public everlatch.Metadata, secret []byte, err error) {
	var decoded everlatch.Metadata
	if err := json.Unmarshal(options, &decoded); err != nil {
		return nil, nil, err
	}
	secret, err = json.Marshal(a)
	return everlatch.Metadata{"options": decoded, "expires_at": a.Until.UTC().Format(time.RFC3339)}, secret, err
}

// Enroll implements [providers.SecondFactor]. The passkey is stored on the device where
// that has room for it, so that its owner can sign in with it alone.
func (f Factor) Enroll(_ context.Context, in providers.FactorEnrollment) (out providers.EnrolledFactor, err error) {
	if len(in.Existing) >= MaxFactors {
		return out, &everlatch.Error{
			Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonPasskeysFull, Details: map[string]string{"most": strconv.Itoa(MaxFactors)},
			Message: fmt.Sprintf("You can have %d passkeys. Remove one first.", MaxFactors),
		}
	}
	a, err := f.ask()
	if err != nil {
		return out, err
	}
	user := providers.PasskeyUser{Handle: providers.PasskeyHandle(in.AuthIdentityID), Name: cmp.Or(in.Label, in.Issuer)}
	for _, e := range in.Existing {
		user.Existing = append(user.Existing, e.Handle)
	}
	options, err := f.provider.create(a.Challenge, user, protocol.ResidentKeyRequirementPreferred)
	if err != nil {
		return out, err
	}
	out.Public, out.Secret, err = f.options(a, options)
	return out, err
}

// Prompt implements [providers.Prompter]: only the passkeys of the identity may answer.
func (f Factor) Prompt(_ context.Context, factors []providers.FactorRecord) (out providers.FactorPrompt, err error) {
	var allowed []protocol.CredentialDescriptor
	for _, record := range factors {
		s, err := unseal(record.Secret)
		if err != nil {
			return out, err
		}
		c := s.credential(0)
		allowed = append(allowed, c.Descriptor())
	}
	a, err := f.ask()
	if err != nil {
		return out, err
	}
	options, err := f.provider.request(a.Challenge, allowed)
	if err != nil {
		return out, err
	}
	out.Public, out.Secret, err = f.options(a, options)
	return out, err
}

// Verify implements [providers.SecondFactor].
func (f Factor) Verify(_ context.Context, in providers.FactorAnswer) (out providers.FactorVerdict, err error) {
	if len(in.Code) > MaxAnswer {
		return out, refused(fmt.Errorf("the answer is larger than %d bytes", MaxAnswer))
	}
	if in.Setup {
		return f.enable(in)
	}
	claim, err := f.provider.Read([]byte(in.Code))
	if err != nil {
		return out, err
	}
	if claim.ID != in.Factor.Handle {
		return out, refused(errors.New("the answer is that of another passkey"))
	}
	challenge, err := f.answered(in.Prompt)
	if err != nil {
		return out, err
	}
	rec, err := Record(in.Factor)
	if err != nil {
		return out, err
	}
	use, err := f.provider.verify([]byte(in.Code), &rec, func(o owner, parsed *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
		session := f.provider.session(challenge)
		session.UserID, session.AllowedCredentialIDs = o.handle, [][]byte{o.credentials[0].ID}
		return f.provider.library.ValidateLogin(o, session, parsed)
	})
	if err != nil {
		return out, err
	}
	out.Counter = use.Counter
	out.Secret, err = json.Marshal(use.Data)
	return out, err
}

func (f Factor) enable(in providers.FactorAnswer) (out providers.FactorVerdict, err error) {
	challenge, err := f.answered(in.Factor.Secret)
	if err != nil {
		return out, err
	}
	rec, err := f.provider.Register([]byte(in.Code), challenge, providers.PasskeyHandle(in.Factor.AuthIdentityID))
	if err != nil {
		return out, err
	}
	out.Handle, out.Counter = rec.ID, rec.Counter
	out.Secret, err = json.Marshal(rec.Data)
	return out, err
}

// Record returns the passkey of an enabled factor.
func Record(f providers.FactorRecord) (providers.PasskeyRecord, error) {
	s, err := unseal(f.Secret)
	if err != nil {
		return providers.PasskeyRecord{}, err
	}
	data, err := s.data()
	return providers.PasskeyRecord{ID: base64.RawURLEncoding.EncodeToString(s.ID), Counter: f.Counter, Data: data}, err
}

func unseal(secret []byte) (stored, error) {
	var data everlatch.Metadata
	if json.Unmarshal(secret, &data) != nil {
		return stored{}, errors.New("the factor is not a passkey")
	}
	return open(data)
}
