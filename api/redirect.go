package api

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
)

// redirect is the purpose of a visit to a provider.
type redirect struct {
	actorType, provider string
	// linkTo is the identity that gets this way to sign in, "" for a sign-in. Its
	// callback has to be authenticated as that identity, which binds it already.
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
	browser, chosen, err := s.browser(c)
	if err != nil {
		return err
	}
	location, err := s.deps.Flows.BeginSocialLogin(c.Request().Context(), flows.RedirectRequest{
		ActorType: to.actorType, Provider: to.provider, CallbackURL: callbackURL, LinkTo: to.linkTo,
		Browser: browser, Bound: chosen || s.opts.RequireBrowser && to.linkTo == "", TTL: ttl,
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
	browser, err := browserOf(c.Request())
	if err != nil {
		return err
	}
	signedInAs, err := s.signedInAs(c)
	if err != nil {
		return err
	}
	login, err := s.deps.Flows.CompleteSocialLogin(c.Request().Context(), flows.RedirectAnswer{
		ActorType: actorType, Provider: id, State: params["state"], Params: params, Browser: browser, SignedInAs: signedInAs,
	})
	if err != nil {
		s.explainCallback(c, browser, err)
		return err
	}
	return s.answerLogin(c, login)
}

// explainCallback tells the operator why a callback may have been refused. The answer
// is the contract's, the same for every cause.
func (s *Server) explainCallback(c echo.Context, browser string, err error) {
	if browser == "" && s.opts.RequireBrowser && errors.Is(err, errNoState) {
		s.deps.Log.InfoContext(c.Request().Context(), "callback without browser", "provider", c.Param("auth_provider"),
			"needs_cookie", browserCookie, "or_header", browserHeader, "setting", "auth.redirect.require_browser")
	}
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
		return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonProviderRefused, Message: e.Explain(params)}
	}
	return errNotAuthenticated
}

// A sign-in that began in one browser cannot be finished in another: an attacker could
// make a victim finish a sign-in to the attacker's account (docs/weak-spots.md#w44).
// A browser is known by a cookie, which identifies no person. A client that keeps no
// cookies, such as the JS SDK with tokens or the server of a storefront, sends a value
// of its own in a header. It is not read from the query: the author of a link to
// the callback chooses that.
const (
	browserCookie = "everlatch.browser"
	browserHeader = "Everlatch-Browser"
	browserBytes  = 16
	browserMaxAge = 30 * 24 * 60 * 60 // seconds

	// A value of the client's own has to be long enough to be a random one.
	minBrowserHeader, maxBrowserHeader = 16, 128
)

// browserOf returns what the client is known by, "" for nothing. The header takes
// precedence over the cookie.
func browserOf(r *http.Request) (string, error) {
	chosen, err := browserChosen(r)
	if chosen != "" || err != nil {
		return chosen, err
	}
	value, _ := wire.CookieValue(r, browserCookie)
	return value, nil
}

func browserChosen(r *http.Request) (string, error) {
	values := r.Header.Values(browserHeader)
	if len(values) == 0 {
		return "", nil
	}
	if n := len(values[0]); len(values) > 1 || n < minBrowserHeader || n > maxBrowserHeader {
		return "", errBrowserHeader
	}
	return values[0], nil
}

// browser returns what the callback has to bring, and whether the client chose it. If
// not, it is the cookie of the browser, which is set again with each sign-in so that
// it doesn't expire on the way.
func (s *Server) browser(c echo.Context) (value string, chosen bool, err error) {
	value, err = browserChosen(c.Request())
	if value != "" || err != nil {
		return value, true, err
	}
	if value, _ = wire.CookieValue(c.Request(), browserCookie); value == "" {
		raw := make([]byte, browserBytes)
		_, _ = rand.Read(raw) // ends the program rather than fail
		value = base64.RawURLEncoding.EncodeToString(raw)
	}
	c.SetCookie(s.newBrowserCookie(c.Request(), value))
	return value, false, nil
}

// newBrowserCookie is sent with cross-site requests where browsers allow that: a
// provider that answers by form_post has the browser send a POST from its own site.
func (s *Server) newBrowserCookie(r *http.Request, value string) *http.Cookie {
	cookie := s.cookies.New(r) //nolint:gosec // see New
	cookie.Name, cookie.Value, cookie.Path, cookie.MaxAge = browserCookie, value, "/auth", browserMaxAge
	cookie.SameSite = http.SameSiteLaxMode
	if cookie.Secure {
		cookie.SameSite = http.SameSiteNoneMode
	}
	return cookie
}
