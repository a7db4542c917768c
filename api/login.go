package api

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
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
	k := callOf(c)
	if k.direct = login.Direct; k.direct != "" {
		k.renewLookups() // the step is not one of them
	}
	if err != nil {
		return err
	}
	return s.answerLogin(c, login)
}

// answerLogin answers a proven first factor: what is still missing comes with a token that
// has no actor, which waits for it (docs/contract.md#s4-3).
func (s *Server) answerLogin(c echo.Context, login workflows.Login) error {
	callOf(c).identity = login.Principal.AuthIdentityID
	missing, err := s.verificationDue(c, login.Principal)
	if err != nil {
		return err
	}
	if missing.required && login.Direct == flows.DirectTemporalAway {
		return everlatch.Unavailable("Temporal", errors.New("the address has to be verified, which needs a workflow"))
	}
	if missing.required {
		login.Principal.ActorID = ""
		token, err := s.tokenOf(c, login)
		if err != nil {
			return err
		}
		return s.answerUnverified(c, missing, token)
	}
	if login.Principal.NeedsFactor() {
		return s.challengeFirst(c, login)
	}
	return s.completeLogin(c, login)
}

// completeLogin signs in a principal who lacks nothing. From here on, not before, the
// sign-in keeps an account that waits for its deletion.
func (s *Server) completeLogin(c echo.Context, login workflows.Login) error {
	if err := s.deps.Flows.KeepAccount(c.Request().Context(), login.Principal); err != nil {
		return err
	}
	return s.writeToken(c, login)
}

func (s *Server) authRequest(c echo.Context, body map[string]any) flows.AuthRequest {
	actorType := c.Param("actor_type")
	account, _ := s.accountOf(c)
	return flows.AuthRequest{
		ActorType: actorType,
		Subject:   account.Key,
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
	token, err := s.tokenOf(c, login)
	if err != nil {
		return err
	}
	return answerToken(c, token)
}

func (s *Server) tokenOf(c echo.Context, login workflows.Login) (string, error) {
	callOf(c).identity = login.Principal.AuthIdentityID
	if login.Principal.AuthenticatedAt.IsZero() { // a second factor comes later than the sign-in
		login.Principal.AuthenticatedAt = login.At
	}
	principal, err := s.withRoles(c, s.withMethods(login.Principal))
	if err != nil {
		return "", err
	}
	token, claims, err := s.deps.Tokens.Issue(principal, login.At, login.TokenID)
	if err != nil {
		return "", err
	}
	return token, s.recordSignIn(c, &claims)
}

// withMethods says how a principal has proven who they are: by their provider, unless
// more is known, and by several factors if one was enough for both, as a passkey can be.
func (s *Server) withMethods(p everlatch.Principal) everlatch.Principal {
	if len(p.AMR) == 0 {
		p.AMR = slices.Clone(s.deps.Providers.AMR(p.AuthProvider))
		if len(p.AMR) > 0 && !p.MFACompletedAt.IsZero() {
			p.AMR = append(p.AMR, everlatch.AMRSeveral)
		}
	}
	return p
}

func answerToken(c echo.Context, token string) error {
	return answerPrivate(c, append(wire.AppendText(append(make([]byte, 0, 1024), `{"token":`...), token), '}'))
}

// answerPrivate answers with what no cache may keep.
func answerPrivate(c echo.Context, body []byte) error {
	keepPrivate(c, true)
	return writeJSON(c, body)
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
