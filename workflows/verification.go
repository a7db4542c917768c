package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// The updates of [Verification].
const (
	UpdateRequestCode = "RequestCode" // RequestCode -> RequestedCode
	UpdateConfirmCode = "ConfirmCode" // ConfirmCode -> ConfirmedCode
)

// The ends of [Verification].
const (
	verificationConfirmed = "confirmed"
	verificationExhausted = "exhausted"
	verificationClosed    = "closed"
)

// VerificationNames name what a request creates.
type VerificationNames = activities.VerificationNames

// VerificationInput is the argument of [Verification].
type VerificationInput struct {
	AuthIdentityID string `json:"auth_identity_id"`
	EntityType     string `json:"entity_type"`
	EntityID       string `json:"entity_id"`
	// Open and Answers are what an execution that continues as new hands on.
	Open    *openCode  `json:"open,omitempty"`
	Answers []answered `json:"answers,omitempty"`
}

// openCode is a code that waits to be presented.
type openCode struct {
	RequestCode

	// VerificationID is that of the record, which an earlier request may have made.
	VerificationID string    `json:"verification_id"`
	ExpiresAt      time.Time `json:"expires_at"`
	Bearer         bool      `json:"bearer,omitempty"`
	// Tries is how many wrong codes are left; it counts unless Bearer.
	Tries int `json:"tries,omitempty"`
}

// RequestCode asks for a code.
type RequestCode struct {
	ActorType    string `json:"actor_type"`
	CodeProvider string `json:"code_provider"`
	// Slow says that the code provider leaves the machine.
	Slow bool `json:"slow,omitempty"`
	// Recipient is the address that gets the mail, "" for none.
	Recipient string             `json:"recipient,omitempty"`
	Metadata  everlatch.Metadata `json:"metadata,omitempty"`
	Names     VerificationNames  `json:"names"`
}

// RequestedCode is a refusal or the record of the address.
type RequestedCode struct {
	Refusal      *everlatch.Refusal     `json:"refusal,omitempty"`
	Verification everlatch.Verification `json:"verification,omitzero"`
	// Created says that the request has made the record.
	Created bool `json:"created,omitempty"`
}

// ConfirmCode presents a code.
type ConfirmCode struct {
	// Typed is where the code is sealed.
	Typed vault.Ref `json:"typed"`
	// By is the identity that presents the code, "" for a caller without a sign-in.
	By      string `json:"by,omitempty"`
	EventID string `json:"event_id"`
}

// ConfirmedCode is a refusal or the verified address.
type ConfirmedCode struct {
	Refusal      *everlatch.Refusal     `json:"refusal,omitempty"`
	Verification everlatch.Verification `json:"verification,omitzero"`
}

// Verification is the whole flow of verifying an address of an identity: a code is
// requested and mailed, and then confirmed, replaced by a newer one, or expired. There is
// one for each identity and address.
//
// The API starts it with its first update. An execution handles one update at a time: a
// code is used once, however many confirmations arrive together, and wrong codes are
// counted exactly. A newer request replaces the code of an older one.
//
// There is nothing to undo: only a right code changes the record, in one statement.
func Verification(ctx workflow.Context, in VerificationInput) error {
	v := &verification{in: in, open: in.Open}
	v.exchange = newExchange(ctx, v, in.Answers...)
	on(ctx, v.exchange, UpdateRequestCode, v.request)
	on(ctx, v.exchange, UpdateConfirmCode, v.confirm, v.refuses)
	return v.serve(ctx)
}

type verification struct {
	*exchange

	in   VerificationInput
	open *openCode
}

// deadline is when the code expires.
func (v *verification) deadline() time.Time {
	if v.open == nil {
		return time.Time{}
	}
	return v.open.ExpiresAt
}

func (v *verification) expire(workflow.Context) error {
	v.end(verificationClosed)
	return nil
}

func (v *verification) renew(ctx workflow.Context) error {
	in := v.in
	in.Open, in.Answers = v.open, v.answers
	return workflow.NewContinueAsNewError(ctx, Verification, in)
}

