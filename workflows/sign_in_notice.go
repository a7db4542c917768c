package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
)

// UpdateDisownSignIn is the update of [SignInNotice].
const UpdateDisownSignIn = "DisownSignIn" // DisownSignIn -> Outcome

// NoticedSignIn is a sign-in that its owner is told of.
type NoticedSignIn = activities.NoticedSignIn

// SignInNoticeInput is the argument of [SignInNotice].
type SignInNoticeInput struct {
	SignIn NoticedSignIn `json:"sign_in"`
	// Until is when the last token of the sign-in expires at the latest.
	Until time.Time `json:"until"`
	Grant LinkGrant `json:"grant"`
	// ExpiresAt and Answers are what an execution that continues as new hands on: its
	// owner has been told.
	ExpiresAt time.Time  `json:"expires_at,omitzero"`
	Answers   []answered `json:"answers,omitempty"`
}

// DisownSignIn carries the token of the mail.
type DisownSignIn struct {
	TokenID string `json:"token_id"`
	EventID string `json:"event_id"`
}

// SignInNotice tells the owner of an identity that someone signed in to it from a new
// device, and ends that sign-in when they say that it was not them: by a token, which
// goes to their address and works once.
//
// The API starts it for such a sign-in, unless mails about them are off. It ends with
// the token. A sign-in that ended is not restored, so an outage only delays it.
func SignInNotice(ctx workflow.Context, in SignInNoticeInput) error {
	n := &signInNotice{in: in}
	n.exchange = newExchange(ctx, n, in.Answers...)
	on(ctx, n.exchange, UpdateDisownSignIn, n.disown, func(ctx workflow.Context, in DisownSignIn) *everlatch.Refusal {
		return valid(n.owns(ctx, in.TokenID))
	})
	if in.ExpiresAt.IsZero() {
		announced, err := finalStep(ctx, signIns.AnnounceSignIn, activities.AnnounceSignInInput{
			SignIn: in.SignIn, Grant: in.Grant, GroupID: groupID(ctx),
		})
		if n.in.ExpiresAt = announced.ExpiresAt; err != nil || n.outcome != "" {
			n.finishHandlers(ctx)
			return err
		}
	}
	return n.serve(ctx)
}

type signInNotice struct {
	*exchange

	in SignInNoticeInput
}

func (n *signInNotice) deadline() time.Time { return n.in.ExpiresAt }

func (n *signInNotice) expire(workflow.Context) error {
	n.end("expired")
	return nil
}

func (n *signInNotice) renew(ctx workflow.Context) error {
	next := n.in
	next.Answers = n.answers
	return workflow.NewContinueAsNewError(ctx, SignInNotice, next)
}

// owns reports whether a token is the one that went to the owner. It may arrive before
// this execution knows that it was mailed.
func (n *signInNotice) owns(ctx workflow.Context, tokenID string) bool {
	return n.outcome == "" && tokenID == n.in.Grant.TokenID &&
		(n.in.ExpiresAt.IsZero() || workflow.Now(ctx).Before(n.in.ExpiresAt))
}

// disown ends the sign-in.
func (n *signInNotice) disown(ctx workflow.Context, in DisownSignIn) (out Outcome, err error) {
	if !n.owns(ctx, in.TokenID) { // another update was faster
		out.Refusal = &invalidToken
		return out, nil
	}
	_, err = durableStep(ctx, signIns.DisownSignIn, activities.DisownSignInInput{
		SignIn: n.in.SignIn, Until: n.in.Until, Spent: n.in.Grant.Token, EventID: in.EventID, GroupID: groupID(ctx),
	})
	if err == nil {
		n.end("disowned")
	}
	return out, err
}
