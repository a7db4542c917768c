package api

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// passkeyFlows are the flows of the routes in this file.
type passkeyFlows interface {
	BeginPasskeySignIn(ctx context.Context, r flows.PasskeyRequest) (flows.PasskeyChallenge, error)
	CompletePasskeySignIn(ctx context.Context, a flows.PasskeyAnswer) (workflows.Login, error)
	BeginPasskey(ctx context.Context, r flows.PasskeyRequest) (flows.PasskeyChallenge, error)
	CompletePasskey(ctx context.Context, a flows.PasskeyAnswer) (workflows.RegisteredPasskey, error)
}

// passkeyProvider is the id of the provider in the routes of this file, and passkeyMethod
// the second factor whose passkeys sign in, too.
const (
	passkeyProvider = "passkey"
	passkeyMethod   = "webauthn"
)

// maxLabel is how many characters the name of a passkey or a second factor can have.
const maxLabel = 64

var (
	passkeyAnswerFields = query.Schema{{Name: "credential", Kind: query.Record, Required: true}}
	// With a credential the request ends what one without it has begun.
	passkeyFields = query.Schema{
		{Name: "name", Kind: query.Text, Nullable: true},
		{Name: "label", Kind: query.Text, Nullable: true},
		{Name: "credential", Kind: query.Record},
	}
	labelFields = query.Schema{{Name: "label", Kind: query.Text, Required: true, Nullable: true}}
)

// passkeys returns the provider, if an actor type may use it.
func (s *Server) passkeys(actorType string) (providers.Passkeys, error) {
	if err := s.checkAllowed(actorType, passkeyProvider); err != nil {
		return nil, err
	}
	return s.deps.Providers.Passkeys(passkeyProvider)
}

// beginPasskeySignIn answers with the options of navigator.credentials.get. They name no
// account: the device knows which passkeys it has.
func (s *Server) beginPasskeySignIn(c echo.Context) error {
	actorType := c.Param("actor_type")
	provider, err := s.passkeys(actorType)
	if err != nil {
		return err
	}
	challenge, err := s.deps.Flows.BeginPasskeySignIn(c.Request().Context(), flows.PasskeyRequest{
		ActorType: actorType, Provider: passkeyProvider, TTL: provider.Timeout(),
	})
	if err != nil {
		return err
	}
	options, err := provider.Request(challenge.Challenge)
	if err != nil {
		return err
	}
	return answerOptions(c, options, challenge)
}

// endPasskeySignIn signs in with the answer of the device.
func (s *Server) endPasskeySignIn(c echo.Context) error {
	actorType := c.Param("actor_type")
	provider, err := s.passkeys(actorType)
	if err != nil {
		return err
	}
	in, err := checkNames(passkeyAnswerFields, Body(c))
	if err != nil {
		return err
	}
	answer, err := answerOf(provider, actorType, in)
	if err != nil {
		return err
	}
	login, err := s.deps.Flows.CompletePasskeySignIn(c.Request().Context(), answer)
	if err != nil {
		return err
	}
	return s.answerLogin(c, login)
}

// registerPasskey creates an identity with a passkey: without a credential it answers
// with the options of navigator.credentials.create, and with one it signs up, as
// register does.
func (s *Server) registerPasskey(c echo.Context) error {
	actorType := c.Param("actor_type")
	provider, err := s.passkeys(actorType)
	if err != nil {
		return err
	}
	r := flows.AuthRequest{ActorType: actorType, Input: providers.Input{Body: Body(c), ActorType: actorType}}
	if r.Input.Body, err = withoutHookData(r.Input.Body); err != nil {
		return err
	}
	if err := s.signUp(lookups(c), &r); err != nil {
		return err
	}
	in, err := checkNames(passkeyFields, r.Input.Body)
	if err != nil {
		return err
	}
	if !in.Has("credential") {
		return s.beginPasskey(c, provider, flows.PasskeyRequest{ActorType: actorType}, providers.PasskeyUser{Name: in.Plain("name")})
	}
	answer, err := answerOf(provider, actorType, in)
	if err != nil {
		return err
	}
	answer.Customer, answer.Actor = r.Customer, r.Actor
	registered, err := s.deps.Flows.CompletePasskey(c.Request().Context(), answer)
	if err != nil {
		return err
	}
	return s.writeToken(c, registered.Login)
}

