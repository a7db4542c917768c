package activities

import (
	"context"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// Emails changes the e-mail of an account, and what its person signs in with, at
// once (docs/weak-spots.md#w13). It is the only code that makes the tokens of such a change, which
// stay in the vault for as long as they are good.
type Emails struct {
	Store     *store.Store
	Vault     *vault.Vault
	Providers *providers.Registry
	Tokens    *tokens.Tokens
	Now       func() time.Time
}

// RequestEmailInput is the argument of [Emails.RequestEmail].
type RequestEmailInput struct {
	Actor      everlatch.ActorRef `json:"actor"`
	IdentityID string             `json:"identity_id"`
	Email      string             `json:"email"`
	// Grant is of the token that proves the address. AnnouncedID is the event that
	// notifies the current address.
	Grant       LinkGrant `json:"grant"`
	AnnouncedID string    `json:"announced_id"`
	// Former is where the token of an earlier request is sealed, "" for none.
	Former  vault.Ref `json:"former,omitempty"`
	GroupID string    `json:"group_id"`
}

// RequestEmailOutput is a refusal, or until when the token is good.
type RequestEmailOutput struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	// Taken says that there is no token: another account has the address.
	Taken     bool      `json:"taken,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
}

// RequestEmail makes the token that proves a new address, and records the events
// that mail it there and notify the current address. For an address that another
// account has it does the same work, and the mail has no link: nothing tells the one
// who asks (docs/weak-spots.md#w19).
func (a *Emails) RequestEmail(ctx context.Context, in RequestEmailInput) (out RequestEmailOutput, err error) {
	now := a.Now().UTC().Truncate(time.Second)
	out.ExpiresAt = now.Add(in.Grant.TTL)
	change, err := a.plan(ctx, in.Actor, in.IdentityID, in.Email)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	if store.SameEmail(change.From, change.To) && len(change.Logins) == 0 {
		out.Refusal = &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonEmailUnchanged}
		return out, nil
	}
	if out.Taken, err = a.Store.EmailTaken(ctx, change.stored(in.Actor)); err != nil {
		return out, err
	}
	if err := a.issue(ctx, tokens.PurposeEmail, in.Actor, in.Grant, now); err != nil {
		return out, err
	}
	if err := a.Vault.Delete(ctx, in.Former); err != nil {
		return out, err
	}
	data := func() everlatch.Metadata {
		return everlatch.Metadata{
			"actor_type": in.Actor.ActorType, "actor_id": in.Actor.ActorID, "auth_identity_id": in.IdentityID,
			"email": in.Email, "former_email": change.Told,
		}
	}
	requested := everlatch.Event{
		ID: in.Grant.EventID, Name: everlatch.EventEmailRequested, GroupID: in.GroupID, AuthIdentityID: in.IdentityID, Data: data(),
	}
	requested.Data["expires_at"] = out.ExpiresAt.Format(time.RFC3339)
	if out.Taken {
		requested.Data["taken"] = true
	} else {
		requested.Data["token"] = everlatch.SecretRef(string(in.Grant.Token))
	}
	return out, errors.Join(a.Store.RecordEvent(ctx, requested), a.Store.RecordEvent(ctx, everlatch.Event{
		ID: in.AnnouncedID, Name: everlatch.EventEmailAnnounced, GroupID: in.GroupID, AuthIdentityID: in.IdentityID, Data: data(),
	}))
}

// issue makes the token that proves an address or undoes a change.
func (a *Emails) issue(ctx context.Context, purpose tokens.Purpose, actor everlatch.ActorRef, g LinkGrant, now time.Time) error {
	token, err := a.Tokens.IssueEmail(tokens.Email{
		Purpose: purpose, ActorType: actor.ActorType, ActorID: actor.ActorID, ID: g.TokenID,
		IssuedAt: now, ExpiresAt: now.Add(g.TTL),
	})
	if err != nil {
		return err
	}
	return g.seal(ctx, a.Vault, token)
}

// PlannedEmail is what a change would change.
type PlannedEmail struct {
	// From is the e-mail of the account now, "" for none.
	From   string                  `json:"from,omitempty"`
	To     string                  `json:"to"`
	Logins []everlatch.LoginChange `json:"logins,omitempty"`
	// Told is the address that has to know of the change, "" for none.
	Told string `json:"told,omitempty"`
}

func (p PlannedEmail) told() string {
	if p.From != "" && !store.SameEmail(p.From, p.To) {
		return p.From
	}
	for _, l := range p.Logins {
		if accounts.IsAddress(l.FormerID) {
			return l.FormerID
		}
	}
	return ""
}

func (p PlannedEmail) stored(actor everlatch.ActorRef) store.EmailChange {
	return store.EmailChange{ActorType: actor.ActorType, ActorID: actor.ActorID, From: p.From, To: p.To, Logins: p.Logins}
}

// plan says what another e-mail changes: the account, and the logins that follow
// by the rule of [accounts.FollowEmail].
func (a *Emails) plan(ctx context.Context, actor everlatch.ActorRef, identityID, email string) (out PlannedEmail, err error) {
	if out.From, err = a.emailOf(ctx, actor); err != nil {
		return out, err
	}
	out.To = email
	logins, err := a.Store.LoginsOf(ctx, actor.ActorType, actor.ActorID)
	if err != nil {
		return out, err
	}
	out.Logins, err = accounts.FollowEmail(a.Providers, accounts.EmailChange{From: out.From, To: email, IdentityID: identityID}, logins)
	if err != nil {
		return out, err
	}
	out.Told = out.told()
	return out, nil
}

// emailOf returns the e-mail of an account, "" for none.
func (a *Emails) emailOf(ctx context.Context, actor everlatch.ActorRef) (string, error) {
	switch actor.ActorType {
	case everlatch.ActorUser:
		user, err := a.Store.User(ctx, actor.ActorID)
		return user.Email, err
	case everlatch.ActorCustomer:
		customer, err := a.Store.Customer(ctx, actor.ActorID)
		if err != nil || customer.Email == nil {
			return "", err
		}
		return *customer.Email, nil
	}
	return "", &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonEmailUnsupported, Details: map[string]string{"actor_type": actor.ActorType}}
}
