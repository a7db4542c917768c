package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
)

// The requests that [EmailSignIn] handles.
const (
	SignalAskCode    = "AskCode"    // EmailCodeRequest
	UpdateSignInCode = "SignInCode" // EmailCodeAnswer -> Login
)

// The outcomes of [EmailSignIn].
const (
	EmailSignedIn  = "signed_in"
	EmailExhausted = "exhausted"
	// EmailRefused is a right code that did not sign in: a hook refused, say.
	EmailRefused = "refused"
	EmailExpired = "expired"
)

// EmailCodeNames name what a request for a code creates.
type EmailCodeNames = activities.EmailCodeNames

// EmailSignInInput is the argument of [EmailSignIn].
type EmailSignInInput struct {
	Provider string `json:"provider"`
	// Email is the canonical address.
	Email string `json:"email"`
	// Flow is what the tokens of links begin with. It is a keyed hash.
	Flow string `json:"flow"`
	// Open and Answers are what an execution that continues as new hands on.
	Open    opened[openEmailCode] `json:"open_codes,omitempty"`
	Answers []answered            `json:"answers,omitempty"`
	// Former is what an execution of an earlier version hands on.
	Former *openEmailCode `json:"open,omitempty"`
}

// EmailCodeRequest asks for a code.
type EmailCodeRequest struct {
	ActorType string `json:"actor_type"`
	// Binding is a hash of what the browser that asks is known by.
	Binding string         `json:"binding"`
	Names   EmailCodeNames `json:"names"`
	// Language is the tag of the language that the request asks for, "" for none.
	Language string `json:"language,omitempty"`
}

// openEmailCode is a code that waits to be typed, or its link to be opened.
type openEmailCode struct {
	EmailCodeRequest

	CodeHash  string    `json:"code_hash"`
	TokenHash string    `json:"token_hash"`
	ExpiresAt time.Time `json:"expires_at"`
	// Tries is how many wrong codes are left.
	Tries int `json:"tries"`
	// Known is false for a code that was not mailed.
	Known bool `json:"known"`
}

func (o openEmailCode) until() time.Time { return o.ExpiresAt }

// mostOpenEmailCodes is how many codes for one address are good at once. Above it no
// further one is made until some have expired, so that the earlier ones stay good.
const mostOpenEmailCodes = 64

// EmailCodeAnswer is a code that a user typed, or the token of a link.
type EmailCodeAnswer struct {
	ActorType string `json:"actor_type"`
	Binding   string `json:"binding"`
	// Typed is where it is sealed. Link says that it is the token of a link.
	Typed   vault.Ref `json:"typed"`
	Link    bool      `json:"link,omitempty"`
	EventID string    `json:"event_id"`
	Hooks   *Hooks    `json:"hooks,omitempty"`
}

// EmailSignIn signs an end user in with a code or a link that is mailed to them, from the
// request to the sign-in. There is one for each provider and address, whether the address
// is known or not.
//
// The API starts it with a signal, and its answer to the caller does not depend on what
// follows (docs/weak-spots.md#w19). A code is good in the browser that asked for it, until
// its time is up, and once: an execution handles one answer at a time. Wrong codes are
// counted exactly, against every code that the browser could have meant; answers from other
// browsers change nothing, so that no stranger can use up the tries. Every code stays good
// until one of them is used or it expires, whatever is asked later. An outage leaves the codes
// as they are.
func EmailSignIn(ctx workflow.Context, in EmailSignInInput) (string, error) {
	e := &emailSignIn{in: in, open: in.Open}
	if in.Former != nil {
		e.open = append(e.open, *in.Former)
	}
	e.exchange = newExchange(ctx, e, in.Answers...)
	onSignal(ctx, e.exchange, SignalAskCode, e.ask)
	on(ctx, e.exchange, UpdateSignInCode, e.answer, e.refuses)
	err := e.serve(ctx)
	return e.outcome, err
}

type emailSignIn struct {
	*exchange

	in   EmailSignInInput
	open opened[openEmailCode]
}

func (e *emailSignIn) deadline() time.Time { return e.open.deadline() }

func (e *emailSignIn) expire(workflow.Context) error {
	e.end(EmailExpired)
	return nil
}

