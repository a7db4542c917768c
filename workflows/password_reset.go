package workflows

import (
	"cmp"
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
)

// The requests that [PasswordReset] handles.
const (
	SignalAsk      = "Ask"      // ResetRequest
	UpdateIssue    = "Issue"    // IssueReset -> IssuedReset
	UpdateComplete = "Complete" // CompleteReset -> Outcome
	UpdateConsume  = "Consume"  // ConsumeReset -> IssuedReset
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
	Open    opened[openReset] `json:"open_resets,omitempty"`
	Answers []answered        `json:"answers,omitempty"`
}

// openReset is what a request was granted. It is kept until it expires, also when
// that was nothing: then it is as if a mail had been sent.
type openReset struct {
	activities.ResetGrant

	// MailedAt is the zero time when the user did not ask.
	MailedAt time.Time `json:"mailed_at,omitzero"`
}

func (o openReset) until() time.Time { return o.ExpiresAt }

// mostOpenResets is how many links for one actor type are good at once. Above it no
// further mail is sent until some have expired, so that the earlier ones stay good.
// It also bounds how many requests that were granted nothing are remembered.
const mostOpenResets = 64

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
	// Language is the tag of the language that the request asks for, "" for none.
	Language string `json:"language,omitempty"`
}

// IssueReset asks, as an administrator, for a token to hand over (docs/weak-spots.md#w30).
type IssueReset struct {
	ActorType   string             `json:"actor_type"`
	RequestedBy everlatch.ActorRef `json:"requested_by"`
	Names       Names              `json:"names"`
	// TTL is how long the token is good; 0 is as long as one that is mailed.
	TTL time.Duration `json:"ttl,omitempty"`
	// Silent records no event: the program that asks tells the user itself.
	Silent bool `json:"silent,omitempty"`
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
	Hooks   *Hooks `json:"hooks,omitempty"`
}

// ConsumeReset uses a token up without a new password: the program that asks decides
// what it was good for.
type ConsumeReset struct {
	TokenID string `json:"token_id"`
}

// PasswordReset is the whole flow of a forgotten password: asked for, mailed, and
// then used or expired.
//
// The API starts it with a signal and answers before any work is done. There is
// one execution for each provider and identifier, whether or not an identity has
// it: an unknown identifier waits just as long, so that no answer and no time
// tells (docs/weak-spots.md#w19, #w28). A token is used once, because an execution handles one update
// at a time (docs/weak-spots.md#w27); a password that is refused does not use it up (docs/weak-spots.md#w26).
//
// Every token stays good until one of them is used or it expires, whatever is asked
// later: a stranger's request must not void the link that the owner has in hand. A
// request within ResendAfter of the last mail for the same actor type sends none; one
// for another actor type changes nothing about that. Another change of the
// credentials ends what is open (docs/weak-spots.md#w25).
func PasswordReset(ctx workflow.Context, in PasswordResetInput) error {
	r := &passwordReset{in: in, open: in.Open}
	r.exchange = newExchange(ctx, r, in.Answers...)
	onSignal(ctx, r.exchange, SignalAsk, r.ask)
	on(ctx, r.exchange, UpdateIssue, r.issue)
	on(ctx, r.exchange, UpdateComplete, r.complete, r.refuses)
	on(ctx, r.exchange, UpdateConsume, r.consume)
	return r.serve(ctx)
}

type passwordReset struct {
	*exchange

	in   PasswordResetInput
	open opened[openReset]
}

func (r *passwordReset) deadline() time.Time { return r.open.deadline() }

func (r *passwordReset) expire(workflow.Context) error {
	r.end(resetExpired)
	return nil
}

func (r *passwordReset) renew(ctx workflow.Context) error {
	in := r.in
	in.Open, in.Answers = r.open, r.answers
	return workflow.NewContinueAsNewError(ctx, PasswordReset, in)
}

var invalidToken = everlatch.Refusal{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid}

// refuses says that a token is not one that is open.
func (r *passwordReset) refuses(ctx workflow.Context, in CompleteReset) *everlatch.Refusal {
	if _, open := r.find(ctx, in); open {
		return nil
	}
	return &invalidToken
}

func (r *passwordReset) find(ctx workflow.Context, in CompleteReset) (openReset, bool) {
	return r.open.find(ctx, func(o openReset) bool {
		return o.Known && in.TokenID == o.TokenID && in.ActorType == o.ActorType
	})
}

// ask mails a link, unless one was mailed just now.
func (r *passwordReset) ask(ctx workflow.Context, asks workflow.ReceiveChannel) error {
	var request ResetRequest
	// A signal that cannot be decrypted is dropped, and receiving would wait for the next.
	if !asks.ReceiveAsync(&request) {
		return nil
	}
	if !r.mails(ctx, request.ActorType) {
		r.tell(ctx, "asked again for "+request.ActorType+": "+askedLines[askedAgain])
		return nil
	}
	asked := activities.GrantResetInput{ActorType: request.ActorType, Metadata: request.Metadata}
	grant, err := r.grant(temporalkit.Speak(ctx, request.Language), asked, request.Names, finalStep)
	if err == nil {
		r.keep(ctx, openReset{ResetGrant: grant, MailedAt: workflow.Now(ctx)})
		r.tell(ctx, "asked for "+request.ActorType+": "+askedLines[mailedOr(grant.Known, askedMailed, askedUnknown)])
	}
	return err
}

