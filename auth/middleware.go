package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/admission"
	"github.com/everlatch/everlatch/internal/tokens"
)

// Claims are what a token says about its bearer (docs/contract.md#s4-2).
type Claims = tokens.Claims

// AnyActor permits every actor type.
const AnyActor = admission.AnyActor

// Verifier tells whose token it is. [JWKS] and [Introspection] are verifiers.
type Verifier interface {
	// Verify returns the claims of an access token. One that is invalid is
	// [everlatch.CodeUnauthorized]; [everlatch.CodeUnavailable] is an outage.
	Verify(ctx context.Context, token string) (Claims, error)
}

// Options say which callers pass; they mean what those of api.Authenticate do.
type Options struct {
	// ActorTypes are the actor types that pass; [AnyActor] permits all.
	ActorTypes []string
	// AllowUnregistered accepts an identity that has no actor yet.
	AllowUnregistered bool
	// AllowUnauthenticated accepts every request; [ClaimsFrom] says who sent it.
	AllowUnauthenticated bool
	// RequireMFA demands a completed second factor of an identity that has one; nil means
	// unless AllowUnauthenticated.
	RequireMFA *bool
	// MFAMaxAge limits the age of the completed second factor; 0 = no limit.
	MFAMaxAge time.Duration
	// MaxAge limits the age of the last sign-in or second factor; 0 = no limit.
	MaxAge time.Duration
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// OnRefusal answers a request that does not pass; nil answers as Everlatch does, 401
	// or 503 with a message as JSON.
	OnRefusal func(w http.ResponseWriter, r *http.Request, err error)
}

// Require returns a middleware for net/http that accepts requests with the bearer token
// of a permitted caller. It fits chi as it is, and Echo by echo.WrapMiddleware.
func Require(v Verifier, o Options) func(http.Handler) http.Handler {
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of a middleware in another program
	}
	if o.OnRefusal == nil {
		o.OnRefusal = answerRefusal
	}
	rule := admission.Rule{
		ActorTypes: o.ActorTypes, AllowUnregistered: o.AllowUnregistered, AllowUnauthenticated: o.AllowUnauthenticated,
		RequireMFA: o.RequireMFA, MFAMaxAge: o.MFAMaxAge, MaxAge: o.MaxAge,
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			claims, err := admit(r, v, rule, o.Now())
			if err != nil {
				o.OnRefusal(w, r, err)
				return
			}
			if claims != nil {
				r = r.WithContext(context.WithValue(r.Context(), claimsKey{}, *claims))
			}
			next.ServeHTTP(w, r)
		})
	}
}

// admit returns the caller of a request, nil for a request without one that passes.
func admit(r *http.Request, v Verifier, rule admission.Rule, now time.Time) (*Claims, error) {
	token := bearer(r)
	if token == "" {
		if rule.AllowUnauthenticated {
			return nil, nil //nolint:nilnil // no caller is what was asked for
		}
		return nil, unauthorized(admission.Unauthenticated)
	}
	claims, err := v.Verify(r.Context(), token)
	if rule.AllowUnauthenticated && errors.Is(err, everlatch.ErrUnauthorized) {
		return nil, nil //nolint:nilnil // as without a token
	}
	if err != nil {
		return nil, err
	}
	if !rule.Permits(claims.ActorType) {
		if rule.AllowUnauthenticated {
			return nil, nil //nolint:nilnil // as the API does: not a caller of this route
		}
		return nil, unauthorized(admission.Unauthenticated)
	}
	if reason := rule.Refuses(&claims, now); reason != "" {
		return nil, unauthorized(reason)
	}
	if claims.ActorID == "" && !rule.AllowUnregistered {
		if rule.AllowUnauthenticated {
			return nil, nil //nolint:nilnil // see above
		}
		return nil, unauthorized(admission.Unauthenticated)
	}
	return &claims, nil
}

func unauthorized(reason everlatch.Reason) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: reason, Message: sentences[string(reason)]}
}

// sentences are the messages of the API, for clients that read them.
var sentences = map[string]string{
	string(admission.Unauthenticated): "Unauthorized",
	string(admission.FactorMissing):   "MFA verification is required to complete this request",
	string(admission.FactorTooOld):    "MFA was verified too long ago to complete this request",
	string(admission.SignInTooOld):    "This request needs a recent sign-in. Sign in again and repeat it.",
}

// bearer returns the token of a request, "" for none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || strings.ContainsAny(token, " \t") {
		return ""
	}
	return token
}

type claimsKey struct{}

// ClaimsFrom returns the caller that [Require] identified. ok is false for a request
// that is not authenticated.
func ClaimsFrom(ctx context.Context) (claims Claims, ok bool) {
	claims, ok = ctx.Value(claimsKey{}).(Claims)
	return claims, ok
}

// answerRefusal answers as the API does: without a type, as its own middleware.
func answerRefusal(w http.ResponseWriter, _ *http.Request, err error) {
	status, message := http.StatusUnauthorized, sentences[string(admission.Unauthenticated)]
	e, ok := errors.AsType[*everlatch.Error](err)
	switch {
	case ok && e.Code == everlatch.CodeUnauthorized && e.Message != "":
		message = e.Message
	case !ok || e.Code != everlatch.CodeUnauthorized:
		status, message = http.StatusServiceUnavailable, "The service is not available. Try again shortly."
		w.Header().Set("Retry-After", "2")
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message}) //nolint:errchkjson // the client has gone
}
