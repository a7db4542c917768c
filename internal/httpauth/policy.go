package httpauth

import (
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/admission"
	"github.com/everlatch/everlatch/internal/tokens"
)

// Methods is a set of ways to authenticate a request.
type Methods uint8

// The methods (docs/contract.md#s4-2).
const (
	// Bearer is a token in the Authorization header.
	Bearer Methods = 1 << iota
	// Session is the session cookie.
	Session
	// APIKey is a secret API key by HTTP Basic. It counts only where "user" is the
	// sole actor type.
	APIKey
)

// AnyActor permits every actor type.
const AnyActor = admission.AnyActor

// Policy says which requests pass.
type Policy struct {
	// ActorTypes are the types that pass; [AnyActor] permits all.
	ActorTypes []string
	Methods    Methods
	// AllowUnregistered accepts an identity without an actor.
	AllowUnregistered bool
	// AllowUnauthenticated accepts every request and identifies those that it can.
	AllowUnauthenticated bool
	// RequireMFA demands a completed second factor of an identity that has one;
	// nil means unless AllowUnauthenticated.
	RequireMFA *bool
	// MFAMaxAge limits the age of the completed second factor; 0 = no limit.
	MFAMaxAge time.Duration
	// MaxAge limits the age of the last sign-in or second factor; 0 = no limit.
	MaxAge time.Duration
	// AllowRemoved accepts a valid token of an identity that no longer exists: the
	// refresh route has its own answer to it.
	AllowRemoved bool
	// AllowEnded accepts a valid token that has been ended: a request that ends its
	// own token gets the same answer when it is repeated.
	AllowEnded bool
	// ReadCustomer reads the account of a customer who calls with a token in the query
	// that checks the token; see [Request.Customer].
	ReadCustomer bool
}

// apiKeys reports whether secret API keys pass.
func (p Policy) apiKeys() bool {
	return p.Methods&APIKey != 0 && len(p.ActorTypes) == 1 && p.ActorTypes[0] == everlatch.ActorUser
}

// accepts reports whether a credential counts.
func (p Policy) accepts(found *credential) bool {
	if found.claims == nil || found.removed && !p.AllowRemoved || found.ended && !p.AllowEnded {
		return false
	}
	return p.rule().Permits(found.claims.ActorType)
}

// Admits refuses a caller of a permitted actor type whose second factor or sign-in does not satisfy the
// policy.
func (p Policy) Admits(claims *tokens.Claims, now time.Time) error {
	if reason := p.rule().Refuses(claims, now); reason != "" {
		return &RefusalError{reason}
	}
	return nil
}

func (p Policy) rule() admission.Rule {
	return admission.Rule{
		ActorTypes: p.ActorTypes, AllowUnregistered: p.AllowUnregistered, AllowUnauthenticated: p.AllowUnauthenticated,
		RequireMFA: p.RequireMFA, MFAMaxAge: p.MFAMaxAge, MaxAge: p.MaxAge,
	}
}