// mails says whether a request for an actor type sends a mail. Requests for other
// types don't matter: they must not delay the one of the owner.
func (r *passwordReset) mails(ctx workflow.Context, actorType string) bool {
	open := 0
	for _, o := range r.open {
		if o.ActorType != actorType {
			continue
		}
		open++
		if workflow.Now(ctx).Before(o.MailedAt.Add(r.in.ResendAfter)) {
			return false
		}
	}
	return open < mostOpenResets
}

// keep adds a grant to those that are open, and forgets what has expired and the
// oldest request that was granted nothing, if there are too many of them.
func (r *passwordReset) keep(ctx workflow.Context, grant openReset) {
	r.open = r.open.withoutExpired(ctx)
	oldest, nothing := -1, 0
	for i, o := range slices.Backward(r.open) {
		if !o.Known {
			oldest, nothing = i, nothing+1
		}
	}
	if nothing >= mostOpenResets {
		r.open = slices.Delete(r.open, oldest, oldest+1)
	}
	r.open = append(r.open, grant)
}

// issue grants a token to an administrator. No link is mailed, so a request by the
// user still sends one; the owner is told.
func (r *passwordReset) issue(ctx workflow.Context, in IssueReset) (IssuedReset, error) {
	asked := activities.GrantResetInput{ActorType: in.ActorType, RequestedBy: &in.RequestedBy, TTL: in.TTL, Silent: in.Silent}
	grant, err := r.grant(ctx, asked, in.Names, durableStep)
	if err != nil {
		return IssuedReset{}, err
	}
	r.keep(ctx, openReset{ResetGrant: grant})
	if !grant.Known {
		return IssuedReset{Refusal: &everlatch.Refusal{
			Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonIdentityUnknown,
			Details: map[string]string{"entity_id": r.in.EntityKey, "provider": r.in.Provider},
		}}, nil
	}
	return IssuedReset{Grant: grant}, nil
}

// granting is [finalStep] or [durableStep].
type granting = func(
	workflow.Context, func(context.Context, activities.GrantResetInput) (activities.ResetGrant, error), activities.GrantResetInput,
) (activities.ResetGrant, error)

// grant grants a token beside those that are open.
func (r *passwordReset) grant(
	ctx workflow.Context, in activities.GrantResetInput, names Names, do granting,
) (activities.ResetGrant, error) {
	in.Provider, in.EntityKey, in.TTL, in.GroupID = r.in.Provider, r.in.EntityKey, cmp.Or(in.TTL, r.in.TTL), groupID(ctx)
	in.TokenID, in.EventID = names.TokenID, names.EventID
	grant, err := do(ctx, resets.GrantReset, in)
	if err == nil {
		r.outcome, r.about.IdentityID = "", grant.IdentityID
	}
	return grant, err
}

// complete changes the password. That ends the other tokens, too.
func (r *passwordReset) complete(ctx workflow.Context, in CompleteReset) (out Outcome, err error) {
	used, open := r.find(ctx, in)
	if !open {
		out.Refusal = &invalidToken
		return out, nil
	}
	hooks := in.Hooks.within(ctx, everlatch.HookInput{
		ActorType: in.ActorType, Provider: r.in.Provider, AuthIdentityID: used.IdentityID, Email: used.EntityID,
	}, callerWaits)
	if out.Refusal, err = hooks.run(ctx, everlatch.HookBeforePasswordChanged); err != nil || out.Refusal != nil {
		return out, err
	}
	changed, err := changePassword(ctx, activities.ChangePasswordInput{
		Provider: r.in.Provider, Grant: used.ResetGrant, Request: in.Request, EventID: in.EventID, GroupID: groupID(ctx),
		Mailed: !used.MailedAt.IsZero(),
	}, durableStep)
	if err != nil {
		return out, err
	}
	if out.Refusal = changed.Refusal; out.Refusal != nil {
		return out, nil
	}
	if changed.Void {
		out.Refusal = &invalidToken
		r.drop(used.TokenID)
		return out, nil
	}
	r.open = nil
	r.end(resetUsed)
	hooks.passwordChanged(ctx)
	return out, releaseEvents(ctx)
}

// consume uses up the token, and with it every other one. Of several requests at once
// one gets the grant, because an execution handles one update at a time.
func (r *passwordReset) consume(ctx workflow.Context, in ConsumeReset) (out IssuedReset, err error) {
	used, open := r.open.find(ctx, func(o openReset) bool { return o.Known && o.TokenID == in.TokenID })
	if !open {
		return IssuedReset{Refusal: &invalidToken}, nil
	}
	out.Grant = used.ResetGrant
	r.open = nil
	r.end(resetUsed)
	return out, nil
}

// drop forgets a grant that was void. One that was made after the credentials had
// changed stays good.
func (r *passwordReset) drop(tokenID string) {
	r.open = slices.DeleteFunc(r.open, func(o openReset) bool { return o.TokenID == tokenID })
	if len(r.open) == 0 {
		r.end(resetUsed)
	}
}
