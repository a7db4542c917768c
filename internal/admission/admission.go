// Package admission is the rule that says which callers may make a request: by actor
// type, by whether they have an actor, and by how and when they signed in. The API and
// the middleware for other services share it.
package admission

import (
	"slices"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

// AnyActor permits every actor type.
const AnyActor = "*"

// Rule says which callers pass.
type Rule struct {
	// ActorTypes are the types that pass; [AnyActor] permits all.
	ActorTypes []string
	// AllowUnregistered accepts an identity without an actor.
	AllowUnregistered bool
	// AllowUnauthenticated accepts every request and identifies those that it can.
	AllowUnauthenticated bool
	// RequireMFA demands a completed second factor of an identity that has one; nil means
	// unless AllowUnauthenticated.
	RequireMFA *bool
	// MFAMaxAge limits the age of the completed second factor; 0 = no limit.
	MFAMaxAge time.Duration
	// MaxAge limits the age of the last sign-in or second factor; 0 = no limit.
	MaxAge time.Duration
}

// Permits reports whether an actor type passes.
func (r Rule) Permits(actorType string) bool {
	return actorType != "" && (slices.Contains(r.ActorTypes, actorType) || slices.Contains(r.ActorTypes, AnyActor))
}

// Refuses returns why a caller of a permitted actor type does not pass for the way in
// which they signed in, "" for one who does.
func (r Rule) Refuses(claims *tokens.Claims, now time.Time) everlatch.Reason {
	if reason := r.refusesFactor(claims, now); reason != "" {
		return reason
	}
	return r.refusesAge(claims, now)
}

func (r Rule) refusesFactor(claims *tokens.Claims, now time.Time) everlatch.Reason {
	required := !r.AllowUnauthenticated
	if r.RequireMFA != nil {
		required = *r.RequireMFA
	}
	if !required || !claims.MFAEnabled {
		return ""
	}
	if claims.MFACompletedAt == nil || *claims.MFACompletedAt == "" {
		return FactorMissing
	}
	if r.MFAMaxAge <= 0 {
		return ""
	}
	completed, err := time.Parse(time.RFC3339, *claims.MFACompletedAt)
	if err != nil || now.Sub(completed) > r.MFAMaxAge {
		return FactorTooOld
	}
	return ""
}

// refusesAge demands a recent sign-in before what cannot be undone: a stolen token or an
// unattended browser is not enough. An unknown time counts as too old.
func (r Rule) refusesAge(claims *tokens.Claims, now time.Time) everlatch.Reason {
	if r.MaxAge <= 0 {
		return ""
	}
	principal, since := claims.Principal(), now.Add(-r.MaxAge)
	if principal.AuthenticatedAt.Before(since) && principal.MFACompletedAt.Before(since) {
		return SignInTooOld
	}
	return ""
}
