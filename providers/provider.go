package providers

import (
	"context"

	"github.com/everlatch/everlatch"
)

// Provider is the interface of every auth provider (docs/contract.md#s3-1).
type Provider interface {
	// Identifier is the kind of the provider, such as "emailpass". Several
	// registrations may share a kind under different ids (docs/weak-spots.md#w23).
	Identifier() string
	// DisplayName is the name shown to end users.
	DisplayName() string
}

// CommonNamer is a provider that users know by another name than DisplayName, which is
// what Medusa's contract shows: "Google" for "Google Authentication".
type CommonNamer interface {
	// CommonName is the name on buttons.
	CommonName() string
}

// PasswordRuler is a provider whose users choose a password.
type PasswordRuler interface {
	// PasswordLength is how many characters a new password must have and may have, 0 for
	// no limit.
	PasswordLength() (least, most int)
}

// Input is the unmodified request of a user who registers or signs in. It may
// contain a password, so it reaches a provider through the vault only.
type Input struct {
	// Body is the decoded request body; values are the JSON types.
	Body map[string]any `json:"body"`
	// Query are the query parameters, the last value of each.
	Query map[string]string `json:"query,omitempty"`
	// ActorType is the actor type that the user signs in as.
	ActorType string `json:"actor_type"`
}

// Subject is the identifier that a request claims, before it is authenticated.
type Subject struct {
	// EntityID is stored and shown, EntityKey is compared (docs/weak-spots.md#w22).
	EntityID, EntityKey string
}

// Record is the stored data of a subject.
type Record struct {
	EntityID         string
	UserMetadata     everlatch.Metadata
	ProviderMetadata everlatch.Metadata
	// Linked reports whether the identity has an actor of any type.
	Linked bool
}

// Verdict is a provider's answer to a request that it accepts. The metadata
// replaces the stored metadata; nil keeps it.
type Verdict struct {
	UserMetadata     everlatch.Metadata
	ProviderMetadata everlatch.Metadata
}

// Credentials is a provider that authenticates by the content of the request.
//
// A refusal is an [*everlatch.Error] whose message is shown to the user; every
// other error is an outage and may be retried. A refusal must cost the same
// whether or not the record exists (docs/weak-spots.md#w19).
type Credentials interface {
	Provider
	// Identify reads the claimed subject and refuses malformed requests.
	Identify(in Input) (Subject, error)
	// Authenticate checks the request against the record, which is nil if the
	// subject is unknown.
	Authenticate(ctx context.Context, in Input, rec *Record) (Verdict, error)
}

// Slow is a provider whose calls may take long, because they leave the machine: to a
// directory, or to another service. Its calls run on a task queue of their own, so
// that one that hangs delays no other sign-in. Each is given four seconds, and ends with
// its context.
type Slow interface {
	Provider
	// Slow reports whether Authenticate and Register may leave the machine.
	Slow() bool
}

// IsSlow reports that a provider is [Slow] and says so.
func IsSlow(p Provider) bool {
	slow, ok := p.(Slow)
	return ok && slow.Slow()
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

// AddressField is the field of the body with the address of an [AddressRegistrar].
const AddressField = "email"

// AddressRegistrar is a [Registrar] whose users register with an e-mail address in
// [AddressField], which can be proven before anything is created (docs/weak-spots.md#w19).
type AddressRegistrar interface {
	Registrar
	// CheckRegistration refuses what Register refuses of a new record, without any
	// costly work, and returns the subject. Its EntityID is the address.
	CheckRegistration(in Input) (Subject, error)
}

// Updater is a [Credentials] provider whose credential users can replace, such as
// a forgotten password (docs/contract.md#s4-3, reset-password and update).
type Updater interface {
	Credentials
	// Subject returns the subject of an identifier that a user typed. EntityKey
	// is "" for an identifier that no subject can have.
	Subject(identifier string) Subject
	// Update validates the requested change and returns the whole new record. It
	// must refuse before any costly work. A refusal does not use up the user's
	// permission to update: they can try again (docs/weak-spots.md#w26).
	Update(ctx context.Context, in Input, rec Record) (Verdict, error)
}
