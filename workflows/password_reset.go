package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// The requests that [PasswordReset] handles.
const (
	SignalAsk      = "Ask"      // ResetRequest
	UpdateIssue    = "Issue"    // IssueReset -> IssuedReset
	UpdateComplete = "Complete" // CompleteReset -> Outcome
)

// The ends of [PasswordReset].
const (
	resetUsed    = "used"
	resetExpired = "expired"
)

// PasswordResetInput is the argument of [PasswordReset].
type PasswordResetInput struct {
	Provider string `json:"provider"`
	// EntityKey is the canonical form of the identifier that was typed.
	EntityKey string `json:"entity_key"`
	// TTL is how long a token is good.
	TTL time.Duration `json:"ttl"`
	// ResendAfter is how long a request is folded into the previous one.
	ResendAfter time.Duration `json:"resend_after"`
	// Open and Answers are what an execution that continues as new hands on.
	Open    *openReset `json:"open,omitempty"`
	Answers []answered `json:"answers,omitempty"`
}

// openReset is a reset that can be completed.
type openReset struct {
	activities.ResetGrant

	MailedAt time.Time `json:"mailed_at"`
}

// Names are the ids of what a request will create. The caller makes them, so that
// a step recognises its own work when it is repeated after a crash: two mails with
// one id are known as one.
type Names struct {
	TokenID string `json:"token_id"` // a UUID, as the contract's jti are
	EventID string `json:"event_id"`
}

// ResetRequest asks for a mail with a link.
type ResetRequest struct {
	ActorType string             `json:"actor_type"`
	Metadata  everlatch.Metadata `json:"metadata,omitempty"`
	Names     Names              `json:"names"`
}

// IssueReset asks, as an administrator, for a token to hand over (docs/weak-spots.md#w30).
type IssueReset struct {
	ActorType   string             `json:"actor_type"`
	RequestedBy everlatch.ActorRef `json:"requested_by"`
	Names       Names              `json:"names"`
}

// IssuedReset is a refusal or what the API makes the token of. The token itself
// is in no payload.
type IssuedReset struct {
	Refusal *everlatch.Refusal    `json:"refusal,omitempty"`
	Grant   activities.ResetGrant `json:"grant,omitzero"`
}

// CompleteReset chooses the new password.
type CompleteReset struct {
	TokenID   string `json:"token_id"`
	ActorType string `json:"actor_type"`
	// Request refers to the sealed request, which holds the password.
	Request vault.Ref `json:"request"`
	// EventID names the event of the change.
	EventID string `json:"event_id"`
}

// PasswordReset is the whole flow of a forgotten password: asked for, mailed, and
// then used, superseded or expired.
//
// The API starts it with a signal and answers before any work is done. There is
// one execution for each provider and identifier, whether or not an identity has
// it: an unknown identifier waits just as long, so that no answer and no time
// tells (docs/weak-spots.md#w19, #w28). A token is used once, because an execution handles one update
// at a time (docs/weak-spots.md#w27); a password that is refused does not use it up (docs/weak-spots.md#w26). A request
// within ResendAfter of the last mail sends none. Another change of the
// credentials ends what is open (docs/weak-spots.md#w25).
func PasswordReset(ctx workflow.Context, in PasswordResetInput) error {
	r := &passwordReset{in: in}
	if in.Open != nil {
		r.open = *in.Open
	}
	r.exchange = newExchange(ctx, r, in.Answers...)
	onSignal(ctx, r.exchange, SignalAsk, r.ask)
	on(ctx, r.exchange, UpdateIssue, r.issue)
	on(ctx, r.exchange, UpdateComplete, r.complete, r.refuses)
	return r.serve(ctx)
}

type passwordReset struct {
	*exchange

	in   PasswordResetInput
	open openReset
}

func (r *passwordReset) deadline() time.Time { return r.open.ExpiresAt }

func (r *passwordReset) expire(workflow.Context) error {
	r.end(resetExpired)
	return nil
}

func (r *passwordReset) renew(ctx workflow.Context) error {
	in := r.in
	in.Open, in.Answers = &r.open, r.answers
	return workflow.NewContinueAsNewError(ctx, PasswordReset, in)
}

var invalidToken = everlatch.Refusal{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid}

// refuses says that a token is not the one that is open.
func (r *passwordReset) refuses(ctx workflow.Context, in CompleteReset) *everlatch.Refusal {
	if r.open.Known && in.TokenID == r.open.TokenID && in.ActorType == r.open.ActorType &&
		workflow.Now(ctx).Before(r.open.ExpiresAt) {
		return nil
	}
	return &invalidToken
}

// ask mails a link, unless one was mailed just now.
func (r *passwordReset) ask(ctx workflow.Context, asks workflow.ReceiveChannel) error {
	var request ResetRequest
	// A signal that cannot be decrypted is dropped, and receiving would wait for the next.
	if !asks.ReceiveAsync(&request) {
		return nil
	}
	if r.open.TokenID != "" && workflow.Now(ctx).Before(r.open.MailedAt.Add(r.in.ResendAfter)) {
		return nil
	}
	return r.grant(ctx, activities.GrantResetInput{ActorType: request.ActorType, Metadata: request.Metadata}, request.Names, finalStep)
}

// issue grants a token to an administrator. No link is mailed; the owner is told.
func (r *passwordReset) issue(ctx workflow.Context, in IssueReset) (IssuedReset, error) {
	asked := activities.GrantResetInput{ActorType: in.ActorType, RequestedBy: &in.RequestedBy}
	if err := r.grant(ctx, asked, in.Names, durableStep); err != nil {
		return IssuedReset{}, err
	}
	if !r.open.Known {
		return IssuedReset{Refusal: &everlatch.Refusal{
			Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonIdentityUnknown,
			Details: map[string]string{"entity_id": r.in.EntityKey, "provider": r.in.Provider},
		}}, nil
	}
	return IssuedReset{Grant: r.open.ResetGrant}, nil
}

// granting is [finalStep] or [durableStep].
type granting = func(
	workflow.Context, func(context.Context, activities.GrantResetInput) (activities.ResetGrant, error), activities.GrantResetInput,
) (activities.ResetGrant, error)

// grant supersedes what is open.
func (r *passwordReset) grant(ctx workflow.Context, in activities.GrantResetInput, names Names, do granting) error {
	in.Provider, in.EntityKey, in.TTL, in.GroupID = r.in.Provider, r.in.EntityKey, r.in.TTL, groupID(ctx)
	in.TokenID, in.EventID = names.TokenID, names.EventID
	grant, err := do(ctx, resets.GrantReset, in)
	if err != nil {
		return err
	}
	r.outcome = ""
	r.open = openReset{ResetGrant: grant, MailedAt: workflow.Now(ctx)}
	return nil
}

// complete changes the password.
func (r *passwordReset) complete(ctx workflow.Context, in CompleteReset) (out Outcome, err error) {
	if out.Refusal = r.refuses(ctx, in); out.Refusal != nil {
		return out, nil
	}
	changed, err := durableStep(ctx, resets.ChangePassword, activities.ChangePasswordInput{
		Provider: r.in.Provider, Grant: r.open.ResetGrant, Request: in.Request, EventID: in.EventID, GroupID: groupID(ctx),
	})
	if err != nil {
		return out, err
	}
	if out.Refusal = changed.Refusal; out.Refusal != nil {
		return out, nil
	}
	r.open = openReset{}
	r.end(resetUsed)
	if changed.Void {
		out.Refusal = &invalidToken
		return out, nil
	}
	return out, releaseEvents(ctx)
}
