package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/temporalkit"
)

// UpdateConfirmRegistration is the update of [ConfirmedRegistration]: ConfirmRegistration -> Login.
// Its signal is [SignalAsk], with an AskRegistration.
const UpdateConfirmRegistration = "ConfirmRegistration"

// The ends of [ConfirmedRegistration].
const (
	registrationConfirmed = "confirmed"
	registrationExpired   = "expired"
)

// ConfirmedRegistrationInput is the argument of [ConfirmedRegistration].
type ConfirmedRegistrationInput struct {
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider"`
	// EntityKey is the canonical form of the address.
	EntityKey string `json:"entity_key"`
	// TTL is how long a token is good.
	TTL time.Duration `json:"ttl"`
	// ResendAfter is how long a request is folded into the previous one.
	ResendAfter time.Duration `json:"resend_after"`
	// Open and Answers are what an execution that continues as new hands on.
	Open    opened[openRegistration] `json:"open_registrations,omitempty"`
	Answers []answered               `json:"answers,omitempty"`
}

// openRegistration is what was mailed: the token of this id, or that the address has
// an account. It is kept until it expires.
type openRegistration struct {
	activities.RegistrationOffer

	MailedAt time.Time `json:"mailed_at"`
}

func (o openRegistration) until() time.Time { return o.ExpiresAt }

// mostOpenRegistrations is how many mails are sent until some of them have expired.
const mostOpenRegistrations = 32

// AskRegistration asks for the mail to an address.
type AskRegistration struct {
	// EntityID is the address as it was typed.
	EntityID string `json:"entity_id"`
	Names    Names  `json:"names"`
	// Language is the tag of the language that the request asks for, "" for none.
	Language string `json:"language,omitempty"`
}

// ConfirmRegistration creates the identity.
type ConfirmRegistration struct {
	TokenID string `json:"token_id"`
	// Register is what to create, with a sealed request that has the password.
	Register RegisterInput `json:"register"`
}

// ConfirmedRegistration is a registration that creates nothing until the owner of
// the mailbox confirms it: asked for, mailed, and then confirmed or expired.
//
// The API starts it with a signal and answers before any work is done. There is one
// execution for each actor type, provider and address, whether or not the address
// has an account: it waits just as long, and the owner gets a mail either way, so
// that no answer and no time tells (docs/weak-spots.md#w19).
//
// The token comes with the password that the account will have, and none is kept
// from the request: who asks with the address of another user has no way to choose
// the password of their account. A token is used once, because an execution handles
// one update at a time; a password or an account that is refused does not use it up.
// Every token stays good until one of them is used or it expires.
func ConfirmedRegistration(ctx workflow.Context, in ConfirmedRegistrationInput) error {
	r := &confirmedRegistration{in: in, open: in.Open}
	r.exchange = newExchange(ctx, r, in.Answers...)
	onSignal(ctx, r.exchange, SignalAsk, r.ask)
	on(ctx, r.exchange, UpdateConfirmRegistration, r.confirm, r.refuses)
	return r.serve(ctx)
}

type confirmedRegistration struct {
	*exchange

	in   ConfirmedRegistrationInput
	open opened[openRegistration]
}

func (r *confirmedRegistration) deadline() time.Time { return r.open.deadline() }

func (r *confirmedRegistration) expire(workflow.Context) error {
	r.end(registrationExpired)
	return nil
}

func (r *confirmedRegistration) renew(ctx workflow.Context) error {
	in := r.in
	in.Open, in.Answers = r.open, r.answers
	return workflow.NewContinueAsNewError(ctx, ConfirmedRegistration, in)
}

// ask sends a mail, unless one was sent just now.
func (r *confirmedRegistration) ask(ctx workflow.Context, asks workflow.ReceiveChannel) error {
	var request AskRegistration
	now := workflow.Now(ctx)
	r.open = r.open.withoutExpired(ctx)
	folded := func(o openRegistration) bool { return now.Before(o.MailedAt.Add(r.in.ResendAfter)) }
	// A signal that cannot be decrypted is dropped, and receiving would wait for the next.
	if !asks.ReceiveAsync(&request) || len(r.open) >= mostOpenRegistrations || slices.ContainsFunc(r.open, folded) {
		return nil
	}
	offer, err := finalStep(temporalkit.Speak(ctx, request.Language), credentials.OfferRegistration, activities.OfferRegistrationInput{
		ActorType: r.in.ActorType, Provider: r.in.Provider, EntityKey: r.in.EntityKey, EntityID: request.EntityID, TTL: r.in.TTL,
		TokenID: request.Names.TokenID, EventID: request.Names.EventID, GroupID: groupID(ctx),
	})
	if err != nil {
		return err
	}
	r.open, r.outcome = append(r.open, openRegistration{RegistrationOffer: offer, MailedAt: now}), ""
	r.tell(ctx, "asked: "+askedLines[mailedOr(!offer.Taken, askedMailed, askedTaken)])
	return nil
}

// refuses says that a token is not one that is open.
func (r *confirmedRegistration) refuses(ctx workflow.Context, in ConfirmRegistration) *everlatch.Refusal {
	_, open := r.open.find(ctx, func(o openRegistration) bool { return !o.Taken && o.TokenID == in.TokenID })
	return valid(open)
}

// confirm creates the identity, and the account where one is asked for, as [Register]
// does. That ends every token.
func (r *confirmedRegistration) confirm(ctx workflow.Context, in ConfirmRegistration) (Login, error) {
	if refusal := r.refuses(ctx, in); refusal != nil {
		return login(ctx, refusal, everlatch.Principal{}, ""), nil
	}
	register := in.Register
	register.ActorType, register.Provider, register.Confirmed = r.in.ActorType, r.in.Provider, true
	out, err := register.run(ctx, register.Hooks.within(ctx, register.about(), callerWaits))
	if err != nil || out.Refusal != nil {
		return out, err
	}
	out.TokenID = in.TokenID // of the access token; another confirmation in this run has another
	r.open = nil
	r.end(registrationConfirmed)
	r.about = About{IdentityID: out.Principal.AuthIdentityID, ActorID: out.Principal.ActorID}
	return out, nil
}
