package api

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/providers"
)

// limit says what is counted about the requests of a route.
type limit struct {
	op limits.Op
	// redirect is counted instead of op where the provider redirects.
	redirect limits.Op
	// account counts attempts on the account that the body names.
	account bool
	// hashes lets a request wait for a password hash before it does anything.
	hashes bool
	// caller counts requests of the signed-in identity.
	caller bool
	// recipient is the field of the body that gets a mail, "" for none.
	recipient string
}

var signInLimit = limit{op: limits.SignIn, redirect: limits.Redirect, account: true, hashes: true}

// limited are the routes with limits, by method and path. They are checked before
// the vault is written and before Temporal is asked.
var limited = map[string]limit{
	"GET /auth/:actor_type/:auth_provider":           signInLimit,
	"POST /auth/:actor_type/:auth_provider":          signInLimit,
	"POST /auth/identities/link/:auth_provider":      signInLimit,
	"GET /auth/:actor_type/:auth_provider/callback":  {op: limits.Callback},
	"POST /auth/:actor_type/:auth_provider/callback": {op: limits.Callback},
	// By network only: of many registrations of one address all but one are refused.
	"POST /auth/:actor_type/:auth_provider/register":       {op: limits.Register, hashes: true},
	"POST /auth/:actor_type/:auth_provider/reset-password": {op: limits.Reset, recipient: "identifier"},
	"POST /auth/:actor_type/:auth_provider/update":         {op: limits.Token, hashes: true},
	"POST /auth/token/refresh":                             {op: limits.Refresh, caller: true},
	"POST /admin/invites":                                  {recipient: "email"},
	"POST /admin/invites/accept":                           {op: limits.Token},
	"POST /store/customers/me/email":                       {op: limits.EmailChange, caller: true, recipient: "email"},
	"POST /store/customers/me/email/confirm":               {op: limits.Token},
	"POST /store/customers/me/email/undo":                  {op: limits.Token},
	"POST /admin/users/me/email":                           {op: limits.EmailChange, caller: true, recipient: "email"},
	"POST /admin/users/me/email/confirm":                   {op: limits.Token},
	"POST /admin/users/me/email/undo":                      {op: limits.Token},
}

// limitedGuards adds the limits of a route to its middlewares: networks and the
// queue before anything else, accounts, callers and recipients after authentication.
func (s *Server) limitedGuards(r route) []echo.MiddlewareFunc {
	guards := s.guards(r)
	l, ok := limited[r.method+" "+r.path]
	if !ok || s.deps.Limits == nil {
		return guards
	}
	out := append([]echo.MiddlewareFunc{s.limitNetwork(l)}, guards...)
	return append(out, s.limitSubject(l))
}

// limitNetwork counts requests by where they come from.
func (s *Server) limitNetwork(l limit) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			l := l
			if _, err := s.deps.Providers.Redirect(c.Param("auth_provider")); l.redirect != "" && err == nil {
				l = limit{op: l.redirect}
			}
			addr := s.deps.Limits.Client(c.Request())
			if err := s.deps.Limits.Enter(lookups(c), l.op, addr); err != nil {
				return s.limitReached(c, err, addr)
			}
			if l.hashes && !s.slow(c.Param("auth_provider")) {
				done, err := s.deps.Limits.Admit(addr)
				if err != nil {
					return err
				}
				defer done()
			}
			err := next(c)
			if refusedCaller(err) {
				s.count(c, func(ctx context.Context) error {
					counted := s.deps.Limits.Refused(ctx, l.op, addr)
					if everlatch.ErrorCode(counted) != everlatch.CodeRateLimited {
						return counted
					}
					_ = s.limitReached(c, counted, addr) //nolint:contextcheck // this request has its answer
					return nil
				})
			}
			return err
		}
	}
}

// slow reports whether a provider asks elsewhere instead of hashing here: one that
// hangs must not fill the queue of those that hash.
func (s *Server) slow(id string) bool {
	provider, err := s.deps.Providers.Credentials(id)
	return err == nil && providers.IsSlow(provider)
}

// limitSubject counts requests by whom they are about.
func (s *Server) limitSubject(l limit) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if l.caller {
				claims, err := caller(c)
				if err == nil {
					err = s.deps.Limits.Caller(lookups(c), l.op, claims.AuthIdentityID)
				}
				if err != nil {
					return s.limitReached(c, err, netip.Addr{})
				}
			}
			if to, _ := Body(c)[l.recipient].(string); l.recipient != "" && to != "" {
				if err := s.limitMail(c, to); err != nil {
					return err
				}
			}
			account, named := s.accountOf(c)
			if !l.account || !named {
				return next(c)
			}
			return s.attempt(c, l, account, next)
		}
	}
}

// limitMail counts a mail to an address.
func (s *Server) limitMail(c echo.Context, to string) error {
	if s.deps.Limits == nil {
		return nil
	}
	if err := s.deps.Limits.SendMail(lookups(c), to); err != nil {
		return s.limitReached(c, err, netip.Addr{})
	}
	return nil
}

