package api

import (
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
	// callerIfAny counts requests of a signed-in identity on a route without sign-in.
	callerIfAny bool
	// recipient is the field of the body that gets a mail, "" for none.
	recipient string
}

var signInLimit = limit{op: limits.SignIn, redirect: limits.Redirect, account: true, hashes: true}

type methodPath struct{ method, path string }

// limited are the routes with limits, by method and path. They are checked before
// the vault is written and before Temporal is asked.
var limited = map[methodPath]limit{
	{"GET", "/auth/:actor_type/:auth_provider"}:           signInLimit,
	{"POST", "/auth/:actor_type/:auth_provider"}:          signInLimit,
	{"POST", "/auth/identities/link/:auth_provider"}:      signInLimit,
	{"POST", "/auth/identities/link/passkey"}:             {op: limits.Callback, caller: true},
	{"POST", "/auth/:actor_type/passkey"}:                 {op: limits.Redirect},
	{"POST", "/auth/:actor_type/passkey/callback"}:        {op: limits.Callback},
	{"POST", "/auth/:actor_type/passkey/register"}:        {op: limits.Register},
	{"POST", "/auth/:actor_type/emailcode"}:               {op: limits.Reset, recipient: "email"},
	{"POST", "/auth/:actor_type/emailcode/callback"}:      {op: limits.SignIn}, // the handler counts wrong codes of an account
	{"GET", "/auth/:actor_type/:auth_provider/callback"}:  {op: limits.Callback},
	{"POST", "/auth/:actor_type/:auth_provider/callback"}: {op: limits.Callback},
	// The handler counts the mail, where one is sent.
	{"POST", "/auth/:actor_type/:auth_provider/register"}:         {op: limits.Register, account: true, hashes: true},
	{"POST", "/auth/:actor_type/:auth_provider/register/confirm"}: {op: limits.Token, hashes: true},
	{"POST", "/auth/:actor_type/:auth_provider/reset-password"}:   {op: limits.Reset, recipient: "identifier"},
	{"POST", "/auth/:actor_type/:auth_provider/update"}:           {op: limits.Token, hashes: true},
	{"POST", "/auth/sessions/disown"}:                             {op: limits.Token},
	{"POST", "/auth/token/refresh"}:                               {op: limits.Refresh, caller: true},
	{"POST", "/auth/authorization-codes"}:                         {op: limits.Refresh, caller: true},
	{"POST", "/auth/authorization-codes/exchange"}:                {op: limits.Refresh},
	{"POST", "/auth/mfa/challenges"}:                              {op: limits.SecondFactor, caller: true},
	{"POST", "/auth/mfa/challenges/:id/prompt"}:                   {op: limits.SecondFactor, caller: true},
	{"POST", "/auth/mfa/challenges/:id/verify"}:                   {op: limits.SecondFactor},
	{"POST", "/admin/invites"}:                                    {recipient: "email"},
	{"POST", "/admin/invites/accept"}:                             {op: limits.Token},
	{"POST", "/store/customers/me/email"}:                         {op: limits.EmailChange, caller: true, recipient: "email"},
	{"POST", "/store/customers/me/email/confirm"}:                 {op: limits.Token},
	{"POST", "/store/customers/me/email/undo"}:                    {op: limits.Token},
	{"POST", "/admin/users/me/email"}:                             {op: limits.EmailChange, caller: true, recipient: "email"},
	{"POST", "/admin/users/me/email/confirm"}:                     {op: limits.Token},
	{"POST", "/admin/users/me/email/undo"}:                        {op: limits.Token},
	// The handler counts the mail, once it knows that the address is the caller's own.
	{"POST", "/auth/verification/request"}: {op: limits.Verification, caller: true},
	{"POST", "/auth/verification/confirm"}: {op: limits.Token, callerIfAny: true},
}

// limitedGuards adds the limits of a route to its middlewares: networks and the
// queue before anything else, accounts, callers and recipients after authentication.
func (s *Server) limitedGuards(r route) []echo.MiddlewareFunc {
	guards := s.guards(r)
	l, ok := limited[methodPath{r.method, r.path}]
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
			l := s.limitAt(l, c.Param("auth_provider"))
			addr := s.deps.Limits.Client(c.Request())
			if err := s.deps.Limits.Enter(lookups(c), l.op, addr); err != nil {
				return s.turnedAway(c, s.limitReached(c, err, addr))
			}
			turn, err := s.queue(c, l, addr)
			if err != nil {
				return s.turnedAway(c, err)
			}
			err = next(c)
			refused := refusedCaller(err)
			turn.End(err == nil, refused)
			if refused {
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

// limitAt returns the limit of a route for a provider.
func (s *Server) limitAt(l limit, provider string) limit {
	if l.redirect != "" {
		if _, err := s.deps.Providers.Redirect(provider); err == nil {
			return limit{op: l.redirect}
		}
	}
	l.hashes = l.hashes && !s.slow(provider)
	return l
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
			if l.caller || l.callerIfAny && callOf(c).auth.Claims() != nil {
				claims, err := caller(c)
				if err == nil {
					err = s.deps.Limits.Caller(lookups(c), l.op, claims.AuthIdentityID)
				}
				if err != nil {
					return s.turnedAway(c, s.limitReached(c, err, netip.Addr{}))
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
		return s.turnedAway(c, s.limitReached(c, err, netip.Addr{}))
	}
	return nil
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
