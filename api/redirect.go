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

// journey is what a visit elsewhere is for.
type journey struct {
	actorType, provider string
	// linkTo is the identity that gets this way to sign in, "" for a sign-in.
	linkTo string
}

// sendAway answers where the person goes to sign in.
func (s *Server) sendAway(c echo.Context, provider providers.Redirect, j journey, body map[string]any) error {
	if params := lastValues(c.QueryParams()); params["error"] != "" {
		return refusedElsewhere(provider, params)
	}
	requested, _ := body["callback_url"].(string)
	callbackURL, err := provider.CallbackURL(requested)
	if err != nil {
		return err
	}
	var ttl time.Duration
	if p, ok := provider.(providers.Paced); ok {
		ttl = p.SignInWithin()
	}
	browser, kept := s.browser(c)
	location, err := s.deps.Flows.BeginSocialLogin(c.Request().Context(), flows.RedirectRequest{
		ActorType: j.actorType, Provider: j.provider, CallbackURL: callbackURL, LinkTo: j.linkTo,
		Browser: browser, Kept: kept || s.opts.RequireBrowser, TTL: ttl,
	})
	if err != nil {
		return err
	}
	keepPrivate(c, true)
	return writeJSON(c, append(wire.AppendText([]byte(`{"location":`), location), '}'))
}

// callback signs in whoever comes back with an answer of the provider. The
// parameters of the query go before those of the body.
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
		return refusedElsewhere(provider, params)
	case params["code"] == "":
		return unauthorized("No code provided")
	case params["state"] == "":
		return unauthorized("No state provided, or session expired")
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

// refusedElsewhere tells what the provider elsewhere has said. The state stays
// as it is: whoever sends this may not be whom it was made for.
func refusedElsewhere(provider providers.Redirect, params map[string]string) error {
	if e, ok := provider.(providers.Explainer); ok {
		return unauthorized(e.Explain(params))
	}
	return unauthorized("Authentication failed")
}

// browserCookie tells browsers apart, so that nobody finishes in one what was
// begun in another (W44). It says nothing about a person.
const (
	browserCookie = "everlatch.browser"
	browserBytes  = 16
	browserMaxAge = 30 * 24 * 60 * 60 // seconds
)

// browser returns the value of the browser's cookie and whether it brought it;
// one that has none is given one.
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
	c.SetCookie(cookie)
	return value, false
}
