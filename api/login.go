package api

import (
	"encoding/json"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// providersAllowed returns the providers that an actor type may use, nil for
// all of them (docs/contract.md#s4-2, actor-type rules).
func (s *Server) providersAllowed(actorType string) []string {
	allowed, limited := s.opts.AuthMethodsPerActor[actorType]
	if limited && allowed == nil {
		return []string{}
	}
	return allowed
}

func (s *Server) checkAllowed(actorType, provider string) error {
	allowed := s.providersAllowed(actorType)
	if allowed == nil || slices.Contains(allowed, provider) {
		return nil
	}
	return errProviderNotAllowed(actorType, provider)
}

// listProviders shows the providers that an actor type can sign in with.
func (s *Server) listProviders(c echo.Context) error {
	list := s.deps.Providers.List(s.providersAllowed(c.Param("actor_type")))
	body, err := json.Marshal(map[string][]providers.Info{"providers": list})
	if err != nil {
		return err
	}
	return writeJSON(c, body)
}

// signIn starts the flow that authenticates the sender of a request.
func (s *Server) signIn(c echo.Context) error { return s.signInWith(c, Body(c)) }

// signInByGET serves providers that redirect. It ignores the body, so that no link
// can sign its reader in (docs/weak-spots.md#w42).
func (s *Server) signInByGET(c echo.Context) error {
	if s.opts.LoginByGET {
		return s.signIn(c)
	}
	return s.signInWith(c, map[string]any{})
}

func (s *Server) signInWith(c echo.Context, body map[string]any) error {
	r := s.authRequest(c, body)
	if err := s.checkAllowed(r.ActorType, r.Provider); err != nil {
		return err
	}
	if provider, err := s.deps.Providers.Redirect(r.Provider); err == nil {
		return s.redirectTo(c, provider, redirect{actorType: r.ActorType, provider: r.Provider}, body)
	}
	if _, err := s.deps.Providers.Credentials(r.Provider); err != nil {
		return err // known without a flow
	}
	login, err := s.deps.Flows.Authenticate(c.Request().Context(), r)
	if err != nil {
		return err
	}
	return s.writeToken(c, login)
}

func (s *Server) authRequest(c echo.Context, body map[string]any) flows.AuthRequest {
	actorType := c.Param("actor_type")
	return flows.AuthRequest{
		ActorType: actorType,
		Provider:  c.Param("auth_provider"),
		Input:     providers.Input{Body: body, Query: lastValues(c.QueryParams()), ActorType: actorType},
	}
}

func lastValues(query url.Values) map[string]string {
	if len(query) == 0 {
		return nil
	}
	out := make(map[string]string, len(query))
	for name, values := range query {
		out[name] = values[len(values)-1]
	}
	return out
}

// writeToken mints the token of a flow. Its time and id come from the flow, so
// a repeated request gets the same one.
func (s *Server) writeToken(c echo.Context, login workflows.Login) error {
	login.Principal.AuthenticatedAt = login.At
	principal, err := s.withRoles(c, login.Principal)
	if err != nil {
		return err
	}
	token, _, err := s.deps.Tokens.Issue(principal, login.At, login.TokenID)
	if err != nil {
		return err
	}
	return answerToken(c, token)
}

func answerToken(c echo.Context, token string) error {
	keepPrivate(c, true)
	return writeJSON(c, append(wire.AppendText(append(make([]byte, 0, 1024), `{"token":`...), token), '}'))
}

const maxIdempotencyKey = 255

// idempotencyKey reads the header of the same name, "" when there is none.
func idempotencyKey(c echo.Context) (string, error) {
	values := c.Request().Header.Values("Idempotency-Key")
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return "", nil
	}
	key := values[0]
	visible := !slices.ContainsFunc([]byte(key), func(b byte) bool { return b <= ' ' || b > '~' })
	if len(values) > 1 || len(key) > maxIdempotencyKey || !visible {
		return "", errIdempotencyKey
	}
	return key, nil
}