func (e *emailSignIn) renew(ctx workflow.Context) error {
	in := e.in
	in.Open, in.Answers, in.Former = e.open, e.answers, nil
	return workflow.NewContinueAsNewError(ctx, EmailSignIn, in)
}

// ask has a code made and mailed, beside those that are open.
func (e *emailSignIn) ask(ctx workflow.Context, asks workflow.ReceiveChannel) error {
	var request EmailCodeRequest
	// A signal that cannot be decrypted is dropped, and receiving would wait for the next.
	e.open = e.open.withoutExpired(ctx)
	if !asks.ReceiveAsync(&request) || len(e.open) >= mostOpenEmailCodes {
		return nil
	}
	made, err := finalStep(temporalkit.Speak(ctx, request.Language), emailSignIns.MakeEmailCode, activities.MakeEmailCodeInput{
		ActorType: request.ActorType, Provider: e.in.Provider, Email: e.in.Email, Names: request.Names, Flow: e.in.Flow,
		GroupID: groupID(ctx),
	})
	if err != nil {
		return err
	}
	e.outcome = "" // the request that came last moment goes on
	e.open = append(e.open, openEmailCode{
		EmailCodeRequest: request, CodeHash: made.CodeHash, TokenHash: made.TokenHash, ExpiresAt: made.ExpiresAt,
		Tries: made.Tries, Known: made.Known,
	})
	e.tell(ctx, "asked for "+request.ActorType+": "+askedLines[mailedOr(made.Known, askedCodeMailed, askedNotAllowed)])
	return nil
}

// meant reports whether a code was asked for by the browser that brings an answer.
func (in EmailCodeAnswer) meant(o openEmailCode) bool {
	return in.ActorType == o.ActorType && in.Binding == o.Binding
}

// refuses says that no code of this browser is open.
func (e *emailSignIn) refuses(ctx workflow.Context, in EmailCodeAnswer) *everlatch.Refusal {
	if _, open := e.open.find(ctx, in.meant); open {
		return nil
	}
	return codeRefused(in.Link, everlatch.ReasonSignInCodeClosed)
}

func codeRefused(link bool, reason everlatch.Reason) *everlatch.Refusal {
	if link {
		reason = everlatch.ReasonSignInLink
	}
	return &everlatch.Refusal{Code: everlatch.CodeUnauthorized, Reason: reason}
}

// answer signs in, or says why not.
func (e *emailSignIn) answer(ctx workflow.Context, in EmailCodeAnswer) (Login, error) {
	if refusal := e.refuses(ctx, in); refusal != nil {
		return login(ctx, refusal, everlatch.Principal{}, ""), nil
	}
	hooks := in.Hooks.within(ctx, everlatch.HookInput{ActorType: in.ActorType, Provider: e.in.Provider}, callerWaits)
	refused, err := hooks.run(ctx, everlatch.HookBeforeAuthenticate)
	if err != nil || refused != nil {
		return login(ctx, refused, everlatch.Principal{}, ""), err
	}
	open, refused, err := e.check(ctx, in)
	if err != nil || refused != nil {
		return login(ctx, refused, everlatch.Principal{}, ""), err
	}
	found, err := e.identify(ctx, hooks, activities.SignInByEmailInput{
		ActorType: in.ActorType, Provider: e.in.Provider, Email: e.in.Email, Names: open.Names, EventID: in.EventID, GroupID: groupID(ctx),
	})
	if err != nil {
		return Login{}, err
	}
	e.open = nil
	e.end(outcomeOf(found.Refusal))
	e.about = About{IdentityID: found.Principal.AuthIdentityID, ActorID: found.Principal.ActorID}
	if found.Created {
		if err := releaseEvents(ctx); err != nil {
			return Login{}, err
		}
	}
	return login(ctx, found.Refusal, found.Principal, ""), nil
}

func outcomeOf(refusal *everlatch.Refusal) string {
	if refusal != nil {
		return EmailRefused
	}
	return EmailSignedIn
}

