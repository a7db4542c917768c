package api

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/limits"
)

// call is what the chain learns about one request, beside what [wire.Of] knows.
type call struct {
	server *Server
	id     string
	prefix prefix
	auth   httpauth.Request
	// devices are the accounts that the client is about to sign in to, and knownTo
	// says that it has signed in to one of them before.
	devices []limits.Account
	knownTo bool
	// turn is the permission to compute a password hash, nil where that is not
	// limited.
	turn *limits.Turn
	// notes have the workflow of the request, and identity is who has signed in with it.
	notes    *flows.Notes
	identity string
	// direct says why a sign-in had no workflow, "" where it had one.
	direct string

	// audit is what an administrator asked to be changed, nil where nothing is.
	audit *everlatch.AuditEntry

	lookup context.Context //nolint:containedctx // lives exactly as long as the request
	cancel context.CancelFunc
	// asked is how many workflows were asked before lookup began.
	asked int
}

// callKey finds the call in Echo's context.
const callKey = "everlatch.call"

func callOf(c echo.Context) *call {
	found, _ := c.Get(callKey).(*call)
	return found
}

// lookupWithin bounds what the handlers of one request spend on the database
// together, so that an outage is answered 503 within 3 s. Flows have their own
// limits, and what is looked up after one has this time again.
const lookupWithin = 2500 * time.Millisecond

// lookups returns the context for reads and writes of the store.
func (k *call) lookups(c echo.Context) context.Context {
	if k.notes != nil && k.asked != k.notes.Asked() {
		k.asked = k.notes.Asked()
		k.renewLookups()
	}
	if k.lookup == nil {
		k.lookup, k.cancel = context.WithTimeout(c.Request().Context(), lookupWithin)
	}
	return k.lookup
}

// lookups is [call.lookups] for handlers.
func lookups(c echo.Context) context.Context { return callOf(c).lookups(c) }

// renewLookups gives the lookups after a flow or a wait a new time limit: it may have
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

// identityID is who has made the request, or has signed in with it, "" when unknown.
func (k *call) identityID() string {
	if claims := k.auth.Claims(); k.identity == "" && claims != nil {
		return claims.AuthIdentityID
	}
	return k.identity
}
