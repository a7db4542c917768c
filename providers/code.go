package providers

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
)

// CodeProvider makes the codes by which users prove that an address is theirs, and
// checks them (docs/contract.md#s3-8, verification providers). It keeps no state: what it
// knows about a code is in the [Code], encrypted at rest. Package providertest has a
// suite for implementations.
//
// A refusal is an [*everlatch.Error] whose message is shown to the user; every other error
// is an outage.
type CodeProvider interface {
	// Identifier is the kind of the provider, such as "token".
	Identifier() string
	// Rules are the same for all codes of the provider.
	Rules() CodeRules
	// NewCode makes a code. It may be asked twice for one request, with the same Key.
	NewCode(ctx context.Context, r CodeRequest) (Code, error)
	// Check reports whether what a user typed is the code. It compares in constant time.
	Check(ctx context.Context, code Code, typed string) (bool, error)
}

// CodeRules say how codes may be used.
type CodeRules struct {
	// TTL is how long a code is good.
	TTL time.Duration
	// Tries is how many wrong codes end a request; 0 is [DefaultCodeTries]. Codes with
	// Bearer are not counted: a wrong one leads to no request.
	Tries int
	// Bearer says that a code is long and random enough to find its request, so that
	// it can be confirmed without a sign-in, like the link of a mail. Other codes are
	// only accepted from the signed-in identity. The Value of a bearer code has at least
	// 128 random bits.
	Bearer bool
	// Slow says that NewCode and Check leave the machine. They are given four seconds.
	Slow bool
}

// DefaultCodeTries is how many wrong codes end a request, unless its provider has
// another number.
const DefaultCodeTries = 5

// DefaultCodeProvider is the id of the code provider of requests that name none
// (docs/contract.md#s4-3).
const DefaultCodeProvider = "token"

// CodePurpose is the purpose of the keyed hashes by which bearer codes are found.
const CodePurpose = "verification-code"

// CodeRequest says what a code is for.
type CodeRequest struct {
	AuthIdentityID string
	// EntityID is the address, and EntityType what it is: "email", "phone_number".
	EntityID, EntityType string
	// Key is the same when the same request is repeated after an error.
	Key string
}

// Code is a code that waits to be presented.
type Code struct {
	// Value is what the user presents. Subscribers of auth.verification_requested
	// receive it, and the mail shows it. "" if the provider delivers its codes itself.
	Value string `json:"value"`
	// State is what the provider needs for Check besides Value.
	State []byte `json:"state,omitempty"`
}

// Codes keeps code providers by their ids. It does not change after start.
type Codes struct {
	byID  map[string]CodeProvider
	order []string
}

// NewCodes returns an empty registry.
func NewCodes() *Codes { return &Codes{byID: map[string]CodeProvider{}} }

// Add registers a code provider under an id. An id that is taken, and rules that no code
// could satisfy, are errors of the configuration.
func (c *Codes) Add(id string, p CodeProvider) error {
	if id == "" {
		return fmt.Errorf("code provider of kind %q needs an id", p.Identifier())
	}
	if _, taken := c.byID[id]; taken {
		return fmt.Errorf("code provider id %q is registered twice", id)
	}
	if rules := p.Rules(); rules.TTL < time.Second || rules.Tries < 0 {
		return fmt.Errorf("code provider %q: codes are good for a second or more, and take no negative number of tries", id)
	}
	c.byID[id] = p
	c.order = append(c.order, id)
	return nil
}

// Get returns a code provider, or a refusal for an unknown id (docs/weak-spots.md#w65).
func (c *Codes) Get(id string) (CodeProvider, error) {
	p, known := c.byID[id]
	if !known {
		return nil, &everlatch.Error{Code: everlatch.CodeInvalidData, Message: fmt.Sprintf("There is no code provider %q.", id)}
	}
	return p, nil
}

// IDs are the ids of all code providers, in the order of registration.
func (c *Codes) IDs() []string { return slices.Clone(c.order) }
