package api

import (
	"context"
	"maps"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/query"
)

// register creates an identity, and with an "actor" in the body its account as
// well, all or nothing (docs/weak-spots.md#w4). Without one the token has no actor until POST
// /store/customers or its like creates it. Where registrations are neutral, it creates
// nothing and has the address confirmed first.
func (s *Server) register(c echo.Context) error {
	r := s.authRequest(c, Body(c))
	if err := s.checkAllowed(r.ActorType, r.Provider); err != nil {
		return err
	}
	if _, err := s.deps.Providers.Registrar(r.Provider); err != nil {
		return err
	}
	var err error
	if r.Input.Body, err = withoutHookData(r.Input.Body); err != nil {
		return err
	}
	if err := s.signUp(lookups(c), &r); err != nil {
		return err
	}
	if provider, ok := s.neutral(r.ActorType, r.Provider); ok {
		return s.requestRegistration(c, provider, r)
	}
	if rule, ok := s.verificationRule(r.ActorType, r.Provider); ok && s.opts.RequireBeforeActor && (r.Customer != nil || r.Actor != nil) {
		return errUnverifiedSignUp(rule.EntityType)
	}
	if r.IdempotencyKey, err = idempotencyKey(c); err != nil {
		return err
	}
	login, err := s.deps.Flows.Register(c.Request().Context(), r)
	if err != nil {
		return err
	}
	return s.writeToken(c, login)
}

// without returns a body without a field.
func without(body map[string]any, field string) map[string]any {
	out := maps.Clone(body)
	delete(out, field)
	return out
}

// accountField holds the account in a body; the rest of the body is for the
// provider.
const accountField = "actor"

// signUp takes the account out of the provider's input and validates it. null
// asks for none.
func (s *Server) signUp(ctx context.Context, r *flows.AuthRequest) error {
	wrote, asked := r.Input.Body[accountField]
	if !asked {
		return nil
	}
	r.Input.Body = without(r.Input.Body, accountField)
	if wrote == nil {
		return nil
	}
	account, ok := wrote.(map[string]any)
	if !ok {
		return query.NotAnObject(accountField, wrote)
	}
	switch r.ActorType {
	case everlatch.ActorCustomer:
		in, err := createCustomerFields.CheckUnder(accountField, account)
		if err != nil {
			return err
		}
		r.Customer = new(customerOf(in))
		return nil
	case everlatch.ActorUser:
		return errAdminSignUp
	}
	t, known := s.actors[r.ActorType]
	if !known {
		return errNoAccounts(r.ActorType)
	}
	data, err := t.parse(ctx, account)
	r.Actor = &flows.ActorData{Type: t.ActorType, Data: data}
	return err
}
