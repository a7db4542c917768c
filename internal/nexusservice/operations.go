package nexusservice

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/authservice"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/nexusauth"
	"github.com/everlatch/everlatch/providers"
)

func (s *service) register(ctx context.Context, c call, in nexusauth.Credentials) (nexusauth.Authentication, error) {
	done, err := c.Register(ctx, in.Provider, input(c, in))
	if waiting, ok := errors.AsType[*flows.PendingError](err); ok {
		return nexusauth.Authentication{
			Provider: in.Provider, ActorType: in.ActorType, PendingID: waiting.FlowID,
		}, nil
	}
	return shown(done), err
}

func (s *service) authenticate(ctx context.Context, c call, in nexusauth.Credentials) (nexusauth.Authentication, error) {
	if _, err := s.Providers.Redirect(in.Provider); err == nil {
		return nexusauth.Authentication{}, invalid("A sign-in at an external provider needs the user's browser. Use the HTTP API.")
	}
	done, err := c.Authenticate(ctx, in.Provider, input(c, in))
	return shown(done), err
}

func input(c call, in nexusauth.Credentials) auth.AuthenticationInput {
	return auth.AuthenticationInput{ActorType: in.ActorType, Body: in.Body, IdempotencyKey: c.once}
}

// shown leaves out what has an address or claims.
func shown(a auth.Authentication) nexusauth.Authentication {
	return nexusauth.Authentication{
		AuthIdentityID: a.AuthIdentity.ID, Provider: a.Provider, ActorType: a.ActorType, ActorID: a.ActorID,
		MFARequired: a.MFARequired, Created: a.Created,
	}
}

func (s *service) startPasswordReset(ctx context.Context, c call, in nexusauth.ResetRequest) (out nexusauth.Done, err error) {
	updater, err := s.Providers.Updater(in.Provider)
	if err != nil {
		return out, err
	}
	if in.ActorType == "" || in.Identifier == "" {
		return out, invalid("A reset needs an actor_type and an identifier.")
	}
	text, err := json.Marshal(in.Metadata)
	if err != nil || in.Metadata != nil && len(text) > s.MaxResetMetadata {
		return out, invalid("The metadata is JSON of at most " + strconv.Itoa(s.MaxResetMetadata) + " bytes.")
	}
	if s.Limits != nil {
		if err := s.Limits.SendMail(ctx, in.Identifier); err != nil {
			return out, err
		}
	}
	return out, s.Flows.RequestPasswordReset(ctx, flows.ResetRequest{
		ActorType: in.ActorType, Provider: in.Provider, EntityKey: updater.Subject(in.Identifier).EntityKey, Metadata: in.Metadata,
		Key: c.once, AskedAt: c.at,
	})
}

func (s *service) completePasswordReset(ctx context.Context, _ call, in nexusauth.NewPassword) (out nexusauth.Done, err error) {
	token, err := s.Tokens.VerifyReset(in.Token)
	if err != nil {
		return out, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid, Err: err}
	}
	updater, err := s.Providers.Updater(token.Provider)
	if err != nil {
		return out, err
	}
	key := updater.Subject(token.EntityID).EntityKey
	err = authservice.Hashing(ctx, s.Limits, updater, func(*limits.Turn) error {
		return s.Flows.CompletePasswordReset(ctx, flows.NewPassword{
			ActorType: token.ActorType, Provider: token.Provider, TokenID: token.ID, EntityKey: key,
			Input: providers.Input{Body: in.Body, ActorType: token.ActorType},
		})
	})
	if err == nil {
		s.lift(ctx, token.Provider, key)
	}
	return out, err
}

// lift ends the locks of an account whose owner has proven to read its mails. The answer
// doesn't depend on it.
func (s *service) lift(ctx context.Context, provider, key string) {
	if s.Limits == nil {
		return
	}
	ctx = context.WithoutCancel(ctx)
	_ = s.Limits.Lift(ctx, limits.Account{Provider: provider, Key: key})
	if found, err := s.Store.FindCredential(ctx, provider, key); err == nil && !found.Identity.MFAEnabledAt.IsZero() {
		_ = s.Limits.LiftFactor(ctx, found.Identity.ID)
	}
}

