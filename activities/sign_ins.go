package activities

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
)

// SignIns tells users of sign-ins from new devices, and ends those that they did not
// make. It is the only code that makes the tokens for it, which stay in the vault for as
// long as they are good.
type SignIns struct {
	Store  *store.Store
	Vault  *vault.Vault
	Tokens *tokens.Tokens
	Now    func() time.Time
	// Types are the custom actor types, by name.
	Types map[string]everlatch.ActorType
}

// NoticedSignIn is a sign-in that its owner is told of.
type NoticedSignIn struct {
	ID             string `json:"id"`
	AuthIdentityID string `json:"auth_identity_id"`
	Provider       string `json:"provider"`
	ActorType      string `json:"actor_type"`
	ActorID        string `json:"actor_id,omitempty"`
	Device         string `json:"device,omitempty"`
	Network        string `json:"network,omitempty"`
}

func (n NoticedSignIn) signIn() everlatch.SignIn {
	return everlatch.SignIn{
		ID: n.ID, AuthIdentityID: n.AuthIdentityID, AuthProvider: n.Provider, ActorType: n.ActorType, ActorID: n.ActorID,
		Device: n.Device, Network: n.Network,
	}
}

// AnnounceSignInInput is the argument of [SignIns.AnnounceSignIn].
type AnnounceSignInInput struct {
	SignIn NoticedSignIn `json:"sign_in"`
	// Grant is of the token that ends the sign-in.
	Grant   LinkGrant `json:"grant"`
	GroupID string    `json:"group_id"`
}

// AnnounceSignInOutput says until when the token is good.
type AnnounceSignInOutput struct {
	ExpiresAt time.Time `json:"expires_at"`
}

// AnnounceSignIn makes the token that ends a sign-in from a new device, and records the
// event that mails it to the owner. Without an address there is no mail.
func (a *SignIns) AnnounceSignIn(ctx context.Context, in AnnounceSignInInput) (out AnnounceSignInOutput, err error) {
	now := a.Now().UTC().Truncate(time.Second)
	out.ExpiresAt = now.Add(in.Grant.TTL)
	event := everlatch.Event{
		ID: in.Grant.EventID, Name: everlatch.EventSignInFromNewDevice, GroupID: in.GroupID,
		AuthIdentityID: in.SignIn.AuthIdentityID, Data: in.SignIn.signIn().EventData(),
	}
	identity, err := a.Store.Identity(ctx, in.SignIn.AuthIdentityID)
	if everlatch.ErrorCode(err) == everlatch.CodeNotFound { // removed meanwhile
		return out, a.Store.RecordEvent(ctx, event)
	}
	if err != nil {
		return out, err
	}
	email, err := addressOf(ctx, a.Store, a.Types, identity, in.SignIn.ActorType)
	if err != nil {
		return out, err
	}
	if email != "" {
		if err := a.issue(ctx, in, now); err != nil {
			return out, err
		}
		event.Data["email"] = email
		event.Data["token"] = everlatch.SecretRef(string(in.Grant.Token))
		event.Data["expires_at"] = out.ExpiresAt.Format(time.RFC3339)
	}
	return out, a.Store.RecordEvent(ctx, event)
}

func (a *SignIns) issue(ctx context.Context, in AnnounceSignInInput, now time.Time) error {
	token, err := a.Tokens.IssueSignIn(tokens.SignIn{
		SignInID: in.SignIn.ID, ActorType: in.SignIn.ActorType, ID: in.Grant.TokenID, IssuedAt: now, ExpiresAt: now.Add(in.Grant.TTL),
	})
	if err != nil {
		return err
	}
	return in.Grant.seal(ctx, a.Vault, token)
}

// DisownSignInInput is the argument of [SignIns.DisownSignIn].
type DisownSignInInput struct {
	SignIn NoticedSignIn `json:"sign_in"`
	// Until is when the last of its tokens expires at the latest.
	Until time.Time `json:"until"`
	// Spent is where the token that asks for it is sealed.
	Spent   vault.Ref `json:"spent"`
	EventID string    `json:"event_id"`
	GroupID string    `json:"group_id"`
}

// DisownSignIn ends a sign-in that its recipient says they did not make. One that has
// ended meanwhile is no error.
func (a *SignIns) DisownSignIn(ctx context.Context, in DisownSignInInput) (None, error) {
	_, err := a.Store.EndSignInOf(ctx, store.SignInEnd{
		SignInID: in.SignIn.ID, AuthIdentityID: in.SignIn.AuthIdentityID, ActorType: in.SignIn.ActorType, ActorID: in.SignIn.ActorID,
		Until: in.Until, Reason: store.EndedByMail, EventID: in.EventID, GroupID: in.GroupID,
	})
	if err != nil {
		return None{}, err
	}
	return None{}, a.Vault.Delete(ctx, in.Spent)
}
