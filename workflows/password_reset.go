package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// The moves of [PasswordReset].
const (
	SignalAsk      = "Ask"      // ResetRequest
	UpdateIssue    = "Issue"    // IssueReset -> IssuedReset
	UpdateComplete = "Complete" // CompleteReset -> Outcome
)

// PasswordResetInput is the argument of [PasswordReset].
type PasswordResetInput struct {
	Provider string `json:"provider"`
	// EntityKey is the canonical form of what the person typed.
	EntityKey string `json:"entity_key"`
	// TTL is how long a token is good.
	TTL time.Duration `json:"ttl"`
	// ResendAfter is how long a request is folded into the one before.
	ResendAfter time.Duration `json:"resend_after"`
	// Open carries what is open over to a fresh history.
	Open *OpenReset `json:"open,omitempty"`
}

// OpenReset is a reset that can be completed.
type OpenReset struct {
	activities.ResetGrant

	MailedAt time.Time `json:"mailed_at"`
}

// Names are what a move will create. Whoever asks makes them, so that a step
// finds its own work also when a crash has it repeated before history knows of
// it: two mails with one id can be known as one.
type Names struct {
	TokenID string `json:"token_id"` // a UUID, as the contract's jti are
	EventID string `json:"event_id"`
}

// ResetRequest asks for a mail with a link.
type ResetRequest struct {
	ActorType string             `json:"actor_type"`
	Metadata  everlatch.Metadata `json:"metadata,omitempty"`
	Names     Names              `json:"names,omitzero"`
}

// Actor names somebody who acts.
type Actor = activities.Actor

// IssueReset asks, as an administrator, for a token to hand over (W30).
type IssueReset struct {
	ActorType   string `json:"actor_type"`
	RequestedBy Actor  `json:"requested_by"`
	Names       Names  `json:"names,omitzero"`
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

// PasswordReset is the whole story of a forgotten password: asked, mailed, and
// then used, superseded or expired.
//
// The API starts it with a signal and answers before any work is done. There is
// one for each provider and identifier, whether or not anybody has it: what
// nobody has waits just as long, so that no answer and no time tells (W19, W28).
// A token is used once, because an execution takes one move at a time (W27); a
// password that is refused does not use it up (W26). A request within
// ResendAfter of the last mail sends none. Another change of the credentials
// ends what is open (W25).
func PasswordReset(ctx workflow.Context, in PasswordResetInput) error {
	r := &passwordReset{in: in, turn: workflow.NewMutex(ctx), begun: workflow.Now(ctx)}
	if in.Open != nil {
		r.open = *in.Open
	}
	if err := r.listen(ctx); err != nil {
		return err
	}
	asks := workflow.GetSignalChannel(ctx, SignalAsk)
	for {
		_, err := workflow.AwaitWithTimeout(ctx, r.deadline().Sub(workflow.Now(ctx)), func() bool {
			return asks.Len() > 0 || r.used
		})
		if err != nil {
			return err
		}
		if asks.Len() > 0 {
			if err := r.ask(ctx, asks); err != nil {
				return err
			}
		}
		if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
			return err
		}
		if asks.Len() > 0 {
			continue
		}
		if r.used || !workflow.Now(ctx).Before(r.deadline()) {
			return nil
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			in.Open = &r.open
			return workflow.NewContinueAsNewError(ctx, PasswordReset, in)
		}
	}
}

// passwordReset is the state of the dance. The move that has the turn may
// change it.
type passwordReset struct {
	in    PasswordResetInput
	turn  workflow.Mutex
	begun time.Time
	open  OpenReset
	used  bool
}

// firstMove is how long an execution waits for what it was started for.
const firstMove = time.Minute

func (r *passwordReset) deadline() time.Time {
	if r.open.TokenID == "" {
		return r.begun.Add(firstMove)
	}
	return r.open.ExpiresAt
}

func (r *passwordReset) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandler(ctx, UpdateIssue, r.issue); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateComplete, r.complete, workflow.UpdateHandlerOptions{
		// What cannot be right leaves no trace in history.
		Validator: func(ctx workflow.Context, in CompleteReset) error {
			if !r.accepts(ctx, in) {
				return temporal.NewApplicationError(invalidToken.Message, string(invalidToken.Code))
			}
			return nil
		},
	})
}

