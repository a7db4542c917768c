package api

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/tokens"
)

// call is what the chain learns about one request.
type call struct {
	server *Server
	id     string
	// path is the raw path as the client wrote it, for the 404 page.
	path   string
	prefix prefix
	// origins are those that the path trusts; nil = none of its own.
	origins *originList
	match   *pattern // nil = no route
	// head is a request that came as HEAD, headAsGet one that a GET route takes.
	head, headAsGet bool

	body requestBody
	// bearer and session are looked up at most once, however many
	// authentications a route stacks.
	bearer, session *credential
	// caller is set by Authenticate; nil = not authenticated.
	caller *tokens.Claims
	// access is what the caller may do; empty unless RBAC is on.
	access access

	lookup context.Context //nolint:containedctx // lives exactly as long as the request
	cancel context.CancelFunc
}

// routedMethod is the method by which Echo finds the route.
func (k *call) routedMethod(method string) string {
	if k.headAsGet {
		return http.MethodGet
	}
	return method
}

// callKey finds the call in Echo's context.
const callKey = "everlatch.call"

func callOf(c echo.Context) *call {
	found, _ := c.Get(callKey).(*call)
	return found
}

// lookupWithin bounds what the handlers of one request spend on the database
// together, so that an outage is answered 503 within 3 s. Dances have limits
// of their own.
const lookupWithin = 2500 * time.Millisecond

// lookups returns the context for reads and writes of the store.
func (k *call) lookups(c echo.Context) context.Context {
	if k.lookup == nil {
		k.lookup, k.cancel = context.WithTimeout(c.Request().Context(), lookupWithin)
	}
	return k.lookup
}

// lookups is [call.lookups] for handlers.
func lookups(c echo.Context) context.Context { return callOf(c).lookups(c) }

// afresh gives the lookups that follow a dance their own time: the dance may have
// taken longer than all lookups may.
func (k *call) afresh() {
	k.end()
	k.lookup, k.cancel = nil, nil
}

func (k *call) end() {
	if k.cancel != nil {
		k.cancel()
	}
}
