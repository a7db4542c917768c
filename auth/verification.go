package auth

import (
	"context"

	"github.com/everlatch/everlatch"
)

// Verifications has the methods of verified addresses (docs/contract.md#s2-6). No result
// has a code: it goes to the user's address, or to the subscribers of its event.
type Verifications interface {
	// RequestAuthVerification has a code sent that verifies an address, in the place of an
	// earlier one. For a verified address it returns the record and sends nothing. An
	// unknown code provider is [everlatch.CodeInvalidData]; too many mails to one address
	// are [everlatch.CodeRateLimited].
	RequestAuthVerification(ctx context.Context, in VerificationRequest) (everlatch.Verification, error)
	// ConfirmAuthVerification verifies the address whose code the caller has, once. A code
	// that is wrong, used or expired is [everlatch.CodeNotAllowed].
	ConfirmAuthVerification(ctx context.Context, in VerificationCode) (everlatch.Verification, error)
	// RetrieveAuthVerification returns a record, or [everlatch.CodeNotFound].
	RetrieveAuthVerification(ctx context.Context, id string, config FindConfig) (everlatch.Verification, error)
	// ListAuthVerifications returns the records that pass a filter.
	ListAuthVerifications(ctx context.Context, filter VerificationFilter, config FindConfig) ([]everlatch.Verification, error)
	// ListAndCountAuthVerifications counts, besides, those that pass on all pages together.
	ListAndCountAuthVerifications(ctx context.Context, filter VerificationFilter, config FindConfig) ([]everlatch.Verification, int, error)
}

// VerificationRequest asks for a code that verifies an address of an identity.
type VerificationRequest struct {
	AuthIdentityID string `json:"auth_identity_id"`
	// EntityID is the address, and EntityType what it is, such as "email". The caller
	// answers for whether it is the user's own.
	EntityID   string `json:"entity_id"`
	EntityType string `json:"entity_type"`
	// CodeProvider is token (a link), otp (six digits), or another registered one.
	CodeProvider string `json:"code_provider"`
	// ActorType says in the event, and so in the mail, as what the user signs in; "" is the
	// first linked actor type, or customer.
	ActorType string             `json:"actor_type,omitempty"`
	Metadata  everlatch.Metadata `json:"metadata,omitempty"`
	// IdempotencyKey lets the request be repeated: the same key gets the first answer.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
}

// VerificationCode is a code that a user presents.
type VerificationCode struct {
	Code string `json:"code"`
	// AuthIdentityID is the identity whose user presents it, "" for one who is not signed
	// in. A link needs none; a code of a few digits is good for its own identity alone. With
	// one, the address counts as proven for the identity.
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
	// CodeProvider, EntityType and EntityID tell requests of the identity apart; "" is the
	// latest one.
	CodeProvider string `json:"code_provider,omitempty"`
	EntityType   string `json:"entity_type,omitempty"`
	EntityID     string `json:"entity_id,omitempty"`
	// IdempotencyKey lets the confirmation be repeated: the same key and code get the first
	// answer.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
}
