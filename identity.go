package everlatch

import (
	"maps"
	"strings"
	"time"
)

// Metadata is a free JSON object. A nil map is JSON null.
type Metadata = map[string]any

// AuthIdentity is the thing that can sign in (docs/contract.md#s1-1, auth_identity). It
// holds at least one [ProviderIdentity] and is linked to at most one actor of
// each actor type.
type AuthIdentity struct {
	ID string `json:"id"`
	// CredentialVersion grows whenever everything that was issued before must
	// end: a changed password, a removed actor, a deleted identity (docs/weak-spots.md#w14, #w25).
	CredentialVersion int64 `json:"credential_version"`
	// Links maps an actor type to the id of the actor (docs/weak-spots.md#w1, #w2).
	Links map[string]string `json:"links,omitempty"`
	// AppMetadata is what programs keep with the identity, beside its links. Its keys
	// are none of [AppMetadataReserved], and it is in no token.
	AppMetadata Metadata `json:"app_metadata,omitempty"`
	// Providers is loaded only by reads that say so.
	Providers []ProviderIdentity `json:"providers,omitempty"`
	// LastUsedAt is when it last registered or signed in, to the hour.
	LastUsedAt time.Time `json:"last_used_at"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	// DeletionAt is when the linked customer is to be removed, as they asked;
	// zero for never.
	DeletionAt time.Time `json:"deletion_at,omitzero"`
	// MFAEnabledAt is when the first of the enabled second factors was enabled; zero
	// without one.
	MFAEnabledAt time.Time `json:"mfa_enabled_at,omitzero"`
	// DisabledAt is since when an administrator refuses every way in; zero for never.
	DisabledAt time.Time `json:"disabled_at,omitzero"`
}

// ActorID returns the id of the linked actor of a type, or "".
func (i AuthIdentity) ActorID(actorType string) string { return i.Links[actorType] }

// ProviderIdentity is one credential of an identity (docs/contract.md#s1-1,
// provider_identity).
type ProviderIdentity struct {
	ID             string `json:"id"`
	AuthIdentityID string `json:"auth_identity_id"`
	// Provider is the registered id of the provider, not its kind (docs/weak-spots.md#w23).
	Provider string `json:"provider"`
	// EntityID is the identifier as the person or the provider wrote it.
	EntityID string `json:"entity_id"`
	// EntityKey is its canonical form; (provider, entity key) is unique (docs/weak-spots.md#w22).
	EntityKey string `json:"entity_key"`
	// VerifiedEmail is the address, in its canonical form, that the provider
	// vouched for at the last sign-in; "" for none.
	VerifiedEmail string `json:"verified_email,omitempty"`
	// UserMetadata are profile claims; they go into tokens.
	UserMetadata Metadata `json:"user_metadata,omitempty"`
	// ProviderMetadata belongs to the provider (a password hash, sealed
	// tokens). It never leaves the activities: no payload, no token, no log.
	ProviderMetadata Metadata  `json:"-"`
	CreatedAt        time.Time `json:"created_at"`
	UpdatedAt        time.Time `json:"updated_at"`
	// LastUsedAt is when a passkey last signed its owner in, zero for never and for
	// other credentials.
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
}

// AMRSeveral is the value of [Principal.AMR] that says that several factors were used.
const AMRSeveral = "mfa"

// Principal is who a flow or a credential proved the caller to be: what a
// token or a session is made from.
type Principal struct {
	AuthIdentityID    string            `json:"auth_identity_id"`
	AuthProvider      string            `json:"auth_provider"`
	ActorType         string            `json:"actor_type"`
	ActorID           string            `json:"actor_id"` // "" = no actor yet
	CredentialVersion int64             `json:"credential_version"`
	Links             map[string]string `json:"links,omitempty"`
	UserMetadata      Metadata          `json:"user_metadata,omitempty"`
	MFAEnabled        bool              `json:"mfa_enabled,omitempty"`
	MFACompletedAt    time.Time         `json:"mfa_completed_at,omitzero"`
	// AMR are the methods by which they proved who they are, as RFC 8176 names them.
	AMR []string `json:"amr,omitempty"`
	// AuthenticatedAt is when they last proved who they are; a refreshed token
	// keeps it. The zero time means unknown.
	AuthenticatedAt time.Time `json:"authenticated_at,omitzero"`
	// SignInID names the sign-in that everything was issued for: its tokens, those
	// that were renewed from them, and its sessions end together. "" only between the
	// first factor and the first token.
	SignInID string `json:"sign_in_id,omitempty"`
	// DeletionAt is when the actor is to be removed, as they asked; a sign-in
	// cancels that. Zero is never.
	DeletionAt time.Time `json:"deletion_at,omitzero"`
	// Roles are ids of roles, for clients to read (docs/contract.md#s4-8):
	// permissions never rest on them. nil means that roles are off.
	Roles []string `json:"roles,omitempty"`
}

// NeedsFactor reports whether the principal has passed the first factor of a sign-in that
// takes two: it is good for nothing but the second one.
func (p Principal) NeedsFactor() bool { return p.MFAEnabled && p.MFACompletedAt.IsZero() }

// AppMetadata renders the links as the contract's app_metadata: the key
// "<actor type>_id" for each linked actor, and the roles. With ownOnly it holds the
// principal's own actor type alone (docs/weak-spots.md#w38).
func (p Principal) AppMetadata(ownOnly bool) Metadata {
	out := Metadata{}
	for actorType, id := range maps.All(p.Links) {
		if actorType != p.ActorType && !ownOnly {
			out[ActorKey(actorType)] = id
		}
	}
	if p.ActorID != "" {
		out[ActorKey(p.ActorType)] = p.ActorID
	}
	if p.Roles != nil {
		out["roles"] = p.Roles
	}
	return out
}

// Linked returns the principal as it is once an actor has been linked.
//
//workflowcheck:ignore // a copied map is the same in any order
func (p Principal) Linked(actorType, actorID string) Principal {
	links := map[string]string{}
	maps.Copy(links, p.Links)
	links[actorType] = actorID
	p.Links = links
	if actorType == p.ActorType {
		p.ActorID = actorID
	}
	return p
}

// AppMetadataReserved reports whether a key of [AuthIdentity.AppMetadata] is one that
// clients read in a token's app_metadata: the link of an actor type ("customer_id"), or
// the roles. A program can't set such a key, so that it can't pretend a link.
func AppMetadataReserved(key string) bool {
	return key == "roles" || strings.HasSuffix(key, ActorKey(""))
}

// ActorKey returns the key of an actor type in app_metadata: "customer_id".
func ActorKey(actorType string) string { return actorType + "_id" }

// Actor types with a built-in account.
const (
	ActorCustomer = "customer"
	ActorUser     = "user"
	// ActorAPIKey is the actor type of a request made with a secret API key.
	ActorAPIKey = "api-key"
)

// LoginChange is another address to sign in with at one provider, where an
// identity signs in with its e-mail.
type LoginChange struct {
	ProviderIdentityID string `json:"provider_identity_id"`
	// FormerID is the address as it was entered, and FormerKey its canonical form,
	// which the login must still have.
	FormerID  string `json:"former_id"`
	FormerKey string `json:"former_key"`
	// FormerVerified says that the user had verified the former address.
	FormerVerified bool `json:"former_verified,omitempty"`
	// EntityID is the new address, and EntityKey its canonical form.
	EntityID  string `json:"entity_id"`
	EntityKey string `json:"entity_key"`
	// Verified says that the user has verified the new address.
	Verified bool `json:"verified,omitempty"`
	// Optional keeps the login unchanged if it no longer has FormerKey.
	Optional bool `json:"optional,omitempty"`
}
