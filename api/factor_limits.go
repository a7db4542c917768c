package api

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/limits"
)

func isReason(err error, reasons ...everlatch.Reason) bool {
	e, ok := errors.AsType[*everlatch.Error](err)
	return ok && slices.Contains(reasons, e.Reason)
}

// attemptFactor lets a caller answer for a second factor of their identity, and counts
// how that ends, over all challenges and routes (docs/weak-spots.md#w57). The counter is
// asked before Temporal is. A device that passes becomes known.
func (s *Server) attemptFactor(c echo.Context, identityID string, answer func() error) error {
	if s.deps.Limits == nil {
		return answer()
	}
	account := limits.SecondFactorOf(identityID)
	account.Device = s.devices.Known(deviceToken(c.Request()), account)
	attempt, err := s.deps.Limits.Begin(c.Request().Context(), account, nil)
	if err != nil {
		return s.turnedAway(c, s.limitReached(c, err, netip.Addr{}))
	}
	s.keepDevice(c, account)
	err = answer()
	s.count(c, func(ctx context.Context) error {
		return attempt.End(ctx, err, limits.IsWrongFactor(err), func(ctx context.Context, lock limits.Lock) error {
			p := everlatch.Principal{AuthIdentityID: identityID}
			if claims := callOf(c).auth.Claims(); claims != nil {
				p = claims.Principal()
			}
			return s.deps.Limits.RecordFactorLock(ctx, p, lock)
		})
	})
	return err
}

// liftFactorLock ends the lock of the second factors of an identity whose password was
// just replaced by the reader of its mails.
func (s *Server) liftFactorLock(c echo.Context, provider, key string) {
	if s.deps.Limits == nil {
		return
	}
	s.count(c, func(ctx context.Context) error {
		found, err := s.deps.Store.FindCredential(ctx, provider, key)
		if err != nil || found.Identity.MFAEnabledAt.IsZero() {
			return err
		}
		return s.deps.Limits.LiftFactor(ctx, found.Identity.ID)
	})
}