var invalidToken = everlatch.Refusal{Code: everlatch.CodeUnauthorized, Message: "Invalid token"}

func (r *passwordReset) accepts(ctx workflow.Context, in CompleteReset) bool {
	return r.open.Known && in.TokenID == r.open.TokenID && in.ActorType == r.open.ActorType &&
		workflow.Now(ctx).Before(r.open.ExpiresAt)
}

// ask mails a link, unless one was mailed just now.
func (r *passwordReset) ask(ctx workflow.Context, asks workflow.ReceiveChannel) error {
	if err := r.turn.Lock(ctx); err != nil {
		return err
	}
	defer r.turn.Unlock()
	var request ResetRequest
	asks.Receive(ctx, &request)
	if r.open.TokenID != "" && workflow.Now(ctx).Before(r.open.MailedAt.Add(r.in.ResendAfter)) {
		return nil
	}
	return r.grant(ctx, activities.GrantResetInput{ActorType: request.ActorType, Metadata: request.Metadata}, request.Names, finalStep)
}

// issue grants a token to an administrator. Nobody is mailed a link; the owner
// is told.
func (r *passwordReset) issue(ctx workflow.Context, in IssueReset) (IssuedReset, error) {
	if err := r.turn.Lock(ctx); err != nil {
		return IssuedReset{}, err
	}
	defer r.turn.Unlock()
	err := r.grant(ctx, activities.GrantResetInput{ActorType: in.ActorType, RequestedBy: &in.RequestedBy}, in.Names, step)
	if err != nil {
		return IssuedReset{}, err
	}
	if !r.open.Known {
		return IssuedReset{Refusal: &everlatch.Refusal{
			Code:    everlatch.CodeInvalidData,
			Message: "Provider identity with entity_id " + r.in.EntityKey + " and provider " + r.in.Provider + " not found",
		}}, nil
	}
	return IssuedReset{Grant: r.open.ResetGrant}, nil
}

// granting is [step] or [finalStep].
type granting = func(
	workflow.Context, func(context.Context, activities.GrantResetInput) (activities.ResetGrant, error), activities.GrantResetInput,
) (activities.ResetGrant, error)

// grant supersedes what is open.
func (r *passwordReset) grant(ctx workflow.Context, in activities.GrantResetInput, names Names, do granting) (err error) {
	in.Provider, in.EntityKey, in.TTL, in.GroupID = r.in.Provider, r.in.EntityKey, r.in.TTL, groupID(ctx)
	if names == (Names{}) { // asked by a release that left the names to us
		if names, err = newNames(ctx); err != nil {
			return err
		}
	}
	in.TokenID, in.EventID = names.TokenID, names.EventID
	grant, err := do(ctx, resets.GrantReset, in)
	if err != nil {
		return err
	}
	r.used = false
	r.open = OpenReset{ResetGrant: grant, MailedAt: workflow.Now(ctx)}
	return nil
}

// complete changes the password.
func (r *passwordReset) complete(ctx workflow.Context, in CompleteReset) (out Outcome, err error) {
	if err := r.turn.Lock(ctx); err != nil {
		return out, err
	}
	defer r.turn.Unlock()
	if !r.accepts(ctx, in) { // somebody was faster
		out.Refusal = &invalidToken
		return out, nil
	}
	// Executions of before are replayed with the local step that they took.
	change := durableStep[activities.ChangePasswordInput, activities.ChangePasswordOutput]
	if workflow.GetVersion(ctx, "complete-firmly", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		change = step
	}
	changed, err := change(ctx, resets.ChangePassword, activities.ChangePasswordInput{
		Provider: r.in.Provider, Grant: r.open.ResetGrant, Request: in.Request, EventID: in.EventID, GroupID: groupID(ctx),
	})
	if err != nil {
		return out, err
	}
	if out.Refusal = changed.Refusal; out.Refusal != nil {
		return out, nil
	}
	r.used, r.open = true, OpenReset{}
	if changed.Void {
		out.Refusal = &invalidToken
		return out, nil
	}
	return out, releaseEvents(ctx)
}