// check returns which of the browser's codes an answer is.
func (e *emailSignIn) check(ctx workflow.Context, in EmailCodeAnswer) (openEmailCode, *everlatch.Refusal, error) {
	check := activities.CheckEmailCodeInput{
		Typed: in.Typed, Link: in.Link, ActorType: in.ActorType, Provider: e.in.Provider, EventID: in.EventID,
	}
	e.open = e.open.withoutExpired(ctx)
	var meant []openEmailCode
	var hashes []string
	for _, o := range slices.Backward(e.open) {
		if !in.meant(o) {
			continue
		}
		hash := o.CodeHash
		if in.Link {
			hash = o.TokenHash
		}
		meant, hashes = append(meant, o), append(hashes, hash)
	}
	check.Hash, check.Earlier = hashes[0], hashes[1:]
	checked, err := durableStep(ctx, emailSignIns.CheckEmailCode, check)
	switch {
	case err != nil || checked.Refusal != nil:
		return openEmailCode{}, checked.Refusal, err
	case !checked.Right || !meant[checked.Which].Known:
		return openEmailCode{}, e.wrong(in), nil
	}
	return meant[checked.Which], nil, nil
}

// wrong counts a wrong code against all that the browser could have meant. One whose last
// try that was ends. The token of a link is too long to be guessed.
func (e *emailSignIn) wrong(in EmailCodeAnswer) *everlatch.Refusal {
	if in.Link {
		return codeRefused(in.Link, "")
	}
	left := e.open[:0]
	reason := everlatch.ReasonSignInCodeExhausted
	for _, o := range e.open {
		if in.meant(o) {
			o.Tries--
		}
		if o.Tries > 0 {
			left = append(left, o)
			if in.meant(o) {
				reason = everlatch.ReasonSignInCode
			}
		}
	}
	if e.open = left; len(left) == 0 {
		e.end(EmailExhausted)
	}
	return codeRefused(in.Link, reason)
}

// identify finds or creates the identity of the user between its hooks.
func (e *emailSignIn) identify(ctx workflow.Context, hooks *hooked, in activities.SignInByEmailInput) (out activities.RegisterIdentityOutput, err error) {
	var undo saga
	out, err = hooks.aroundEmail(ctx, &undo, in)
	switch {
	case err != nil:
		return out, undo.after(ctx, err)
	case out.Refusal != nil:
		return activities.RegisterIdentityOutput{Refusal: out.Refusal}, undo.compensate(ctx)
	case out.Unknown: // removed since the code was mailed
		return activities.RegisterIdentityOutput{Refusal: codeRefused(false, everlatch.ReasonSignInCode)}, nil
	}
	// A sign-in that is refused does not take back the registration.
	refused, err := hooks.authenticated(ctx, out.Principal)
	if refused != nil {
		return activities.RegisterIdentityOutput{Refusal: refused, Created: out.Created}, nil
	}
	return out, err
}

// aroundEmail signs in by an address, and asks the hooks of register where it has no
// identity with the provider.
func (h *hooked) aroundEmail(ctx workflow.Context, undo *saga, in activities.SignInByEmailInput) (activities.RegisterIdentityOutput, error) {
	if len(h.set.At(everlatch.HookBeforeRegister, everlatch.HookAfterRegister)) == 0 {
		return durableStep(ctx, emailSignIns.SignInByEmail, in)
	}
	known := in
	known.KnownOnly = true
	out, err := durableStep(ctx, emailSignIns.SignInByEmail, known)
	if err != nil || out.Refusal != nil || !out.Unknown {
		return out, err
	}
	h.about.Email = out.Email
	if out.Refusal, err = h.run(ctx, everlatch.HookBeforeRegister); err != nil || out.Refusal != nil {
		return out, err
	}
	add(undo, credentials.DiscardIdentity, activities.DiscardIdentityInput{IdentityID: in.Names.IdentityID, GroupID: in.GroupID})
	if out, err = durableStep(ctx, emailSignIns.SignInByEmail, in); err != nil || out.Refusal != nil {
		return out, err
	}
	if out.Principal.AuthIdentityID != in.Names.IdentityID {
		return out, nil // it is another sign-in method of an identity that has the address
	}
	out.Refusal, err = h.registered(ctx, activities.RegisterIdentityInput{}, out)
	return out, err
}
