package providers

import (
	"context"

	"github.com/everlatch/everlatch"
)

// Provider is what every auth provider has (docs/contract.md#s3-1).
type Provider interface {
	// Identifier is the kind of the provider, such as "emailpass". Several
	// registrations may share a kind under different ids (docs/weak-spots.md#w23).
	Identifier() string
	// DisplayName is shown to people.
	DisplayName() string
}

// Input is the request of a person who registers or signs in, as it came in.
// It may hold a password: it reaches a provider through the vault only.
type Input struct {
	// Body is the decoded request body; values are the JSON types.
	Body map[string]any `json:"body"`
	// Query are the query parameters, the last value of each.
	Query map[string]string `json:"query,omitempty"`
	// ActorType is who the person wants to be.
	ActorType string `json:"actor_type"`
}

// Subject is the identifier that a request claims, before anything is proven.
type Subject struct {
	// EntityID is what is stored and shown, EntityKey what is compared (docs/weak-spots.md#w22).
	EntityID, EntityKey string
}

// Record is what the store knows about a subject.
type Record struct {
	EntityID         string
	UserMetadata     everlatch.Metadata
	ProviderMetadata everlatch.Metadata
	// Linked says that the identity has an actor of any type.
	Linked bool
}

// Verdict is a provider's answer to a request that it accepts. The metadata
// replace the stored ones; nil leaves them as they are.
type Verdict struct {
	UserMetadata     everlatch.Metadata
	ProviderMetadata everlatch.Metadata
}

// Credentials is a provider that decides by what the request carries.
//
// A refusal is an [*everlatch.Error] whose message is shown to the person;
// every other error is an outage and may be retried. The two must cost the
// same, whether or not the record exists (docs/weak-spots.md#w19).
type Credentials interface {
	Provider
	// Identify reads the claimed subject and refuses malformed requests.
	Identify(in Input) (Subject, error)
	// Authenticate checks the request against the record; nil means that
	// nobody is known under that subject.
	Authenticate(ctx context.Context, in Input, rec *Record) (Verdict, error)
}

// Registrar is a [Credentials] provider that creates identities. Without it,
// registration is refused with the contract's message.
type Registrar interface {
	Credentials
	// Register prepares a new record when rec is nil. With a record it either
	// accepts the request as a repetition, returning an empty verdict, or
	// refuses it.
	Register(ctx context.Context, in Input, rec *Record) (Verdict, error)
}

// Updater is a [Credentials] provider whose credential people can replace, such
// as a password that they forgot (docs/contract.md#s4-3, reset-password and update).
type Updater interface {
	Credentials
	// Subject returns whom an identifier names that a person typed. An
	// identifier that nobody can have gives an EntityKey of "".
	Subject(identifier string) Subject
	// Update judges what the request wants to put into the record, and returns
	// the whole new record. A refusal must come before any costly work: it
	// leaves the person's right to try again as it is (docs/weak-spots.md#w26).
	Update(ctx context.Context, in Input, rec Record) (Verdict, error)
}
