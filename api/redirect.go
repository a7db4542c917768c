package api

import (
	"crypto/rand"
	"encoding/base64"
	"maps"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
)

// redirect is the purpose of a visit to a provider.
type redirect struct {
	actorType, provider string
	// linkTo is the identity that gets this way to sign in, "" for a sign-in.
	linkTo string
}

// redirectTo answers with the location at which the person signs in.
func (s *Server) redirectTo(c echo.Context, provider providers.Redirect, to redirect, body map[string]any) error {
	if params := lastValues(c.QueryParams()); params["error"] != "" {
		return refusedByProvider(provider, params)
	}
	requested, _ := body["callback_url"].(string)
	callbackURL, err := provider.CallbackURL(requested)
	if err != nil {
		return err
	}
	var ttl time.Duration
	if p, ok := provider.(providers.TimeLimiter); ok {
		ttl = p.StateTTL()
	}
	browser, kept := s.browser(c)
	location, err := s.deps.Flows.BeginSocialLogin(c.Request().Context(), flows.RedirectRequest{
		ActorType: to.actorType, Provider: to.provider, CallbackURL: callbackURL, LinkTo: to.linkTo,
		Browser: browser, Kept: kept || s.opts.RequireBrowser, TTL: ttl,
	})
	if err != nil {
		return err
	}
	keepPrivate(c, true)
	return writeJSON(c, append(wire.AppendText([]byte(`{"location":`), location), '}'))
}

// callback signs in with the answer of a provider. Parameters in the query take
// precedence over those in the body.
func (s *Server) callback(c echo.Context) error {
	actorType, id := c.Param("actor_type"), c.Param("auth_provider")
	if err := s.checkAllowed(actorType, id); err != nil {
		return err
	}
	provider, err := s.deps.Providers.Callback(id)
	if err != nil {
		return err
	}
	params := map[string]string{}
	for name, value := range Body(c) {
		if text, ok := value.(string); ok {
			params[name] = text
		}
	}
	maps.Copy(params, lastValues(c.QueryParams()))
	switch {
	case params["error"] != "":
		return refusedByProvider(provider, params)
	case params["code"] == "":
		return errNoCode
	case params["state"] == "":
		return errNoState
	}
	browser, _ := wire.CookieValue(c.Request(), browserCookie)
	signedInAs, err := s.signedInAs(c)
	if err != nil {
		return err
	}
	login, err := s.deps.Flows.CompleteSocialLogin(c.Request().Context(), flows.RedirectAnswer{
		ActorType: actorType, Provider: id, State: params["state"], Params: params, Browser: browser, SignedInAs: signedInAs,
	})
	if err != nil {
		return err
	}
	return s.writeToken(c, login)
}

// signedInAs returns the identity that sends the answer of a provider, or "". Only
// linking asks for it.
func (s *Server) signedInAs(c echo.Context) (string, error) {
	claims, err := s.auth.Peek(lookups(c), c, &callOf(c).auth, httpauth.Policy{
		ActorTypes: []string{httpauth.AnyActor}, Methods: httpauth.Bearer | httpauth.Session,
	})
	if err != nil || claims == nil {
		return "", err
	}
	return claims.AuthIdentityID, nil
}

// refusedByProvider passes on what the provider said. The state stays valid,
// because the sender may not be the person it was made for.
func refusedByProvider(provider providers.Redirect, params map[string]string) error {
	if e, ok := provider.(providers.Explainer); ok {
		return unauthorized(e.Explain(params))
	}
	return errNotAuthenticated
}

// browserCookie identifies a browser, so that a sign-in that began in one
// cannot be finished in another (docs/weak-spots.md#w44). It does not identify a person.
const (
	browserCookie = "everlatch.browser"
	browserBytes  = 16
	browserMaxAge = 30 * 24 * 60 * 60 // seconds
)

// browser returns the value of the browser's cookie and whether the request had
// it. A browser without one is given one.
func (s *Server) browser(c echo.Context) (value string, kept bool) {
	if value, kept = wire.CookieValue(c.Request(), browserCookie); kept && value != "" {
		return value, true
	}
	raw := make([]byte, browserBytes)
	_, _ = rand.Read(raw) // ends the program rather than fail
	value = base64.RawURLEncoding.EncodeToString(raw)
	cookie := s.cookies.New(c.Request()) //nolint:gosec // see New
	cookie.Name, cookie.Value, cookie.Path = browserCookie, value, "/auth"
	cookie.MaxAge, cookie.SameSite = browserMaxAge, http.SameSiteLaxMode
	if cookie.Secure {
		// A provider that answers with form_post sends the browser back by a POST from
		// its own site, which takes no Lax cookie along. The value is no credential: it
		// only has to be the one that the sign-in began with.
		cookie.SameSite = http.SameSiteNoneMode
	}
	c.SetCookie(cookie)
	return value, false
}
