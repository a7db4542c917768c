package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/useragent"
)

// newcomer is how long after the registration the first sign-in belongs to it. An older
// identity without a recorded sign-in has signed in before, and all devices are new.
const newcomer = time.Hour

// recordSignIn records the sign-in that a token was issued for, so that its owner sees
// it, and tells them where it came from a device that isn't known. An identity that
// was removed in this very moment has no sign-ins, and its token isn't accepted.
func (s *Server) recordSignIn(c echo.Context, claims *tokens.Claims) error {
	if waitsForFactor(claims) {
		return nil
	}
	now := s.deps.Now()
	signIn := s.signInOf(c, claims, now, time.Unix(claims.ExpiresAt, 0))
	seen, err := s.deps.Store.SignInsSeen(lookups(c), signIn.AuthIdentityID, signIn.Device, signIn.Network)
	if err == nil {
		var event everlatch.Event
		first := seen.Count == 0 && now.Sub(seen.RegisteredAt) < newcomer
		if !s.knowsDevice(c, signIn) && !seen.Device && !first {
			event = s.newDevice(c, signIn)
		}
		err = s.deps.Store.RecordSignIn(lookups(c), signIn, seen, s.deps.Tokens.AbsoluteEnd(now), event)
	}
	if errors.Is(err, everlatch.ErrNotFound) {
		return nil
	}
	return err
}

// waitsForFactor reports whether a token is good for nothing but a second factor.
func waitsForFactor(claims *tokens.Claims) bool {
	return claims.MFAEnabled && claims.MFACompletedAt == nil
}

// signInOf is the sign-in that a token or session belongs to, in use now.
func (s *Server) signInOf(c echo.Context, claims *tokens.Claims, now, expiresAt time.Time) everlatch.SignIn {
	device, network := s.clientOf(c)
	return everlatch.SignIn{
		ID: claims.SignInID, AuthIdentityID: claims.AuthIdentityID, AuthProvider: claims.AuthProvider,
		ActorType: claims.ActorType, ActorID: claims.ActorID, CredentialVersion: max(claims.CredentialVersion, 1),
		Device: device, Network: network,
		CreatedAt: claims.SignedInAt(), LastUsedAt: now, ExpiresAt: expiresAt,
	}
}

// clientOf describes the client of a request: its device and its network, "" for what
// isn't known.
func (s *Server) clientOf(c echo.Context) (device, network string) {
	addr := limits.Proxies{Hops: s.opts.TrustProxy}.Client(c.Request())
	if s.deps.Limits != nil {
		addr = s.deps.Limits.Client(c.Request())
	}
	if addr.IsValid() {
		network = limits.Network(limits.ScopeNetwork, addr)
	}
	return useragent.Describe(c.Request().UserAgent()), network
}

// knowsDevice reports whether a client has shown that it signed in to the identity
// before, and has it remember that it does now.
func (s *Server) knowsDevice(c echo.Context, signIn everlatch.SignIn) bool {
	if s.deps.Limits == nil {
		return false
	}
	identity := limits.Account{Provider: "identity", Key: signIn.AuthIdentityID}
	known := callOf(c).knownTo || s.devices.Known(deviceToken(c.Request()), identity) != ""
	s.keepDevice(c, identity)
	return known
}

// newDevice tells of a sign-in from a new device. It returns the event to record with
// the sign-in, or none where a flow records it, together with the mail's link. The
// owner is told rather twice than never: the flow starts before the device is known.
func (s *Server) newDevice(c echo.Context, signIn everlatch.SignIn) everlatch.Event {
	if s.opts.NewDeviceMail && callOf(c).direct != flows.DirectTemporalAway {
		err := s.deps.Flows.NoticeSignIn(c.Request().Context(), flows.NewDevice{
			SignIn: signIn, Until: s.deps.Tokens.AbsoluteEnd(s.deps.Now()),
		})
		if err == nil {
			return everlatch.Event{}
		}
		s.deps.Log.WarnContext(c.Request().Context(), "no mail about a new device", slog.String("sign_in", signIn.ID),
			slog.Any("cause", everlatch.Cause(err)))
	}
	now := s.deps.Now()
	return everlatch.Event{
		ID: ids.New(ids.Event, now), Name: everlatch.EventSignInFromNewDevice, AuthIdentityID: signIn.AuthIdentityID,
		Data: signIn.EventData(), CreatedAt: now, ReleasedAt: &now,
	}
}

// touchSignIn records that a sign-in is in use. That this fails is no reason to refuse
// a request: the next one records it.
func (s *Server) touchSignIn(ctx context.Context, c echo.Context, claims *tokens.Claims, expiresAt time.Time) {
	if waitsForFactor(claims) {
		return
	}
	now := s.deps.Now()
	err := s.deps.Store.TouchSignIn(ctx, s.signInOf(c, claims, now, expiresAt), s.deps.Tokens.AbsoluteEnd(now))
	if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
		s.deps.Log.WarnContext(ctx, "use of a sign-in not recorded", slog.String("sign_in", claims.SignInID),
			slog.Any("cause", everlatch.Cause(err)))
	}
}