// request has a code made and mailed, in the place of an earlier one.
func (v *verification) request(ctx workflow.Context, in RequestCode) (out RequestedCode, err error) {
	asked := activities.RequestVerificationInput{
		IdentityID: v.in.AuthIdentityID, ActorType: in.ActorType, EntityID: v.in.EntityID, EntityType: v.in.EntityType,
		CodeProvider: in.CodeProvider, Recipient: in.Recipient, Metadata: in.Metadata, Names: in.Names, GroupID: groupID(ctx),
	}
	if o := v.open; o != nil {
		asked.Former = []vault.Ref{o.Names.Kept, o.Names.Code}
	}
	requested, err := codeStep(ctx, in.Slow, verifications.RequestVerificationCode, asked)
	if err != nil || requested.Refusal != nil {
		out.Refusal = requested.Refusal
		return out, err
	}
	out.Verification = requested.Verification
	out.Created = requested.Verification.ID == in.Names.VerificationID
	if out.Verification.Verified() {
		v.open = nil
		return out, nil
	}
	v.open = &openCode{
		RequestCode: in, VerificationID: out.Verification.ID, ExpiresAt: out.Verification.ExpiresAt,
		Bearer: requested.Bearer, Tries: requested.Tries,
	}
	return out, nil
}

// codeStep runs a step of a code provider.
func codeStep[I, O any](ctx workflow.Context, slow bool, activity func(context.Context, I) (O, error), in I) (O, error) {
	if slow {
		return externalCall(ctx, activity, in)
	}
	return durableStep(ctx, activity, in)
}

// refuses says why no code can be confirmed now.
func (v *verification) refuses(ctx workflow.Context, in ConfirmCode) *everlatch.Refusal {
	switch o := v.open; {
	case o == nil, !o.Bearer && in.By != v.in.AuthIdentityID:
		return codeRefusal(everlatch.ReasonCodeInvalid)
	case !workflow.Now(ctx).Before(o.ExpiresAt):
		return codeRefusal(everlatch.ReasonCodeExpired)
	}
	return nil
}

func codeRefusal(reason everlatch.Reason) *everlatch.Refusal {
	return &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: reason}
}

// confirm makes the address verified if the code is right, and counts wrong ones.
func (v *verification) confirm(ctx workflow.Context, in ConfirmCode) (out ConfirmedCode, err error) {
	if out.Refusal = v.refuses(ctx, in); out.Refusal != nil {
		return out, nil
	}
	open := v.open
	checked, err := codeStep(ctx, open.Slow, verifications.CheckVerificationCode, activities.CheckVerificationInput{
		CodeProvider: open.CodeProvider, Kept: open.Names.Kept, Typed: in.Typed,
	})
	switch {
	case err != nil:
		return out, err
	case checked.Void:
		out.Refusal = codeRefusal(everlatch.ReasonCodeExpired)
		return out, nil
	case checked.Refusal != nil:
		out.Refusal = checked.Refusal
		return out, nil
	case !checked.Right:
		out.Refusal = v.wrong()
		return out, nil
	}
	names := open.Names
	names.VerificationID = open.VerificationID
	confirmed, err := finalStep(ctx, verifications.ConfirmVerification, activities.ConfirmVerificationInput{
		IdentityID: v.in.AuthIdentityID, ActorType: open.ActorType, Names: names, Proves: in.By == v.in.AuthIdentityID,
		EventID: in.EventID, GroupID: groupID(ctx),
	})
	if err != nil {
		return out, err
	}
	v.open = nil
	if confirmed.Void {
		out.Refusal = codeRefusal(everlatch.ReasonCodeInvalid)
		v.end(verificationClosed)
		return out, nil
	}
	out.Verification = confirmed.Verification
	v.end(verificationConfirmed)
	return out, nil
}

// wrong counts a wrong code. The last one that is allowed ends the request.
func (v *verification) wrong() *everlatch.Refusal {
	if v.open.Bearer {
		return codeRefusal(everlatch.ReasonCodeInvalid)
	}
	v.open.Tries--
	if v.open.Tries > 0 {
		return codeRefusal(everlatch.ReasonCodeInvalid)
	}
	v.open = nil
	v.end(verificationExhausted)
	return codeRefusal(everlatch.ReasonCodeExhausted)
}
