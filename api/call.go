package api

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/httpauth"
)

// call is what the chain learns about one request, beside what [wire.Of] knows.
type call struct {
	server *Server
	id     string
	prefix prefix
	auth   httpauth.Request

	lookup context.Context //nolint:containedctx // lives exactly as long as the request
	cancel context.CancelFunc
}

// callKey finds the call in Echo's context.
const callKey = "everlatch.call"

func callOf(c echo.Context) *call {
	found, _ := c.Get(callKey).(*call)
	return found
}

// lookupWithin bounds what the handlers of one request spend on the database
// together, so that an outage is answered 503 within 3 s. Flows have their own
// limits.
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

// renewLookups gives the lookups after a flow a new time limit: the flow may have
// taken longer than all lookups may.
func (k *call) renewLookups() {
	k.end()
	k.lookup, k.cancel = nil, nil
}

func (k *call) end() {
	if k.cancel != nil {
		k.cancel()
	}
}
