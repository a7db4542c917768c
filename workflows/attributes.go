package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
)

// The search attributes of executions. They are Keywords, of which a namespace on a
// SQL store has ten. Temporal stores them unencrypted: they hold no address and no secret.
var (
	AttributeActorType  = temporal.NewSearchAttributeKeyKeyword("EverlatchActorType")
	AttributeProvider   = temporal.NewSearchAttributeKeyKeyword("EverlatchProvider")
	AttributeOutcome    = temporal.NewSearchAttributeKeyKeyword("EverlatchOutcome")
	AttributeIdentityID = temporal.NewSearchAttributeKeyKeyword("EverlatchIdentityId")
	AttributeActorID    = temporal.NewSearchAttributeKeyKeyword("EverlatchActorId")
	// AttributeSubject is a keyed hash of the address that a request names, so that support
	// finds the flows of an address that belongs to no account, too.
	AttributeSubject = temporal.NewSearchAttributeKeyKeyword("EverlatchSubject")
	// AttributeRequestID is that of the HTTP request that started the execution.
	AttributeRequestID = temporal.NewSearchAttributeKeyKeyword("EverlatchRequestId")
)

// Attributes are all of them.
func Attributes() []temporal.SearchAttributeKeyKeyword {
	return []temporal.SearchAttributeKeyKeyword{
		AttributeActorType, AttributeProvider, AttributeOutcome, AttributeIdentityID, AttributeActorID, AttributeSubject, AttributeRequestID,
	}
}

// SignIn is the name of [Authenticate]. One that has succeeded has no outcome.
const SignIn = "Authenticate"

// Outcomes that flows of several kinds have. The others are those of one kind, such as
// "signed_in" and "expired".
const (
	OutcomeDone       = "done"
	OutcomeRefused    = "refused"
	OutcomeRegistered = "registered"
	// OutcomeNeedsAttention is that of a flow that could not undo everything.
	OutcomeNeedsAttention = "needs_attention"
	// OutcomeDead is that of a delivery that was given up.
	OutcomeDead = "dead"
)

// isSearchable says that an execution was started with search attributes, so that its
// namespace knows them. Only then it may set others. What was started by an earlier
// version, or before `everlatch temporal setup` has run, replays as it began.
func isSearchable(ctx workflow.Context) bool {
	started := workflow.GetTypedSearchAttributes(ctx)
	for _, key := range Attributes() {
		if started.ContainsKey(key) {
			return true
		}
	}
	return false
}

// conclude says how an execution has ended, and whom it was about in the end.
func conclude(ctx workflow.Context, outcome string, about About) error {
	noteOutcome(ctx, outcome)
	if !isSearchable(ctx) || outcome == "" {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx, append(about.attributes(), AttributeOutcome.ValueSet(outcome))...)
}

// ended is the outcome of a flow that either did what it was asked for, or refused it.
func ended(refusal *everlatch.Refusal) string {
	if refusal != nil {
		return OutcomeRefused
	}
	return OutcomeDone
}

// The results of short flows say how these have ended, see [temporalkit.Concluding].

// Conclude implements [temporalkit.Concluding]. [Authenticate] does it itself.
func (l Login) Conclude(ctx workflow.Context) error {
	if workflow.GetInfo(ctx).WorkflowType.Name == SignIn {
		noteOutcome(ctx, signInOutcome(l))
		return nil
	}
	if l.Refusal != nil {
		return conclude(ctx, OutcomeRefused, About{})
	}
	outcome := LoginSignedIn
	if l.Created {
		outcome = OutcomeRegistered
	}
	return conclude(ctx, outcome, About{ActorID: l.Principal.ActorID, IdentityID: l.Principal.AuthIdentityID})
}

// Conclude implements [temporalkit.Concluding].
func (o Outcome) Conclude(ctx workflow.Context) error {
	return conclude(ctx, ended(o.Refusal), About{})
}

// Conclude implements [temporalkit.Concluding].
func (a CustomerAccount) Conclude(ctx workflow.Context) error {
	return conclude(ctx, ended(a.Refusal), About{})
}

// Conclude implements [temporalkit.Concluding].
func (a UserAccount) Conclude(ctx workflow.Context) error {
	return conclude(ctx, ended(a.Refusal), About{})
}

// Conclude implements [temporalkit.Concluding].
func (a ActorAccount) Conclude(ctx workflow.Context) error {
	return conclude(ctx, ended(a.Refusal), About{})
}

// Conclude implements [temporalkit.Concluding].
func (l LinkedIdentity) Conclude(ctx workflow.Context) error {
	return conclude(ctx, ended(l.Refusal), About{})
}

// Conclude implements [temporalkit.Concluding].
func (r RecoveryCodes) Conclude(ctx workflow.Context) error {
	return conclude(ctx, ended(r.Refusal), About{})
}

// signInOutcome is that of a sign-in, which has no search attribute for it.
func signInOutcome(l Login) string {
	if l.Refusal != nil {
		return OutcomeRefused
	}
	return LoginSignedIn
}