// accountOf returns the account that the body of a request names, whether it
// exists or not.
func (s *Server) accountOf(c echo.Context) (limits.Account, bool) {
	id := c.Param("auth_provider")
	provider, err := s.deps.Providers.Credentials(id)
	if err != nil {
		return limits.Account{}, false
	}
	subject, err := provider.Identify(providers.Input{
		Body: Body(c), Query: lastValues(c.QueryParams()), ActorType: c.Param("actor_type"),
	})
	key := cmp.Or(subject.EntityKey, subject.EntityID)
	return limits.Account{Provider: id, Key: key}, err == nil && key != ""
}

// attempt lets a request try an account and counts how that ends.
func (s *Server) attempt(c echo.Context, l limit, account limits.Account, next echo.HandlerFunc) error {
	account.Device = s.devices.Known(deviceToken(c), account)
	attempt, err := s.deps.Limits.Begin(c.Request().Context(), account)
	if err != nil {
		return s.limitReached(c, err, netip.Addr{})
	}
	c.Response().Before(func() { s.keepDevice(c, account) })
	err = next(c)
	s.count(c, func(ctx context.Context) error {
		switch {
		case err == nil:
			return attempt.Succeeded(ctx)
		case !refusedAttempt(err, l.op):
			return attempt.Undecided(ctx)
		}
		lock, failed := attempt.Failed(ctx)
		if failed != nil || !lock.First {
			return failed
		}
		return s.recordLock(ctx, c.Param("actor_type"), account, lock)
	})
	return err
}

// count does the bookkeeping after a request: its caller may have gone, and the
// answer does not depend on it.
func (s *Server) count(c echo.Context, do func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), lookupWithin)
	defer cancel()
	if err := do(ctx); err != nil {
		s.deps.Log.WarnContext(ctx, "a request was not counted", slog.Any("cause", everlatch.Cause(err)))
	}
}

// refusedCaller reports whether an error says that the caller is not who they say,
// or that they went away instead of waiting for that.
func refusedCaller(err error) bool {
	if _, unauthenticated := errors.AsType[*httpauth.RefusalError](err); unauthenticated || errors.Is(err, context.Canceled) {
		return true
	}
	switch everlatch.ErrorCode(err) {
	case everlatch.CodeUnauthorized, everlatch.CodeForbidden, everlatch.CodeNotFound, everlatch.CodeNotAllowed:
		return err != nil
	default:
		return false
	}
}

// refusedAttempt reports whether an attempt on an account was refused, and not
// prevented by an outage. Input that no account could have is a refusal when
// a user signs in, because custom providers may say so of a wrong secret, and
// none when a user chooses a password.
func refusedAttempt(err error, op limits.Op) bool {
	if errors.Is(err, context.Canceled) {
		return false // the caller has not seen the answer
	}
	return refusedCaller(err) || op == limits.SignIn && errors.Is(err, everlatch.ErrInvalidData)
}

// liftLock ends the locks of an account whose owner has just proved to read its
// mails.
func (s *Server) liftLock(c echo.Context, provider, key string) {
	if s.deps.Limits == nil {
		return
	}
	account := limits.Account{Provider: provider, Key: key}
	account.Device = s.devices.Known(deviceToken(c), account)
	s.count(c, func(ctx context.Context) error { return s.deps.Limits.Lift(ctx, account) })
}

// recordLock records the event of a lock, for unknown accounts too: the time of an
// answer must not tell which exist.
func (s *Server) recordLock(ctx context.Context, actorType string, account limits.Account, lock limits.Lock) error {
	found, err := s.deps.Store.FindCredential(ctx, account.Provider, account.Key)
	if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
		return err
	}
	data := everlatch.Metadata{
		"provider": account.Provider, "actor_type": actorType,
		"failures": lock.Failures, "locked_for": int(lock.For.Seconds()),
	}
	if found.Identity.ID != "" {
		data["auth_identity_id"] = found.Identity.ID
	}
	return s.deps.Store.RecordEvent(ctx, everlatch.Event{
		ID: ids.New(ids.Event, s.deps.Now()), Name: everlatch.EventSignInLocked, AuthIdentityID: found.Identity.ID, Data: data,
	})
}

// eventEvery is how often one counter records that it refuses.
const eventEvery = 10 * time.Minute

// limitReached logs and records that a counter has begun to refuse, and returns
// the answer.
func (s *Server) limitReached(c echo.Context, answer error, addr netip.Addr) error {
	var refusal limits.Refusal
	if !errors.As(answer, &refusal) || !refusal.Began {
		return answer
	}
	s.count(c, func(ctx context.Context) error {
		s.deps.Log.InfoContext(ctx, "a limit is reached", slog.String("request", string(refusal.Op)),
			slog.String("scope", string(refusal.Scope)), slog.Duration("wait", refusal.Wait))
		data := everlatch.Metadata{
			"request": string(refusal.Op), "scope": string(refusal.Scope), "retry_after": int(refusal.Wait.Seconds()),
		}
		if network := limits.Network(refusal.Scope, addr); network != "" {
			data["network"] = network
		}
		// The same id in all processes, so that it is recorded once.
		window := strconv.FormatInt(s.deps.Now().Truncate(eventEvery).Unix(), 36)
		return s.deps.Store.RecordEvent(ctx, everlatch.Event{
			ID: ids.Event + refusal.Key + "-" + window, Name: everlatch.EventLimitReached, Data: data,
		})
	})
	return answer
}