// linkPasskey adds a passkey to the identity of the caller, in the same two steps.
func (s *Server) linkPasskey(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	provider, err := s.passkeys(claims.ActorType)
	if err != nil {
		return err
	}
	in, err := checkNames(passkeyFields, Body(c))
	if err != nil {
		return err
	}
	if !in.Has("credential") {
		user, err := s.passkeyUser(c, claims.AuthIdentityID, in.Plain("name"))
		if err != nil {
			return err
		}
		return s.beginPasskey(c, provider, flows.PasskeyRequest{ActorType: claims.ActorType, LinkTo: claims.AuthIdentityID}, user)
	}
	sel, err := s.selected(c, credentialShape)
	if err != nil {
		return err
	}
	answer, err := answerOf(provider, claims.ActorType, in)
	if err != nil {
		return err
	}
	answer.SignedInAs = claims.AuthIdentityID
	linked, err := s.deps.Flows.CompletePasskey(c.Request().Context(), answer)
	if err != nil {
		return err
	}
	return writeWrapped(c, "provider_identity", credentialTable, &linked.Credential, sel)
}

// passkeyUser is the caller as their device shows them: by the address that they sign in
// with.
func (s *Server) passkeyUser(c echo.Context, identityID, name string) (out providers.PasskeyUser, err error) {
	out.Name = name
	identity, err := s.deps.Store.Identity(lookups(c), identityID)
	for _, p := range identity.Providers {
		switch {
		case p.Provider == passkeyProvider:
			out.Existing = append(out.Existing, p.EntityID)
		case out.Name == "" && accounts.IsAddress(p.EntityID):
			out.Name = p.EntityID
		}
	}
	return out, err
}

func (s *Server) beginPasskey(c echo.Context, provider providers.Passkeys, r flows.PasskeyRequest, user providers.PasskeyUser) error {
	r.Provider, r.TTL = passkeyProvider, provider.Timeout()
	challenge, err := s.deps.Flows.BeginPasskey(c.Request().Context(), r)
	if err != nil {
		return err
	}
	user.Handle = providers.PasskeyHandle(challenge.AuthIdentityID)
	options, err := provider.Create(challenge.Challenge, user)
	if err != nil {
		return err
	}
	return answerOptions(c, options, challenge)
}

func answerOptions(c echo.Context, options []byte, challenge flows.PasskeyChallenge) error {
	keepPrivate(c, true)
	b := append([]byte(`{"options":`), options...)
	return writeJSON(c, append(wire.AppendTime(append(b, `,"expires_at":`...), challenge.ExpiresAt), '}'))
}

// answerOf is the answer of a device, with the challenge that it claims: that finds
// the flow, which compares it.
func answerOf(provider providers.Passkeys, actorType string, in query.Input) (out flows.PasskeyAnswer, err error) {
	raw, err := json.Marshal(in["credential"])
	if err != nil {
		return out, err
	}
	claim, err := provider.Read(raw)
	return flows.PasskeyAnswer{
		ActorType: actorType, Provider: passkeyProvider, Challenge: claim.Challenge, Answer: raw, Label: in.Plain("label"),
	}, err
}

// renameIdentity names a passkey of the caller; other sign-in methods have no name.
func (s *Server) renameIdentity(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	sel, err := s.selected(c, credentialShape)
	if err != nil {
		return err
	}
	in, err := checkNames(labelFields, Body(c))
	if err != nil {
		return err
	}
	id := c.Param("id")
	err = s.deps.Store.RenameCredential(lookups(c), store.CredentialRef{
		IdentityID: claims.AuthIdentityID, ID: id, Provider: passkeyProvider,
	}, strings.TrimSpace(in.Plain("label")))
	if err != nil {
		return err
	}
	identity, err := s.deps.Store.Identity(lookups(c), claims.AuthIdentityID)
	for i, p := range identity.Providers {
		if p.ID == id {
			return writeWrapped(c, "provider_identity", credentialTable, &identity.Providers[i], sel)
		}
	}
	if err == nil {
		err = everlatch.ErrNotFound // removed meanwhile
	}
	return err
}

// relatedOrigins lists the other domains whose pages use the same passkeys, for browsers.
func (s *Server) relatedOrigins(c echo.Context) error {
	body, err := json.Marshal(map[string][]string{"origins": append([]string{}, s.opts.RelatedOrigins...)})
	if err != nil {
		return err
	}
	return writeJSON(c, body)
}

// checkNames validates a body, names included.
func checkNames(fields query.Schema, values map[string]any) (query.Input, error) {
	in, err := fields.Check(values)
	for _, name := range []string{"name", "label"} {
		if err == nil && utf8.RuneCountInString(in.Plain(name)) > maxLabel {
			err = query.Invalid(query.Issue{
				Reason: query.ValueTooBig, Details: map[string]string{"field": name, "most": strconv.Itoa(maxLabel)},
			})
		}
	}
	return in, err
}
