package api

import (
	"cmp"
	"context"
	"errors"
	"net/netip"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/providers"
)

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
	account.Device = s.devices.Known(deviceToken(c.Request()), account)
	callOf(c).knownTo = account.Device != ""
	registers := l.op == limits.Register
	if registers {
		account = limits.RegistrationOf(account)
	}
	attempt, err := s.deps.Limits.Begin(c.Request().Context(), account, callOf(c).turn)
	if err != nil {
		return s.turnedAway(c, s.limitReached(c, err, netip.Addr{}))
	}
	if !registers { // where registrations are neutral, an answer proves nothing
		s.keepDevice(c, account)
	}
	err = next(c)
	s.count(c, func(ctx context.Context) error {
		return attempt.End(ctx, err, refusedAttempt(err, l.op), func(ctx context.Context, lock limits.Lock) error {
			if registers {
				_ = s.limitReached(c, lock.Refusal, netip.Addr{}) //nolint:contextcheck // this request has its answer
				return nil
			}
			return s.deps.Limits.RecordLock(ctx, c.Param("actor_type"), account, lock)
		})
	})
	return err
}

// refusedAttempt reports whether an attempt on an account was refused, and not
// prevented by an outage. Input that no account could have is a refusal when
// a user signs in, because custom providers may say so of a wrong secret, and
// none when a user chooses a password.
func refusedAttempt(err error, op limits.Op) bool {
	if errors.Is(err, context.Canceled) {
		return false // the caller has not seen the answer
	}
	if e, ok := errors.AsType[*everlatch.Error](err); ok && e.Reason == everlatch.ReasonSignInCodeClosed {
		return false // no code was compared, so no stranger can lock the account this way
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
	account.Device = s.devices.Known(deviceToken(c.Request()), account)
	s.count(c, func(ctx context.Context) error { return s.deps.Limits.Lift(ctx, account) })
}
