package nexusauth

import (
	"encoding/json"

	"github.com/nexus-rpc/sdk-go/nexus"

	"github.com/everlatch/everlatch"
)

// Service is the name of the Nexus service.
const Service = "everlatch.auth"

// Endpoint is the name of the Nexus endpoint, unless configured otherwise.
const Endpoint = "everlatch"

// The operations. Each takes its input sealed.
var (
	// Register creates an identity that a user can sign in with. The same credentials
	// again return the identity as long as it has no actor; Created tells the two apart.
	Register = nexus.NewOperationReference[Sealed[Credentials], Authentication]("Register")
	// Authenticate checks credentials. It counts as an attempt on the account: too many
	// failures are too_many_requests.
	Authenticate = nexus.NewOperationReference[Sealed[Credentials], Authentication]("Authenticate")
	// StartPasswordReset has a link mailed if an identity has the identifier. The answer
	// doesn't tell whether one has.
	StartPasswordReset = nexus.NewOperationReference[Sealed[ResetRequest], Done]("StartPasswordReset")
	// CompletePasswordReset chooses the new password with the token from that link, and
	// ends everything that was issued to the identity.
	CompletePasswordReset = nexus.NewOperationReference[Sealed[NewPassword], Done]("CompletePasswordReset")

	// SetAppMetadata links an identity to an actor. One that has another actor of the type
	// is not_allowed. UnsetAppMetadata compensates it.
	SetAppMetadata = nexus.NewOperationReference[Sealed[Link], Done]("SetAppMetadata")
	// UnsetAppMetadata unlinks an identity from its actor of a type, and ends what was
	// issued to it as that actor. An identity without one is no error.
	UnsetAppMetadata = nexus.NewOperationReference[Sealed[Unlink], Done]("UnsetAppMetadata")
	// FindIdentities returns the identities of an actor, which may be several or none.
	FindIdentities = nexus.NewOperationReference[Sealed[everlatch.ActorRef], Identities]("FindIdentities")
	// DeleteAuthIdentity removes an identity and everything that was issued to it. It
	// compensates a Register that has created the identity. An unknown id is no error.
	DeleteAuthIdentity = nexus.NewOperationReference[Sealed[Identity], Done]("DeleteAuthIdentity")
	// ReleaseIdentities is what the removal of an actor needs: each of its identities is
	// deleted, or only unlinked where it serves another actor.
	ReleaseIdentities = nexus.NewOperationReference[Sealed[everlatch.ActorRef], Identities]("ReleaseIdentities")
	// Emit tells subscribers of an event. Its source is the API key.
	Emit = nexus.NewOperationReference[Sealed[Event], Emitted]("Emit")
)

// Sealed is an input of the type I, encrypted: an [Envelope] as a JWE (RFC 7516) in
// compact form, with the algorithm ECDH-ES on the curve P-256, A256GCM, and the kid of
// the public key.
type Sealed[I any] struct {
	Sealed string `json:"sealed"`
	// The type of the input, for the compiler.
	_ [0]I
}

// Envelope is what a [Sealed] holds.
type Envelope struct {
	// APIKey is a secret API key. With roles, its owner needs the permission of the
	// operation.
	APIKey string `json:"api_key"`
	// Operation is the name of the operation that the input is for.
	Operation string `json:"operation"`
	// ID is unique to the request, 16 to 128 characters: the same one gets the first
	// answer.
	ID string `json:"id"`
	// IssuedAt and ExpiresAt are in seconds since 1970, at most an hour apart.
	IssuedAt  int64 `json:"issued_at"`
	ExpiresAt int64 `json:"expires_at"`
	// Input is that of the operation.
	Input json.RawMessage `json:"input"`
}

// Credentials are what a user signs up or in with.
type Credentials struct {
	// ActorType is as what the user signs in: customer, user, or a custom type.
	ActorType string `json:"actor_type"`
	// Provider is the id of a provider that takes credentials, such as emailpass.
	Provider string `json:"provider"`
	// Body is what the provider reads, such as email and password.
	Body map[string]any `json:"body"`
}

// Authentication is an identity that was registered or has signed in. It has no token:
// the program that calls has its own session with the user.
type Authentication struct {
	AuthIdentityID string `json:"auth_identity_id"`
	Provider       string `json:"provider"`
	ActorType      string `json:"actor_type"`
	// ActorID is whom the user has signed in as, "" if the identity has no such actor.
	ActorID string `json:"actor_id,omitempty"`
	// MFARequired says that the identity has a second factor, and that this was the first
	// one alone: the user is not signed in before the second one is completed.
	MFARequired bool `json:"mfa_required,omitempty"`
	// Created says that this request has created the identity: undo nothing that it has
	// not.
	Created bool `json:"created,omitempty"`
	// PendingID is set, and AuthIdentityID is not, while a registration waits for a hook,
	// such as the approval by an administrator. The event auth.identity_registered follows.
	PendingID string `json:"pending_id,omitempty"`
}

// ResetRequest asks for a new password.
type ResetRequest struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// Identifier is what the user signs in with, such as the e-mail address.
	Identifier string `json:"identifier"`
	// Metadata is handed to the event auth.password_reset.
	Metadata everlatch.Metadata `json:"metadata,omitempty"`
}

// NewPassword chooses it.
type NewPassword struct {
	// Token is that of the link, or of the event auth.password_reset.
	Token string `json:"token"`
	// Body is what the provider reads, such as password.
	Body map[string]any `json:"body"`
}

// Link is an identity and the actor that it gets.
type Link struct {
	AuthIdentityID string `json:"auth_identity_id"`
	ActorType      string `json:"actor_type"`
	ActorID        string `json:"actor_id"`
}

// Unlink is an identity and the type of the actor that it loses.
type Unlink struct {
	AuthIdentityID string `json:"auth_identity_id"`
	ActorType      string `json:"actor_type"`
}

// Identity names an identity.
type Identity struct {
	AuthIdentityID string `json:"auth_identity_id"`
}

// Identities are those of an actor.
type Identities struct {
	Identities []LinkedIdentity `json:"identities"`
}

// LinkedIdentity is an identity of an actor. Shared says that it serves another actor,
// too.
type LinkedIdentity struct {
	AuthIdentityID string `json:"auth_identity_id"`
	Shared         bool   `json:"shared,omitempty"`
}

// Event is one of the caller's.
type Event struct {
	// Name has lower-case words with dots between them, such as courier.hired.
	Name string `json:"name"`
	// Data is told to the subscribers.
	Data everlatch.Metadata `json:"data,omitempty"`
	// AuthIdentityID is the identity that it is about, "" for none.
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
}

// Emitted is the event that was recorded.
type Emitted struct {
	EventID string `json:"event_id"`
}

// Done is the answer of an operation that has nothing to tell.
type Done struct{}
