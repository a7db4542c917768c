package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// registrationFlows are the flows of registrations that the owner of the mailbox confirms.
type registrationFlows interface {
	RequestRegistration(ctx context.Context, r flows.RegistrationRequest) error
	ConfirmRegistration(ctx context.Context, r flows.RegistrationConfirmation) (workflows.Login, error)
}

// neutral returns the provider of registrations that are answered alike for known and
// unknown addresses.
func (s *Server) neutral(actorType, provider string) (providers.AddressRegistrar, bool) {
	if !slices.Contains(s.opts.NeutralRegister, actorType) {
		return nil, false
	}
	registrar, err := s.deps.Providers.Registrar(provider)
	if err != nil {
		return nil, false
	}
	byAddress, ok := registrar.(providers.AddressRegistrar)
	return byAddress, ok
}

// requestRegistration has a mail sent to the address that registers. Only the
// address is used: the password and the account come again with the token. So the
// answer depends on the request alone, and is sent before the address is looked up
// (docs/weak-spots.md#w19).
func (s *Server) requestRegistration(c echo.Context, provider providers.AddressRegistrar, r flows.AuthRequest) error {
	subject, err := provider.CheckRegistration(r.Input)
	if err != nil {
		return err
	}
	if err := s.limitMail(c, subject.EntityKey); err != nil {
		return err
	}
	err = s.deps.Flows.RequestRegistration(c.Request().Context(), flows.RegistrationRequest{
		ActorType: r.ActorType, Provider: r.Provider, Subject: subject,
	})
	if err != nil {
		return err
	}
	return wire.Respond(c, http.StatusAccepted, wire.ContentJSON, []byte(`{"registration_requested":true}`))
}

// tokenField holds the token in the body of a confirmation.
const tokenField = "token"

var confirmationToken = query.Schema{{Name: tokenField, Kind: query.Text, Required: true}}

// confirmRegistration creates the identity, and with an "actor" in the body its
// account, by the token that was mailed to the address.
func (s *Server) confirmRegistration(c echo.Context) error {
	r := s.authRequest(c, Body(c))
	if err := s.checkAllowed(r.ActorType, r.Provider); err != nil {
		return err
	}
	raw, err := registrationToken(r.Input.Body)
	if err != nil {
		return err
	}
	token, err := s.deps.Tokens.VerifyRegistration(raw)
	provider, ok := s.neutral(r.ActorType, r.Provider)
	if err != nil || !ok || token.ActorType != r.ActorType || token.Provider != r.Provider {
		return errInvalidToken
	}
	if r.Input.Body, err = withoutHookData(r.Input.Body); err != nil {
		return err
	}
	if err := s.signUp(lookups(c), &r); err != nil {
		return err
	}
	r.Input.Body = without(r.Input.Body, tokenField)
	r.Input.Body[providers.AddressField] = token.EntityID
	subject, err := provider.CheckRegistration(r.Input)
	if err != nil {
		return err
	}
	login, err := s.deps.Flows.ConfirmRegistration(c.Request().Context(), flows.RegistrationConfirmation{
		AuthRequest: r, EntityKey: subject.EntityKey, TokenID: token.ID,
	})
	if err != nil {
		return err
	}
	return s.writeToken(c, login)
}

// registrationToken reads the token; the rest of the body is for the provider.
func registrationToken(body map[string]any) (string, error) {
	only := map[string]any{}
	if value, given := body[tokenField]; given {
		only[tokenField] = value
	}
	in, err := confirmationToken.Check(only)
	if err != nil {
		return "", err
	}
	return *in.Text(tokenField), nil
}