func (s *service) setAppMetadata(ctx context.Context, c call, in nexusauth.Link) (out nexusauth.Done, err error) {
	if in.AuthIdentityID == "" || in.ActorType == "" || in.ActorID == "" {
		return out, invalid("A link needs an auth_identity_id, an actor_type and an actor_id.")
	}
	if err := c.OverLink(ctx, in.AuthIdentityID, everlatch.ActorRef{ActorType: in.ActorType, ActorID: in.ActorID}); err != nil {
		return out, err
	}
	return out, s.Flows.SetAuthAppMetadataOnce(ctx, c.once, in.AuthIdentityID, in.ActorType, &in.ActorID)
}

func (s *service) unsetAppMetadata(ctx context.Context, c call, in nexusauth.Unlink) (out nexusauth.Done, err error) {
	if in.AuthIdentityID == "" || in.ActorType == "" {
		return out, invalid("To unlink needs an auth_identity_id and an actor_type.")
	}
	if err := c.Over(ctx, in.AuthIdentityID, false); err != nil {
		return out, err
	}
	return out, s.Flows.SetAuthAppMetadataOnce(ctx, c.once, in.AuthIdentityID, in.ActorType, nil)
}

func (s *service) deleteAuthIdentity(ctx context.Context, c call, in nexusauth.Identity) (out nexusauth.Done, err error) {
	if in.AuthIdentityID == "" {
		return out, invalid("An auth_identity_id is required.")
	}
	if err := c.Over(ctx, in.AuthIdentityID, false); err != nil {
		return out, err
	}
	return out, s.Flows.DeleteAuthIdentityOnce(ctx, c.once, in.AuthIdentityID)
}

func (s *service) findIdentities(ctx context.Context, _ call, in everlatch.ActorRef) (out nexusauth.Identities, err error) {
	if in.ActorType == "" || in.ActorID == "" {
		return out, invalid("An actor needs an actor_type and an actor_id.")
	}
	found, err := s.Store.IdentitiesOf(ctx, in.ActorType, in.ActorID)
	out.Identities = make([]nexusauth.LinkedIdentity, len(found))
	for i, identity := range found {
		out.Identities[i] = nexusauth.LinkedIdentity{AuthIdentityID: identity.ID, Shared: len(identity.Links) > 1}
	}
	return out, err
}

// releaseIdentities releases one after the other. A repetition goes on with those that
// are left.
func (s *service) releaseIdentities(ctx context.Context, c call, in everlatch.ActorRef) (nexusauth.Identities, error) {
	out, err := s.findIdentities(ctx, c, in)
	if err != nil {
		return out, err
	}
	if err := c.OverActor(ctx, in, false); err != nil {
		return out, err
	}
	for _, identity := range out.Identities {
		if identity.Shared {
			err = s.Flows.SetAuthAppMetadataOnce(ctx, c.once, identity.AuthIdentityID, in.ActorType, nil)
		} else {
			err = s.Flows.DeleteAuthIdentityOnce(ctx, c.once, identity.AuthIdentityID)
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

var eventNameForm = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)

func (s *service) emit(ctx context.Context, c call, in nexusauth.Event) (out nexusauth.Emitted, err error) {
	if !eventNameForm.MatchString(in.Name) {
		return out, invalid("Event names consist of lower case words, digits, _ and -, joined by dots.")
	}
	data := in.Data
	if data == nil {
		data = everlatch.Metadata{}
	}
	stored, _, err := s.Store.PublishEvent(ctx, everlatch.Event{
		ID: ids.Derived(ids.Event, c.at, s.Ring.Hash("event", c.once)), Name: in.Name, Source: c.keyID, Data: data,
		AuthIdentityID: in.AuthIdentityID,
	})
	out.EventID = stored.ID
	return out, err
}
