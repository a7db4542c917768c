package flows

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

var verification = shared("verification", workflows.Verification)

// VerificationRequest asks for a code that verifies an address of an identity.
type VerificationRequest struct {
	ActorType string
	Address   VerifiedAddress
	// CodeProvider is the id of a registered one, and Slow its [providers.CodeRules.Slow].
	CodeProvider string
	Slow         bool
	// Recipient is the address that gets the mail, "" for none.
	Recipient string
	Metadata  everlatch.Metadata
	// IdempotencyKey makes a repeated request get the first answer.
	IdempotencyKey string
}

// VerifiedAddress is an address that an identity verifies.
type VerifiedAddress struct {
	AuthIdentityID, EntityType, EntityID string
	// EntityKey is the canonical form of EntityID.
	EntityKey string
}

// RequestVerification has a code mailed that verifies an address, in the place of an
// earlier one. It returns the record, and whether the request has made it. For a verified
// address it returns the record and mails nothing.
func (c *Client) RequestVerification(ctx context.Context, r VerificationRequest) (workflows.RequestedCode, error) {
	var out workflows.RequestedCode
	u := update{
		flow: verification, workflowID: c.verificationID(r.Address), name: workflows.UpdateRequestCode,
		input: workflows.VerificationInput{
			AuthIdentityID: r.Address.AuthIdentityID, EntityType: r.Address.EntityType, EntityID: r.Address.EntityID,
		},
		arg: workflows.RequestCode{
			ActorType: r.ActorType, CodeProvider: r.CodeProvider, Slow: r.Slow, Recipient: r.Recipient, Metadata: r.Metadata,
			Names: workflows.VerificationNames{
				VerificationID: ids.New(ids.Verification, c.opts.Now()), EventID: ids.New(ids.Event, c.opts.Now()),
				Kept: c.opts.Vault.NewRef(), Code: c.opts.Vault.NewRef(),
			},
		},
		about:  workflows.About{ActorType: r.ActorType, Subject: c.subject(r.Address.EntityKey)},
		answer: &out,
	}
	if r.IdempotencyKey != "" {
		u.request = []any{r.IdempotencyKey}
	}
	if err := c.update(ctx, u); err != nil {
		return out, err
	}
	return out, refused(out.Refusal)
}

// PresentedCode is a code that a user presents.
type PresentedCode struct {
	Address VerifiedAddress
	Code    vault.Secret
	// By is the identity that presents it, "" for a caller without a sign-in.
	By string
	// IdempotencyKey makes a repeated request get the first answer.
	IdempotencyKey string
}

// ConfirmVerification makes an address verified by a code, which is used once: of many
// confirmations one succeeds, and the others are [everlatch.CodeNotAllowed]. So are wrong
// codes, which are counted, and expired ones.
func (c *Client) ConfirmVerification(ctx context.Context, r PresentedCode) (everlatch.Verification, error) {
	typed, err := c.opts.Vault.Put(ctx, r.Code)
	if err != nil {
		return everlatch.Verification{}, err
	}
	var out workflows.ConfirmedCode
	u := update{
		flow: verification, workflowID: c.verificationID(r.Address), name: workflows.UpdateConfirmCode,
		arg:    workflows.ConfirmCode{Typed: typed, By: r.By, EventID: ids.New(ids.Event, c.opts.Now())},
		answer: &out,
	}
	if r.IdempotencyKey != "" {
		u.request = []any{r.IdempotencyKey, string(r.Code.Reveal())}
	}
	err = c.update(ctx, u)
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		err = &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonCodeInvalid, Err: err}
	}
	if e, ok := errors.AsType[*everlatch.Error](err); err == nil || ok && e.Code == everlatch.CodeNotAllowed {
		c.shredder.shred(typed)
	}
	if err != nil {
		return everlatch.Verification{}, err // it may still go on, and needs what is sealed
	}
	return out.Verification, refused(out.Refusal)
}

// CodeHash is the keyed hash by which the request of a bearer code is found.
func (c *Client) CodeHash(code string) string { return c.opts.Vault.Hash(providers.CodePurpose, code) }

// verificationID is the workflow id of the one execution of an address.
func (c *Client) verificationID(a VerifiedAddress) string {
	return verification.id(a.AuthIdentityID, "h:"+c.opts.Ring.Hash("verification", a.EntityType, a.EntityKey))
}
