package workflows

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// EnrollmentID is the id of the one [FactorEnrollment] of an identity and method.
func EnrollmentID(identityID, method string) string {
	return "factor-enrollment/" + identityID + "/" + method
}

// RemoveFactorInput is the argument of [RemoveFactor].
type RemoveFactorInput struct {
	AuthIdentityID string `json:"auth_identity_id"`
	FactorID       string `json:"factor_id"`
	// ActorType is that of the account whose owner is told by mail.
	ActorType string `json:"actor_type"`
	// NeedsAnswer asks for an answer before an enabled factor is removed
	// (auth.mfa.disable_policy), which is the code of Method in the vault.
	NeedsAnswer bool      `json:"needs_answer,omitempty"`
	Method      string    `json:"method,omitempty"`
	Code        vault.Ref `json:"code,omitempty"`
	// AnswerID names the answer.
	AnswerID string `json:"answer_id,omitempty"`
	// RemovedBy is the administrator who removes it, with a Reason; nil for its owner.
	RemovedBy *everlatch.ActorRef `json:"removed_by,omitempty"`
	Reason    string              `json:"reason,omitempty"`
	EventID   string              `json:"event_id"`
	// SignInID is the sign-in of the owner who removes it.
	SignInID string `json:"sign_in_id,omitempty"`
}

// RemovedFactor is a refusal, or the factor, which is disabled.
type RemovedFactor = activities.RemoveFactorOutput

// RemoveFactor removes a second factor. With the last one go the recovery codes, and
// sign-ins need no second factor any more (docs/weak-spots.md#w60). One that is removed
// already is the same answer, without an event.
//
// The API starts it after a recent second factor, or for an administrator. What it
// removes cannot be restored, so an outage only delays it.
func RemoveFactor(ctx workflow.Context, in RemoveFactorInput) (out RemovedFactor, err error) {
	proven := !in.NeedsAnswer
	if in.NeedsAnswer && in.Code != "" {
		verified, err := verifyAnswer(ctx, in)
		if err != nil || verified.Refusal != nil {
			out.Refusal = removalRefusal(verified)
			return out, cmp.Or(err, conclude(ctx, OutcomeRefused, About{}))
		}
		proven = true
	}
	out, err = finalStep(ctx, factors.RemoveFactor, activities.RemoveFactorInput{
		IdentityID: in.AuthIdentityID, FactorID: in.FactorID, ActorType: in.ActorType, OnlyPending: !proven,
		RemovedBy: in.RemovedBy, Reason: in.Reason, EventID: in.EventID, GroupID: groupID(ctx),
		SignInID: in.SignInID,
	})
	if err != nil {
		return out, err
	}
	if out.Refusal == nil {
		// The flow of a pending factor ends. It may have ended already.
		_ = workflow.SignalExternalWorkflow(ctx, EnrollmentID(in.AuthIdentityID, out.Factor.Provider), "", SignalFactorRemoved, in.FactorID).Get(ctx, nil)
	}
	// Also the events of a recovery code that was used up for nothing.
	return out, cmp.Or(releaseEvents(ctx), conclude(ctx, ended(out.Refusal), About{}))
}

func verifyAnswer(ctx workflow.Context, in RemoveFactorInput) (activities.VerifyFactorOutput, error) {
	return localUnlessSlow(ctx, factors.VerifyFactor, activities.VerifyFactorInput{
		IdentityID: in.AuthIdentityID, ActorType: in.ActorType, Method: in.Method, Code: in.Code,
		EventID: in.AnswerID, GroupID: groupID(ctx),
	}, func(out activities.VerifyFactorOutput) bool { return out.Slow }, func(in *activities.VerifyFactorInput) { in.Slow = true })
}

// removalRefusal is what a wrong answer is called here (docs/contract.md#s10-2).
func removalRefusal(verified activities.VerifyFactorOutput) *everlatch.Refusal {
	if verified.Wrong {
		return &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonRemovalCode}
	}
	return verified.Refusal
}

// GenerateRecoveryCodesInput is the argument of [GenerateRecoveryCodes].
type GenerateRecoveryCodesInput struct {
	AuthIdentityID string `json:"auth_identity_id"`
	// ActorType is that of the account whose owner is told by mail.
	ActorType string `json:"actor_type"`
	Count     int    `json:"count"`
	// Codes is where the codes are sealed, for TTL.
	Codes   vault.Ref     `json:"codes"`
	TTL     time.Duration `json:"ttl"`
	EventID string        `json:"event_id"`
	// Fingerprint is a keyed hash of the request, by which a repetition under the same
	// Idempotency-Key is known.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// RecoveryCodes is a refusal, or where the new codes are.
type RecoveryCodes struct {
	Refusal     *everlatch.Refusal `json:"refusal,omitempty"`
	Codes       vault.Ref          `json:"codes,omitempty"`
	Fingerprint string             `json:"fingerprint,omitempty"`
}

// GenerateRecoveryCodes replaces the recovery codes of an identity that has a second
// factor. The codes are in no payload: the API reads them from the vault.
//
// The API starts it after a recent second factor. Earlier codes end with its one step.
func GenerateRecoveryCodes(ctx workflow.Context, in GenerateRecoveryCodesInput) (out RecoveryCodes, err error) {
	out.Fingerprint = in.Fingerprint
	made, err := step(ctx, factors.GenerateRecoveryCodes, activities.GenerateRecoveryCodesInput{
		IdentityID: in.AuthIdentityID, ActorType: in.ActorType, Count: in.Count, Codes: in.Codes, TTL: in.TTL,
		EventID: in.EventID, GroupID: groupID(ctx),
	})
	if out.Refusal = made.Refusal; err != nil || out.Refusal != nil {
		return out, err
	}
	out.Codes = in.Codes
	return out, releaseEvents(ctx)
}
